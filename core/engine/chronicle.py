"""What an operator wants to read at three in the morning: what goes, comes and changes.

It is written to the process's log, and noted for the system log, which people read later.
"""

import logging
from collections.abc import Callable

from core.dialer.live import Live
from core.ports.commands import Command, RunProgressed
from core.ports.events import (
    DatabaseDown,
    DatabaseUp,
    Event,
    ServerDown,
    ServerUp,
    Starting,
    Stopping,
)
from core.rules.states import RunState

log = logging.getLogger(__name__)

#: Takes an action, what it is of, and the rest in words.
Note = Callable[[str, str, str], None]
#: A run goes in and out of these as numbers come: too often for the system log.
_PASSING = frozenset({RunState.RUNNING, RunState.IDLE})


class Chronicle:
    """Writes a log line for each change of state, and none for what stays the same."""

    def __init__(self, live: Live, note: Note) -> None:
        self._live = live
        self._note = note
        self._states: dict[int, RunState] = {}

    def note_event(self, event: Event) -> None:
        match event:
            case ServerUp():
                calls = len(event.live_channels)
                log.info("server %s is up, with %d channels", self._name(event), calls)
                self._note("server.up", self._name(event), f"{calls} channels")
                if self._is_restart(event):
                    log.warning("server %s restarted: its calls are gone", self._name(event))
                    self._note("server.restarted", self._name(event), "its calls are gone")
            case ServerDown():
                level = logging.INFO if event.is_left else logging.WARNING
                log.log(level, "server %s is down: %s", self._name(event), event.reason)
                self._note("server.down", self._name(event), event.reason)
            case DatabaseDown():
                log.error("database away, no new call is placed: %s", event.reason)
                self._note("database.down", "", event.reason)
            case DatabaseUp():
                log.warning("the database is back")
                self._note("database.up", "", "")
            case Stopping():
                log.info("no more calls are placed")
                self._note("dialer.held", "", "no more calls are placed")
            case Starting():
                log.info("calls are placed again")
                self._note("dialer.released", "", "calls are placed again")

    def note_command(self, command: Command) -> None:
        if not isinstance(command, RunProgressed):
            return
        before = self._states.get(command.run_id)
        if before is command.state:
            return
        self._states[command.run_id] = command.state
        campaign = self._live.runs[command.run_id].campaign.name
        if before is None or not {before, command.state} <= _PASSING:
            counts = f"{command.attempted} calls placed, {command.completed} records done"
            detail = f"run {command.run_id}: {counts}"
            self._note(f"run.{command.state.lower()}", campaign, detail)
        log.info(
            "run %d of %s is %s: %d calls placed, %d records done",
            command.run_id,
            campaign,
            command.state,
            command.attempted,
            command.completed,
        )

    def _is_restart(self, event: ServerUp) -> bool:
        """Did the PBX start since it was last up? A reload of its configuration is no start."""
        known = self._live.servers.get(event.server_id)
        if known is None or known.started_at is None or event.started_at is None:
            return False
        return event.started_at > known.started_at

    def _name(self, event: ServerUp | ServerDown) -> str:
        known = self._live.servers.get(event.server_id)
        return known.server.name if known else str(event.server_id)
