"""What every Pbx does, simulated or real: one suite for both.

The real one is Asterisk 22 over PJSIP to a SIPp carrier. The order of OriginateResponse,
DialEnd and Hangup varies there, so that where it does, no order is claimed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from ami.pbx import AmiPbx
from ami.simulated import SimulatedPbx
from core.model import Server, Simulation
from core.ports import Pbx
from core.ports.events import (
    DialEnded,
    Dialling,
    Event,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    ServerUp,
    Signalled,
    Transferred,
)
from core.rules.causes import Evidence, judge
from core.rules.simulation import Outcome
from core.rules.states import CallState
from tests.support.ami_server import Waiting
from tests.support.asterisk.server import AsteriskServer
from tests.support.pbx_desk import PbxDesk, UtcClock, evidence_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A number at the carrier, the outcome that simulates it, and what both must show."""

    outcome: Outcome
    number: str
    evidence: Evidence
    state: CallState
    timeout_ms: int = 20_000

    @property
    def simulation(self) -> Simulation:
        return simulate(self.outcome)


def simulate(outcome: Outcome, talk_s: float = 0.1) -> Simulation:
    return Simulation(outcomes={outcome: 1}, ring_s=(0.1, 0.1), talk_s=(talk_s, talk_s))


SCENARIOS = [
    Scenario(
        outcome=Outcome.ANSWERED,
        number="11",
        evidence=Evidence(
            is_answered=True, is_alive=True, reason=4, cause=16, dial_status="ANSWER"
        ),
        state=CallState.TERMINATED,
    ),
    Scenario(
        outcome=Outcome.BUSY,
        number="20",
        evidence=Evidence(reason=0, cause=17, tech_cause="SIP 486", dial_status="BUSY"),
        state=CallState.RS_BUSY,
    ),
    Scenario(
        outcome=Outcome.CONGESTION,
        number="22",
        evidence=Evidence(reason=0, cause=34, tech_cause="SIP 503", dial_status="CONGESTION"),
        state=CallState.RS_REJECTED,
    ),
    Scenario(
        outcome=Outcome.NUMBER,
        number="23",
        evidence=Evidence(reason=0, cause=1, tech_cause="SIP 404", dial_status="NOANSWER"),
        state=CallState.RS_NUMBER,
    ),
    Scenario(
        outcome=Outcome.REJECTED,
        number="603",
        evidence=Evidence(reason=0, cause=21, tech_cause="SIP 603", dial_status="NOANSWER"),
        state=CallState.RS_REJECTED,
    ),
    Scenario(
        outcome=Outcome.NO_ANSWER,
        number="21",
        timeout_ms=500,
        evidence=Evidence(is_alive=True, reason=3, cause=19, tech_cause="SIP 480"),
        state=CallState.RS_NOANSWER,
    ),
    Scenario(
        outcome=Outcome.SILENT,
        number="25",
        timeout_ms=500,
        evidence=Evidence(reason=3, cause=19, tech_cause="SIP 480"),
        state=CallState.RS_ERROR,
    ),
]
BY_OUTCOME = [pytest.param(scenario, id=scenario.outcome) for scenario in SCENARIOS]


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.asterisk)])
def idle(request: pytest.FixtureRequest) -> Iterator[PbxDesk]:
    """A PBX port that was not started yet."""
    from twisted.internet import reactor

    posted, rng = Waiting(), random.Random(1)
    server = Server(id=1, name="pbx")
    pbx: Pbx
    if request.param == "real":
        asterisk: AsteriskServer = request.getfixturevalue("asterisk")
        server = asterisk.server()
        pbx = AmiPbx(server, posted.add, UtcClock(), timer=reactor, rng=rng)
    else:
        pbx = SimulatedPbx(server, posted.add, reactor, rng, UtcClock())
    yield PbxDesk(server=server, pbx=pbx, posted=posted)
    stop(pbx)


def stop(pbx: Pbx) -> None:
    stopped = pbx.stop()
    assert isinstance(stopped, Deferred)
    pytest_twisted.blockon(stopped)


@pytest.fixture
def desk(idle: PbxDesk) -> PbxDesk:
    """A PBX port that is up."""
    idle.pbx.start()
    pytest_twisted.blockon(idle.posted.until_event(ServerUp))
    return idle


def dial(desk: PbxDesk, scenario: Scenario) -> str:
    return desk.dial(
        scenario.number, simulation=scenario.simulation, timeout_ms=scenario.timeout_ms
    )


def dial_answered(desk: PbxDesk) -> str:
    """A call that is answered and stays up until somebody hangs up."""
    return desk.dial("11", simulation=simulate(Outcome.ANSWERED, talk_s=600), extension="wait")


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


@pytest_twisted.ensureDeferred
async def test_the_first_it_says_is_that_it_is_up(idle: PbxDesk) -> None:
    assert idle.posted.seen == []
    idle.pbx.start()
    await idle.posted.until_event(ServerUp)
    (up,) = idle.posted.seen
    assert up.server_id == 1
    assert up.started_at is not None
    assert abs((UtcClock().now() - up.started_at).total_seconds()) < 3600
    assert [name for name in up.live_channels if name.startswith("wb-")] == []


def test_an_originate_before_it_is_up_is_refused_unsent(idle: PbxDesk) -> None:
    channel_id = idle.dial("11")
    (refused,) = idle.posted.seen
    assert isinstance(refused, OriginateRefused)
    assert (refused.channel_id, refused.was_sent) == (channel_id, False)
    assert f"server {idle.server.name} is down" in refused.reason


@pytest_twisted.ensureDeferred
async def test_an_answered_call_tells_its_life_in_order_and_nothing_else(desk: PbxDesk) -> None:
    call = dial(desk, SCENARIOS[0])
    await desk.until_over(call)
    await desk.until_over(dial(desk, SCENARIOS[1]))
    told = kinds(desk.events(call))
    assert told[:3] == [OriginateSent, Dialling, Signalled]
    assert set(told[3:5]) == {DialEnded, Originated}
    assert told[5:] == [HungUp]


@pytest.mark.parametrize("scenario", BY_OUTCOME[1:])
@pytest_twisted.ensureDeferred
async def test_a_failed_call_says_each_thing_once(desk: PbxDesk, scenario: Scenario) -> None:
    events = await desk.until_over(dial(desk, scenario))
    told = kinds(events)
    dialled = [kind for kind in told if kind is not Originated]
    assert (told[0], dialled[:2]) == (OriginateSent, [OriginateSent, Dialling])
    assert len(set(told)) == len(told)
    assert (Signalled in told) == scenario.evidence.is_alive
    assert (DialEnded in told) == bool(scenario.evidence.dial_status)


@pytest.mark.parametrize("scenario", BY_OUTCOME)
@pytest_twisted.ensureDeferred
async def test_each_outcome_leaves_the_evidence_that_names_it(
    desk: PbxDesk, scenario: Scenario
) -> None:
    evidence = evidence_of(await desk.until_over(dial(desk, scenario)))
    assert evidence == scenario.evidence
    assert judge(evidence) is scenario.state


@pytest_twisted.ensureDeferred
async def test_hang_up_ends_an_answered_call(desk: PbxDesk) -> None:
    call = dial_answered(desk)
    judged = await desk.until(call, Originated)
    assert isinstance(judged, Originated)
    assert (judged.is_answered, judged.reason) == (True, 4)
    assert HungUp not in kinds(desk.events(call))
    desk.hang_up(call)
    evidence = evidence_of(await desk.until_over(call))
    assert (evidence.cause, evidence.tech_cause) == (16, "")


@pytest_twisted.ensureDeferred
async def test_a_transferred_call_says_so_once_and_goes_on_to_its_end(desk: PbxDesk) -> None:
    call = desk.dial("11", simulation=simulate(Outcome.TRANSFERRED, talk_s=1), extension="blind")
    await desk.until(call, Transferred)
    assert HungUp not in kinds(desk.events(call))
    desk.hang_up(call)
    events = await desk.until_over(call)
    assert kinds(events).count(Transferred) == 1
    assert kinds(events)[-1] is HungUp
    assert judge(evidence_of(events)) is CallState.TERMINATED


@pytest_twisted.ensureDeferred
async def test_hang_up_ends_a_ringing_call_as_not_answered(desk: PbxDesk) -> None:
    call = desk.dial("21", simulation=simulate(Outcome.NO_ANSWER))
    await desk.until(call, Signalled)
    desk.hang_up(call)
    assert evidence_of(await desk.until_over(call)) == Evidence(
        is_alive=True, reason=0, cause=16, dial_status="NOANSWER"
    )


@pytest_twisted.ensureDeferred
async def test_hanging_up_a_call_that_is_not_there_touches_no_other(desk: PbxDesk) -> None:
    call = dial_answered(desk)
    await desk.until(call, Originated)
    desk.hang_up(f"{call}0")
    await desk.until_over(dial(desk, SCENARIOS[1]))
    assert HungUp not in kinds(desk.events(call))
    desk.hang_up(call)
    await desk.until_over(call)


@pytest_twisted.ensureDeferred
async def test_calls_at_the_same_time_do_not_mix(desk: PbxDesk) -> None:
    calls = [(scenario, dial(desk, scenario)) for scenario in SCENARIOS * 3]
    for scenario, call in calls:
        assert evidence_of(await desk.until_over(call)) == scenario.evidence


@pytest_twisted.ensureDeferred
async def test_after_a_stop_nothing_more_is_said(desk: PbxDesk) -> None:
    call = dial(desk, SCENARIOS[1])
    await desk.until_over(call)
    await desk.pbx.stop()
    said = len(desk.posted.seen)
    refused = desk.dial("20")
    assert [event.channel_id for event in desk.posted.seen[said:]] == [refused]
    assert isinstance(desk.posted.seen[-1], OriginateRefused)
