"""The simulated PBX: no telephone rings, but the dialer sees what a real one would show it.

Source: manual 25.02, "What is a Fake AMI server?". What becomes of a call is drawn from its
trunk's `Simulation`; the events, causes and codes of each outcome are those that Asterisk 22
gives for a PJSIP trunk, as `tests/contract` proves on both. It reports neither user events nor
queues, and forgets its calls when it stops.
"""

import random
from dataclasses import dataclass
from itertools import accumulate

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from core.errors import InvalidValue
from core.model import Server, Simulation, Trunk
from core.ports import Clock, Post
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    DialEnded,
    Dialling,
    DialSignal,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    PbxEvent,
    ServerUp,
    Signalled,
    Transferred,
)
from core.rules.simulation import Outcome, check_simulation

_AS_IN_THE_MANUAL = Simulation()
_NORMAL_CLEARING = 16
_NO_ANSWER = 19


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    """How a carrier refuses: DialEnd's status, Hangup's cause and technical cause."""

    status: str
    cause: int
    tech_cause: str


_REFUSALS = {
    Outcome.BUSY: _Refusal(status="BUSY", cause=17, tech_cause="SIP 486"),
    Outcome.CONGESTION: _Refusal(status="CONGESTION", cause=34, tech_cause="SIP 503"),
    Outcome.NUMBER: _Refusal(status="NOANSWER", cause=1, tech_cause="SIP 404"),
    Outcome.REJECTED: _Refusal(status="NOANSWER", cause=21, tech_cause="SIP 603"),
}


_ANSWERS = frozenset({Outcome.ANSWERED, Outcome.TRANSFERRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What will become of a call: `outcome` after `ring_s`, and `talk_s` of talk."""

    outcome: Outcome
    ring_s: float
    talk_s: float


@dataclass(kw_only=True, slots=True)
class _Call:
    """A call that is up, and its next step."""

    plan: _Plan
    timer: IDelayedCall
    is_answered: bool = False


class _Dice:
    """What decides the calls of a trunk, by its simulation; InvalidValue if that is wrong."""

    def __init__(self, simulation: Simulation) -> None:
        check_simulation(simulation.outcomes, simulation.ring_s, simulation.talk_s)
        self.simulation = simulation
        self._outcomes = [Outcome(name) for name in simulation.outcomes]
        self._weights = list(accumulate(simulation.outcomes.values()))

    def throw(self, rng: random.Random) -> _Plan:
        return _Plan(
            outcome=rng.choices(self._outcomes, cum_weights=self._weights)[0],
            ring_s=rng.uniform(*self.simulation.ring_s),
            talk_s=rng.uniform(*self.simulation.talk_s),
        )


class SimulatedPbx:
    """A `core.ports.Pbx` without a PBX. All chance comes from `rng`, all time from `clock`;
    `now` only dates its start. Each call costs one pending timer at a time."""

    def __init__(
        self, server: Server, post: Post, clock: IReactorTime, rng: random.Random, now: Clock
    ) -> None:
        self._server = server
        self._post = post
        self._clock = clock
        self._rng = rng
        self._now = now
        self._is_up = False
        self._starting: IDelayedCall | None = None
        self._calls: dict[str, _Call] = {}
        self._dice: dict[int, _Dice] = {}

    def start(self) -> None:
        """Take calls as soon as the reactor turns."""
        self._starting = self._clock.callLater(0, self._come_up)

    def stop(self) -> Deferred[None]:
        """Take no more calls, and forget those that are up."""
        timers = [call.timer for call in self._calls.values()]
        if self._starting is not None and self._starting.active():
            timers.append(self._starting)
        for timer in timers:
            timer.cancel()
        self._calls.clear()
        self._is_up = False
        return succeed(None)

    def originate(self, command: Originate) -> None:
        """Place a simulated call; a wrong simulation or answer timeout refuses it unsent."""
        if reason := self._why_not(command):
            self._post(
                OriginateRefused(
                    server_id=self._server.id,
                    channel_id=command.channel_id,
                    was_sent=False,
                    reason=reason,
                    is_final=self._is_up,
                )
            )
            return
        self._report(OriginateSent(server_id=self._server.id, channel_id=command.channel_id))
        if command.channel_id in self._calls:
            # As Asterisk does with a ChannelId that is taken: the live call goes on.
            self._report(self._judgement(command.channel_id, 0))
        else:
            plan = self._dice_of(command.trunk).throw(self._rng)
            timer = self._clock.callLater(0, self._dial, command)
            self._calls[command.channel_id] = _Call(plan=plan, timer=timer)

    def hang_up(self, command: HangUp) -> None:
        """End the call as soon as the reactor turns; a call that is not up is left alone."""
        self._clock.callLater(0, self._cut_off, command.channel_id)

    def _why_not(self, command: Originate) -> str:
        if not self._is_up:
            return f"server {self._server.name} is down"
        if command.answer_timeout_ms <= 0:
            return f'answer timeout "{command.answer_timeout_ms}": it is above 0 ms'
        try:
            self._dice_of(command.trunk)
        except InvalidValue as wrong:
            return f"trunk {command.trunk.name}: {wrong}"
        return ""

    def _dice_of(self, trunk: Trunk) -> _Dice:
        """InvalidValue if the trunk's simulation is wrong. Dice are kept until it is changed."""
        simulation, kept = trunk.simulation or _AS_IN_THE_MANUAL, self._dice.get(trunk.id)
        if kept is None or kept.simulation is not simulation:
            kept = self._dice[trunk.id] = _Dice(simulation)
        return kept

    def _come_up(self) -> None:
        self._is_up = True
        self._report(
            ServerUp(
                server_id=self._server.id,
                started_at=self._now.now(),
                live_channels=frozenset(),
            )
        )

    def _dial(self, command: Originate) -> None:
        channel_id, call = command.channel_id, self._calls[command.channel_id]
        self._report(
            Dialling(server_id=self._server.id, channel_id=channel_id, channel=command.channel)
        )
        outcome, timeout_s = call.plan.outcome, command.answer_timeout_ms / 1000
        if outcome in _REFUSALS:
            self._refuse(channel_id, _REFUSALS[outcome])
            return
        if outcome is not Outcome.SILENT:
            self._report(
                Signalled(
                    server_id=self._server.id, channel_id=channel_id, signal=DialSignal.RINGING
                )
            )
        if outcome in _ANSWERS and call.plan.ring_s < timeout_s:
            call.timer = self._clock.callLater(call.plan.ring_s, self._answer, channel_id)
        else:
            call.timer = self._clock.callLater(timeout_s, self._give_up, channel_id)

    def _refuse(self, channel_id: str, refusal: _Refusal) -> None:
        self._report(
            self._dial_end(channel_id, refusal.status),
            self._judgement(channel_id, 0),
        )
        self._close(channel_id, refusal.cause, refusal.tech_cause)

    def _give_up(self, channel_id: str) -> None:
        self._report(self._judgement(channel_id, 3))
        self._close(channel_id, _NO_ANSWER, "SIP 480")

    def _answer(self, channel_id: str) -> None:
        call = self._calls[channel_id]
        call.is_answered = True
        self._report(self._dial_end(channel_id, "ANSWER"), self._judgement(channel_id, 4))
        if call.plan.outcome is Outcome.TRANSFERRED:
            call.timer = self._clock.callLater(call.plan.talk_s / 2, self._transfer, channel_id)
        else:
            self._talk(channel_id, call.plan.talk_s)

    def _transfer(self, channel_id: str) -> None:
        self._report(Transferred(server_id=self._server.id, channel_id=channel_id))
        self._talk(channel_id, self._calls[channel_id].plan.talk_s / 2)

    def _talk(self, channel_id: str, seconds: float) -> None:
        end = self._clock.callLater(seconds, self._close, channel_id, _NORMAL_CLEARING)
        self._calls[channel_id].timer = end

    def _cut_off(self, channel_id: str) -> None:
        if (call := self._calls.get(channel_id)) is None:
            return
        call.timer.cancel()
        if not call.is_answered:
            self._report(self._dial_end(channel_id, "NOANSWER"), self._judgement(channel_id, 0))
        self._close(channel_id, _NORMAL_CLEARING)

    def _close(self, channel_id: str, cause: int, tech_cause: str = "") -> None:
        del self._calls[channel_id]
        self._report(
            HungUp(
                server_id=self._server.id,
                channel_id=channel_id,
                cause=cause,
                tech_cause=tech_cause,
            )
        )

    def _dial_end(self, channel_id: str, status: str) -> DialEnded:
        return DialEnded(server_id=self._server.id, channel_id=channel_id, status=status)

    def _judgement(self, channel_id: str, reason: int) -> Originated:
        return Originated(
            server_id=self._server.id,
            channel_id=channel_id,
            is_answered=reason == 4,
            reason=reason,
        )

    def _report(self, *events: PbxEvent) -> None:
        for event in events:
            self._post(event)
