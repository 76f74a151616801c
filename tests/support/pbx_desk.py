"""A PBX port at work: calls go out of it, and what it posts is kept call by call."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from twisted.internet.defer import Deferred

from core.model import Server, Simulation, Trunk
from core.ports import Pbx
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    DialEnded,
    Event,
    HungUp,
    Originated,
    OriginateRefused,
    Report,
    Reported,
    Signalled,
)
from core.rules.causes import Evidence
from core.rules.dialstring import render_channel
from tests.support.ami_server import Waiting

#: Tells the calls of this test process from those of any other.
SESSION = f"{random.SystemRandom().getrandbits(32):08x}"
_ids = count(1)


class UtcClock:
    """The time of day."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(kw_only=True)
class PbxDesk:
    """`pbx` posts to `posted.add`. Numbers go out by `dial_string`."""

    server: Server
    pbx: Pbx
    posted: Waiting = field(default_factory=Waiting)
    dial_string: str = "PJSIP/${num}@carrier"

    def make_id(self) -> str:
        """A channel id that nobody has."""
        return f"wb-{SESSION}-{next(_ids):012}"

    def dial(
        self,
        number: str,
        *,
        simulation: Simulation | None = None,
        dial_string: str = "",
        extension: str = "s",
        timeout_ms: int = 20_000,
        variables: tuple[tuple[str, str], ...] = (),
        channel_id: str = "",
        caller_id: str = "",
        endpoint_caller_id: str = "",
    ) -> str:
        """Ask for a call; its channel id, made up unless given. `simulation` matters to the
        simulated PBX alone."""
        dial_string = dial_string or self.dial_string
        attempt_id = next(_ids)
        channel_id = channel_id or self.make_id()
        self.pbx.originate(
            Originate(
                attempt_id=attempt_id,
                server_id=self.server.id,
                trunk=Trunk(
                    server_id=self.server.id,
                    name="trunk",
                    dial_string=dial_string,
                    simulation=simulation,
                ),
                channel_id=channel_id,
                channel=render_channel(dial_string, number),
                extension=extension,
                context="message",
                answer_timeout_ms=timeout_ms,
                caller_id=caller_id,
                endpoint_caller_id=endpoint_caller_id,
                variables=variables,
            )
        )
        return channel_id

    def hang_up(self, channel_id: str) -> None:
        self.pbx.hang_up(HangUp(server_id=self.server.id, channel_id=channel_id))

    def events(self, channel_id: str) -> list[Event]:
        """All that was posted of this call, in order."""
        return [event for event in self.posted.seen if _is_of(event, channel_id)]

    def reports(self, channel_id: str) -> list[tuple[Report, str, str]]:
        """(report, name, value) of all that the dialplan said of this call, in order."""
        said = [event for event in self.posted.seen if isinstance(event, Reported)]
        return [(e.report, e.name, e.value) for e in said if channel_id in e.call_ids]

    def until(self, channel_id: str, kind: type[Event]) -> Deferred[Event]:
        """The event of this kind of this call, once it is there."""
        return self.posted.until(lambda e: isinstance(e, kind) and _is_of(e, channel_id))

    async def until_over(self, channel_id: str) -> list[Event]:
        """Everything of this call, once it was both judged and hung up."""
        await self.until(channel_id, Originated)
        await self.until(channel_id, HungUp)
        return self.events(channel_id)


def _is_of(event: Event, channel_id: str) -> bool:
    return getattr(event, "channel_id", "") == channel_id


def evidence_of(events: list[Event]) -> Evidence:
    """What the events of a call that is over say of it, in whatever order they came."""
    found: dict[str, object] = {}
    for event in events:
        match event:
            case Signalled():
                found["is_alive"] = True
            case DialEnded(status=status):
                found["dial_status"] = status
            case Originated(is_answered=is_answered, reason=reason):
                found |= {"is_answered": is_answered, "reason": reason}
            case HungUp(cause=cause, tech_cause=tech_cause):
                found |= {"cause": cause, "tech_cause": tech_cause}
            case OriginateRefused():
                raise AssertionError(f"refused: {event.reason}")
    return Evidence(**found)  # type: ignore[arg-type]  # each key is a field set with its type
