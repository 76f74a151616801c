"""The simulated PBX, on a clock that the tests move."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from twisted.internet.task import Clock

from ami.simulated import SimulatedPbx
from core.model import Server, Simulation, Trunk
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    DialEnded,
    Dialling,
    DialSignal,
    Event,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    ServerUp,
    Signalled,
    Transferred,
)

SERVER = Server(id=7, name="fake")
STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FixedTime:
    def now(self) -> datetime:
        return STARTED


class Desk:
    """A simulated PBX and what it posted so far."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = Clock()
        self.posted: list[Event] = []
        self.pbx = SimulatedPbx(
            SERVER, self.posted.append, self.clock, random.Random(seed), FixedTime()
        )

    def up(self) -> "Desk":
        self.pbx.start()
        self.clock.advance(0)
        self.posted.clear()
        return self

    def news(self, seconds: float = 0) -> list[Event]:
        """What it posts within `seconds`, and forgets."""
        self.clock.advance(seconds)
        posted = list(self.posted)
        self.posted.clear()
        return posted

    def dial(
        self,
        outcome: str | None = None,
        *,
        channel_id: str = "wb-1",
        ring_s: float = 2,
        talk_s: float = 5,
        timeout_ms: int = 10_000,
        simulation: Simulation | None = None,
    ) -> None:
        if outcome is not None:
            simulation = Simulation(
                outcomes={outcome: 1}, ring_s=(ring_s, ring_s), talk_s=(talk_s, talk_s)
            )
        self.pbx.originate(
            Originate(
                attempt_id=1,
                server_id=7,
                trunk=Trunk(server_id=7, name="t", dial_string="Sim/${num}", simulation=simulation),
                channel_id=channel_id,
                channel="Sim/123",
                extension="s",
                context="message",
                answer_timeout_ms=timeout_ms,
            )
        )

    def hang_up(self, channel_id: str = "wb-1") -> None:
        self.pbx.hang_up(HangUp(server_id=7, channel_id=channel_id))


def sent(channel_id: str = "wb-1") -> Event:
    return OriginateSent(server_id=7, channel_id=channel_id)


def dialling(channel_id: str = "wb-1") -> Event:
    return Dialling(server_id=7, channel_id=channel_id, channel="Sim/123")


def ringing(channel_id: str = "wb-1") -> Event:
    return Signalled(server_id=7, channel_id=channel_id, signal=DialSignal.RINGING)


def ended(status: str, channel_id: str = "wb-1") -> Event:
    return DialEnded(server_id=7, channel_id=channel_id, status=status)


def judged(reason: int, channel_id: str = "wb-1") -> Event:
    return Originated(server_id=7, channel_id=channel_id, is_answered=reason == 4, reason=reason)


def hung_up(cause: int, tech_cause: str = "", channel_id: str = "wb-1") -> Event:
    return HungUp(server_id=7, channel_id=channel_id, cause=cause, tech_cause=tech_cause)


def test_it_comes_up_with_no_calls() -> None:
    desk = Desk()
    desk.pbx.start()
    assert desk.posted == []
    assert desk.news() == [ServerUp(server_id=7, started_at=STARTED, live_channels=frozenset())]


def test_an_answered_call_rings_talks_and_hangs_up_in_its_time() -> None:
    desk = Desk().up()
    desk.dial("answered", ring_s=2, talk_s=5)
    assert desk.posted == [sent()]
    assert desk.news() == [sent(), dialling(), ringing()]
    assert desk.news(1.9) == []
    assert desk.news(0.1) == [ended("ANSWER"), judged(4)]
    assert desk.news(4.9) == []
    assert desk.news(0.1) == [hung_up(16)]
    assert desk.clock.getDelayedCalls() == []


def test_a_transferred_call_talks_as_long_after_its_transfer_as_before() -> None:
    desk = Desk().up()
    desk.dial("transferred", ring_s=2, talk_s=6)
    assert desk.news() == [sent(), dialling(), ringing()]
    assert desk.news(2) == [ended("ANSWER"), judged(4)]
    assert desk.news(2.9) == []
    assert desk.news(0.1) == [Transferred(server_id=7, channel_id="wb-1")]
    assert desk.news(2.9) == []
    assert desk.news(0.1) == [hung_up(16)]
    assert desk.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("outcome", "status", "cause", "tech_cause"),
    [
        ("busy", "BUSY", 17, "SIP 486"),
        ("congestion", "CONGESTION", 34, "SIP 503"),
        ("number", "NOANSWER", 1, "SIP 404"),
        ("rejected", "NOANSWER", 21, "SIP 603"),
    ],
)
def test_a_refused_call_ends_at_once_without_ringing(
    outcome: str, status: str, cause: int, tech_cause: str
) -> None:
    desk = Desk().up()
    desk.dial(outcome)
    assert desk.news() == [sent(), dialling(), ended(status), judged(0), hung_up(cause, tech_cause)]
    assert desk.clock.getDelayedCalls() == []


def test_no_answer_rings_until_the_answer_timeout() -> None:
    desk = Desk().up()
    desk.dial("noanswer", timeout_ms=8_000)
    assert desk.news() == [sent(), dialling(), ringing()]
    assert desk.news(7.9) == []
    assert desk.news(0.1) == [judged(3), hung_up(19, "SIP 480")]


def test_silence_gives_no_sign_until_the_answer_timeout() -> None:
    desk = Desk().up()
    desk.dial("silent", timeout_ms=8_000)
    assert desk.news() == [sent(), dialling()]
    assert desk.news(7.9) == []
    assert desk.news(0.1) == [judged(3), hung_up(19, "SIP 480")]


def test_who_would_answer_after_the_answer_timeout_does_not() -> None:
    desk = Desk().up()
    desk.dial("answered", ring_s=3, timeout_ms=2_000)
    assert desk.news() == [sent(), dialling(), ringing()]
    assert desk.news(2) == [judged(3), hung_up(19, "SIP 480")]


def test_hanging_up_a_ringing_call_ends_it_unanswered() -> None:
    desk = Desk().up()
    desk.dial("noanswer")
    desk.news()
    desk.hang_up()
    assert desk.news() == [ended("NOANSWER"), judged(0), hung_up(16)]
    assert desk.clock.getDelayedCalls() == []


def test_hanging_up_an_answered_call_ends_it_at_once() -> None:
    desk = Desk().up()
    desk.dial("answered", ring_s=2, talk_s=500)
    desk.news()
    assert desk.news(2)[-1] == judged(4)
    desk.hang_up()
    assert desk.news() == [hung_up(16)]
    assert desk.clock.getDelayedCalls() == []


def test_hanging_up_what_is_not_there_changes_nothing() -> None:
    desk = Desk().up()
    desk.dial("answered")
    desk.news()
    desk.hang_up("wb-2")
    assert desk.news(2) == [ended("ANSWER"), judged(4)]


def test_two_calls_do_not_mix() -> None:
    desk = Desk().up()
    desk.dial("answered", channel_id="wb-1", ring_s=1, talk_s=5)
    desk.dial("answered", channel_id="wb-2", ring_s=2, talk_s=1)
    assert desk.news() == [
        *(sent("wb-1"), sent("wb-2")),
        *(dialling("wb-1"), ringing("wb-1"), dialling("wb-2"), ringing("wb-2")),
    ]
    desk.clock.pump([1, 1, 1])
    desk.hang_up("wb-1")
    assert desk.news() == [
        *(ended("ANSWER", "wb-1"), judged(4, "wb-1")),
        *(ended("ANSWER", "wb-2"), judged(4, "wb-2")),
        hung_up(16, channel_id="wb-2"),
        hung_up(16, channel_id="wb-1"),
    ]


def test_a_channel_id_that_is_taken_fails_and_the_live_call_goes_on() -> None:
    desk = Desk().up()
    desk.dial("answered", ring_s=2)
    desk.news()
    desk.dial("busy")
    assert desk.news(2) == [sent(), judged(0), ended("ANSWER"), judged(4)]


def refusal(reason: str, *, is_final: bool = False) -> Event:
    return OriginateRefused(
        server_id=7, channel_id="wb-1", was_sent=False, reason=reason, is_final=is_final
    )


def test_before_it_is_up_an_originate_is_refused_unsent() -> None:
    desk = Desk()
    desk.pbx.start()
    desk.dial("answered")
    assert desk.posted == [refusal("server fake is down")]


def test_after_a_stop_nothing_more_is_heard() -> None:
    desk = Desk().up()
    desk.dial("answered")
    desk.news()
    desk.pbx.stop()
    assert desk.clock.getDelayedCalls() == []
    desk.dial("answered")
    assert desk.news(60) == [refusal("server fake is down")]


def test_a_stop_before_it_came_up_holds() -> None:
    desk = Desk()
    desk.pbx.start()
    desk.pbx.stop()
    assert desk.news(60) == []


def test_stopped_and_started_again_it_knows_no_calls() -> None:
    desk = Desk().up()
    desk.dial("answered")
    desk.news()
    desk.pbx.stop()
    desk.pbx.start()
    assert desk.news(60) == [ServerUp(server_id=7, started_at=STARTED, live_channels=frozenset())]


def test_a_wrong_simulation_refuses_the_call_and_says_why() -> None:
    desk = Desk().up()
    desk.dial(simulation=Simulation(outcomes={"bussy": 1}))
    (refused,) = desk.news(60)
    assert isinstance(refused, OriginateRefused)
    assert refused.reason.startswith('trunk t: outcome "bussy": it is one of answered, transferred')


def test_an_answer_timeout_of_zero_is_refused() -> None:
    desk = Desk().up()
    desk.dial("answered", timeout_ms=0)
    assert desk.news(60) == [refusal('answer timeout "0": it is above 0 ms', is_final=True)]


def ends_of_1000(seed: int) -> list[Event]:
    desk = Desk(seed).up()
    for number in range(1000):
        desk.dial(channel_id=f"wb-{number}")
    desk.clock.pump([0.05] * 400)
    return desk.posted


def test_unless_told_otherwise_it_does_as_the_manual_says() -> None:
    posted = ends_of_1000(seed=3)
    reasons = Counter(event.reason for event in posted if isinstance(event, Originated))
    causes = Counter(event.cause for event in posted if isinstance(event, HungUp))
    assert 450 < reasons[4] < 550
    assert 200 < causes[17] < 300
    assert 200 < causes[19] < 300
    assert causes.total() == reasons.total() == 1000


def test_the_manuals_ring_and_talk_times_are_kept() -> None:
    desk = Desk().up()
    for number in range(200):
        desk.dial(channel_id=f"wb-{number}")
    desk.news()
    assert [e for e in desk.news(0.9) if isinstance(e, Originated) and e.is_answered] == []
    desk.clock.pump([0.05] * 43)
    answered = {e.channel_id for e in desk.posted if isinstance(e, Originated) and e.is_answered}
    assert len(answered) > 80
    desk.clock.pump([0.05] * 120)
    closed = {e.channel_id for e in desk.posted if isinstance(e, HungUp) and e.cause == 16}
    assert closed == answered


def test_the_same_seed_gives_the_same_calls_and_another_gives_others() -> None:
    assert ends_of_1000(seed=5) == ends_of_1000(seed=5)
    assert ends_of_1000(seed=5) != ends_of_1000(seed=6)
