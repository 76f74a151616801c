"""The Pbx port on a real Asterisk.

It decides nothing about calls: commands become actions, packets become events. An Originate
leaves at most once, in its turn, and what became of it after the connection broke is for the
inventory of the next `ServerUp` to say.
"""

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ami.greeting import Inventory, Limits
from ami.link import Link
from ami.throttle import Budget, Lane, Throttle
from ami.translate import (
    OURS,
    SHUTTING_DOWN,
    channel_of,
    render_hang_up,
    render_originate,
    translate,
)
from core.errors import InvalidValue
from core.model import Server
from core.ports import Clock, Post
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    ChannelsListed,
    Dialling,
    Event,
    Originated,
    OriginateRefused,
    OriginateSent,
    ServerDown,
    ServerUp,
)
from core.rules.congestion import Window, adapt

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _Flight:
    """The Originates on their way: `queued` still wait for the throttle, `sent` (with the
    time) have left without a first sign since."""

    window: Window = field(default_factory=Window)
    queued: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)


class AmiPbx:
    """One Asterisk. `timer` is the reactor's clock for delays, `clock` tells the time of day.

    All methods and all posting are in the reactor's thread.
    """

    def __init__(
        self,
        server: Server,
        post: Post,
        clock: Clock,
        *,
        timer: IReactorTime,
        rng: random.Random,
        limits: Limits | None = None,
    ) -> None:
        self._server = server
        self._post = post
        self._timer = timer
        self._limits = limits or Limits()
        self._down: str | None = "it is not connected yet"
        self._flight = _Flight()
        self._throttle = Throttle(
            timer,
            Budget(limit=server.messages_per_unit, unit_s=server.unit_ms / 1000),
            self._has_room,
        )
        self._link = Link(
            server,
            clock=clock,
            timer=timer,
            rng=rng,
            limits=self._limits,
            throttle=self._throttle,
            receive=self._receive,
            say_up=self._up,
            say_down=self._lost,
            say_tick=self._forget_unanswered,
            say_channels=self._listed,
        )

    def start(self) -> None:
        """Begin to connect, and go on for ever."""
        self._link.start()

    def originate(self, command: Originate) -> None:
        """Send it in its turn, or post why it cannot be sent."""
        if self._down is not None:
            self._refuse(command.channel_id, self._down_text())
            return
        if command.channel_id in self._flight.queued or command.channel_id in self._flight.sent:
            _log.error(
                "server %s, call %s: asked for twice, placed once",
                self._server.name,
                command.channel_id,
            )
            return
        try:
            data = render_originate(command)
        except InvalidValue as error:
            self._refuse(command.channel_id, str(error), is_final=True)
            return
        self._flight.queued[command.channel_id] = data
        self._throttle.push(Lane.ORIGINATE, self._send_next_originate)

    def hang_up(self, command: HangUp) -> None:
        """End the call, or take it back if it has not left yet."""
        if self._down is not None:
            return
        if self._flight.queued.pop(command.channel_id, None) is not None:
            self._throttle.take_back(Lane.ORIGINATE)
            self._refuse(command.channel_id, "it was hung up before it was sent")
            return
        try:
            data = render_hang_up(command)
        except InvalidValue as error:
            _log.warning("server %s: cannot hang up: %s", self._server.name, error)
            return
        self._throttle.push(Lane.HANG_UP, partial(self._link.write, data))

    def stop(self) -> Deferred[None]:
        """Leave; calls that are up stay up, those that have not left never do."""
        self._lost("it is being left", is_left=True)
        self._throttle.stop()
        return self._link.stop()

    def _has_room(self) -> bool:
        return self._flight.window.has_room(len(self._flight.sent))

    def _send_next_originate(self) -> None:
        channel_id = next(iter(self._flight.queued))
        data = self._flight.queued.pop(channel_id)
        self._flight.sent[channel_id] = self._timer.seconds()
        self._link.write(data)
        self._post(OriginateSent(server_id=self._server.id, channel_id=channel_id))

    def _up(self, inventory: Inventory) -> None:
        self._down = None
        self._post(
            ServerUp(
                server_id=self._server.id,
                started_at=inventory.started_at,
                live_channels=inventory.live_channels,
                answered_channels=inventory.answered_channels,
            )
        )

    def _listed(self, asked_at: datetime, channels: frozenset[str]) -> None:
        ours = frozenset(name for name in channels if name.startswith(OURS.decode()))
        self._post(ChannelsListed(server_id=self._server.id, asked_at=asked_at, live_channels=ours))

    def _lost(self, reason: str, *, is_left: bool = False) -> None:
        """What has not left is refused; what has is neither refused nor remembered."""
        if self._down == reason:
            return
        self._down = reason
        unsent, self._flight = self._flight.queued, _Flight()
        self._throttle.clear(Lane.ORIGINATE)
        for channel_id in unsent:
            self._refuse(channel_id, self._down_text())
        self._post(ServerDown(server_id=self._server.id, reason=reason, is_left=is_left))

    def _hold(self) -> None:
        """The PBX is being stopped: nothing more is sent, but what it still says is heard."""
        if self._down is None:
            self._lost(SHUTTING_DOWN)
            self._timer.callLater(self._limits.stopping_s, self._look_again)

    def _look_again(self) -> None:
        if self._down == SHUTTING_DOWN:
            self._link.drop(SHUTTING_DOWN)

    def _down_text(self) -> str:
        return f"server {self._server.name} is down: {self._down}"

    def _refuse(self, channel_id: str, reason: str, *, is_final: bool = False) -> None:
        self._post(
            OriginateRefused(
                server_id=self._server.id,
                channel_id=channel_id,
                was_sent=False,
                reason=reason,
                is_final=is_final,
            )
        )

    def _receive(self, packet: bytes) -> None:
        """The border: whatever one packet brings, the next one is read."""
        try:
            for event in translate(self._server.id, packet):
                self._note(event)
                self._post(event)
                if isinstance(event, OriginateRefused) and event.reason == SHUTTING_DOWN:
                    self._hold()
        except Exception:
            _log.exception(
                "server %s, call %s: a packet could not be handled",
                self._server.name,
                channel_of(packet),
            )

    def _note(self, event: Event) -> None:
        """The first sign of an Originate makes room for the next, and says how fast it came."""
        if not isinstance(event, Dialling | Originated | OriginateRefused):
            return
        sent_at_s = self._flight.sent.get(event.channel_id)
        if sent_at_s is not None:
            self._settle(event.channel_id, sent_at_s)
            self._throttle.pump()

    def _settle(self, channel_id: str, sent_at_s: float) -> None:
        now_s = self._timer.seconds()
        flight = self._flight
        flight.window = adapt(
            flight.window,
            latency_s=now_s - sent_at_s,
            outstanding=len(flight.sent),
            at_s=now_s,
        )
        del flight.sent[channel_id]

    def _forget_unanswered(self) -> None:
        """Nobody knows what became of these: nothing is posted, the dialer's limit decides."""
        oldest_s = self._timer.seconds() - self._limits.originate_s
        silent = [entry for entry in self._flight.sent.items() if entry[1] <= oldest_s]
        for channel_id, sent_at_s in silent:
            _log.warning("server %s, call %s: no answer at all", self._server.name, channel_id)
            self._settle(channel_id, sent_at_s)
        if silent:
            self._throttle.pump()
