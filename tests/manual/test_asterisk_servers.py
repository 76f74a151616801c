"""Manual 25.02: "Asterisk servers", "How congestion control works", "What is the Asterisk status?",
'What is a "Fake AMI" server?'."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from twisted.internet.task import Clock

from ami.simulated import SimulatedPbx
from ami.throttle import Budget, Lane, Throttle
from core.model import EndPoint, Server, ServerType, Trunk
from core.ports import events
from core.rules.verdicts import Verdict
from core.store.campaigns import save_campaign
from core.store.endpoints import save_endpoint
from core.store.schema import call_log
from core.store.servers import save_server
from core.store.trunks import save_trunk
from tests.support.rig import Rig, TimerClock
from tests.support.world import NOON, World

NUMBERS = [str(1000 + i) for i in range(200)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_of_100_calls_at_once_5_requests_leave_in_each_50_ms() -> None:
    server = Server(name="My Asterisk")
    timer, sent_ms = Clock(), list[int]()
    budget = Budget(limit=server.messages_per_unit, unit_s=server.unit_ms / 1000)
    gate = Throttle(timer, budget, lambda: True)
    for _ in range(100):
        gate.push(Lane.ORIGINATE, lambda: sent_ms.append(round(timer.seconds() * 1000)))
    while waiting := timer.getDelayedCalls():
        timer.advance(waiting[0].getTime() - timer.seconds())
    assert Counter(sent_ms) == dict.fromkeys(range(0, 1000, 50), 5)


def test_the_port_is_5038_unless_it_is_another() -> None:
    server = Server(name="My Asterisk")
    assert (server.port, server.type) == (5038, ServerType.AMI)


def test_what_belongs_to_a_server_that_is_down_is_not_used_until_it_is_up() -> None:
    world = World()
    world.add_list(1, NUMBERS)
    world.load(is_up=False)
    run = world.dialer.live.runs[1]
    assert (run.verdict, world.originates) == (Verdict.SERVER_DOWN, [])
    world.server_up()
    assert (run.verdict, len(world.originates)) == (Verdict.CALLS_PLACED, 10)
    for channel in world.ringing:
        world.answer(channel)
    world.post(events.ServerDown(server_id=1, reason="connection lost"))
    assert (run.verdict, len(world.originates)) == (Verdict.SERVER_DOWN, 10)


def test_calls_are_reconciled_when_an_unreachable_server_comes_back() -> None:
    world = World()
    world.add_list(1, NUMBERS[:3])
    world.load()
    talking, hung_up_meanwhile, ringing = world.ringing
    world.answer(talking)
    world.answer(hung_up_meanwhile)
    world.ring(ringing)
    world.post(events.ServerDown(server_id=1, reason="connection lost"))
    world.now += timedelta(seconds=30)
    assert world.logs == []
    world.server_up(live=[talking], started_at=NOON - timedelta(days=1))
    assert {c.log.attempt.channel_id: c.log.state for c in world.logs} == {
        hung_up_meanwhile: "TERMINATED",
        ringing: "RS_LOST",
    }
    assert world.ringing == [talking]


def test_calls_are_reconciled_even_if_the_dialer_is_restarted_in_the_meantime() -> None:
    world = World()
    world.add_list(1, NUMBERS[:3])
    world.load()
    talking, transferred, ringing = world.ringing
    world.answer(talking)
    world.transfer(transferred)
    world.ring(ringing)
    world.post(events.ServerDown(server_id=1, reason="connection lost"))
    world.restart()
    world.now += timedelta(seconds=30)
    assert world.logs == []
    world.server_up(live=[talking], answered_channels=frozenset([talking]))
    assert {c.log.attempt.channel_id: c.log.state for c in world.logs} == {
        transferred: "TERMINATED",
        ringing: "RS_LOST",
    }
    world.hang_up(talking)
    assert world.states()[-1] == "TERMINATED"


def test_a_fake_server_answers_half_the_calls_in_1_to_3_s_for_3_to_6_s(rig: Rig) -> None:
    rig.start()
    rig.ask(rig.configure(NUMBERS))
    rig.turn(400)
    log = call_log.c
    assert sum(rig.outcomes().values()) == len(NUMBERS)
    with rig.database.connect() as conn:
        answered = select(
            func.count(),
            func.min(log.wait_after_ms),
            func.max(log.wait_after_ms),
            func.min(log.talk_ms),
            func.max(log.talk_ms),
        ).where(log.state == "TERMINATED")
        count, *waits = conn.execute(answered).one()
    assert 75 < count < 125
    assert 1000 <= waits[0] < waits[1] <= 3020
    assert 3000 <= waits[2] < waits[3] <= 6020


def test_a_fake_server_is_up_wherever_it_is_said_to_be() -> None:
    timer, posted = Clock(), list[events.Event]()
    nowhere = Server(
        id=3,
        name="fake",
        type=ServerType.SIMULATED,
        host="0.0.0.0",
        port=1,
        login="no",
        password="",
    )
    SimulatedPbx(nowhere, posted.append, timer, random.Random(1), TimerClock(timer)).start()
    timer.advance(0)
    (up,) = posted
    assert isinstance(up, events.ServerUp)
    assert (up.server_id, up.live_channels) == (3, frozenset())


def test_a_campaign_dials_on_5_separate_fake_servers(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS)
    trunks, ends = [*campaign.trunk_ids], [*campaign.endpoint_ids]
    with rig.database.begin() as conn:
        for name in ("second", "third", "fourth", "fifth"):
            server = save_server(conn, Server(name=name, type=ServerType.SIMULATED))
            at = {"server_id": server.id, "name": name}
            trunks.append(save_trunk(conn, Trunk(dial_string="SIP/x/${num}", **at)).id)
            ends.append(save_endpoint(conn, EndPoint(extension="s", context="m", **at)).id)
        save_campaign(conn, replace(campaign, trunk_ids=tuple(trunks), endpoint_ids=tuple(ends)))
    rig.start()
    rig.ask(campaign)
    rig.turn(120)
    with rig.database.connect() as conn:
        by_server = dict(
            conn.execute(
                select(call_log.c.server_id, func.count()).group_by(call_log.c.server_id)
            ).all()
        )
    assert sum(by_server.values()) == len(NUMBERS)
    assert len(by_server) == 5
    assert min(by_server.values()) > 20
