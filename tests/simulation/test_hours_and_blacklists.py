"""Hours and black lists in whole campaigns, with the real store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import select

from core.model import CallList, Campaign, Record, Simulation
from core.rules.active_period import ActivePeriod
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.campaigns import save_campaign
from core.store.lists import save_list, save_record
from core.store.runs import fetch_run
from core.store.schema import call_log
from tests.support.rig import MORNING, Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
BUSY = Simulation(outcomes={"busy": 1})


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def forbid(rig: Rig, campaign: Campaign, **numbers: dict[str, str]) -> int:
    """Give the campaign a black list; its id. Keys are numbers behind an n."""
    with rig.database.begin() as conn:
        black = save_list(conn, CallList(name="do not call"))
        for name, inputs in numbers.items():
            save_record(conn, Record(list_id=black.id, number=name[1:], inputs=inputs))
        save_campaign(conn, replace(campaign, black_list_ids=(black.id,)))
    return black.id


def states(rig: Rig) -> dict[str, str]:
    with rig.database.connect() as conn:
        return {row.number: row.state for row in conn.execute(select(call_log))}


def test_blacklisted_numbers_are_logged_until_their_date(rig: Rig) -> None:
    campaign = rig.configure(["100", "101", "102", "103"], simulation=ANSWERED)
    forbid(
        rig,
        campaign,
        n100={},
        n101={"BLACKLISTED_UNTIL": "2026-03-02.08:59:59"},
        n102={"BLACKLISTED_UNTIL": "2026-03-02"},
        n103={"BLACKLISTED_CANCELLED": "he asked to be called again"},
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    assert states(rig) == {
        "100": "RS_BLACKLIST",
        "101": "TERMINATED",
        "102": "RS_BLACKLIST",
        "103": "TERMINATED",
    }
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
    assert (run.state, run.attempted, run.completed) == (RunState.COMPLETED, 2, 4)


def test_a_number_added_while_it_waits_in_the_hopper_is_not_dialled(rig: Rig) -> None:
    numbers = [str(n) for n in range(100, 130)]
    campaign = rig.configure(numbers, simulation=ANSWERED, trunk={"capacity": 1})
    black_id = forbid(rig, campaign)
    rig.start()
    rig.ask(campaign)
    rig.turn(4)
    with rig.database.begin() as conn:
        save_record(conn, Record(list_id=black_id, number="129"))
    rig.turn(300)
    assert states(rig)["129"] == "RS_BLACKLIST"
    assert [n for n, state in states(rig).items() if state == "TERMINATED"] == numbers[:-1]


def test_a_retry_of_a_number_listed_meanwhile_is_used_up(rig: Rig) -> None:
    rule = RescheduleRule(state=CallState.RS_BUSY, max_attempts=5, retry_after_s=60)
    campaign = rig.configure(["100"], simulation=BUSY, reschedule_rules=(rule,))
    black_id = forbid(rig, campaign)
    rig.start()
    rig.ask(campaign)
    rig.turn(30)
    with rig.database.begin() as conn:
        save_record(conn, Record(list_id=black_id, number="100"))
    rig.turn(300)
    assert rig.outcomes() == {"RS_BUSY": 1, "RS_BLACKLIST": 1}
    with rig.database.connect() as conn:
        assert fetch_run(conn, 1).state is RunState.COMPLETED


def test_a_campaign_of_three_days_calls_in_office_hours_only(rig: Rig) -> None:
    assert MORNING.hour == 9
    campaign = rig.configure(
        [str(n) for n in range(100, 130)],
        simulation=Simulation(outcomes={"noanswer": 1}),
        time_zone="Europe/Rome",
        active_period=ActivePeriod(start=time(10), end=time(10, 59, 59)),
        reschedule_rules=(
            RescheduleRule(state=CallState.RS_NOANSWER, max_attempts=2, retry_after_s=7200),
        ),
    )
    rig.start(beat_s=60)
    rig.ask(campaign)
    rig.turn(3 * 24 * 3600)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        rows = conn.execute(select(call_log.c.requested_at)).scalars().all()
    assert (run.state, run.attempted, run.completed) == (RunState.COMPLETED, 90, 30)
    assert {at.hour for at in rows} == {9}
    assert {at.day for at in rows} == {2, 3, 4}


def test_a_restart_at_night_waits_for_the_morning(rig: Rig) -> None:
    campaign = rig.configure(
        ["100"],
        simulation=ANSWERED,
        active_period=ActivePeriod(start=time(12), end=time(23, 59, 59)),
    )
    rig.start(beat_s=10)
    rig.ask(campaign)
    rig.turn(60)
    rig.kill()
    engine = rig.start(beat_s=10)
    rig.turn(60)
    assert engine.publisher.latest().runs[0].state is RunState.WRONG_TIME
    assert engine.publisher.latest().runs[0].verdict == "CLOSE_HOUR"
    rig.turn(3 * 3600)
    assert rig.outcomes() == {"TERMINATED": 1}


def test_a_reload_lets_a_run_call_at_other_hours(rig: Rig) -> None:
    closed = ActivePeriod(start=time(12), end=time(23, 59, 59))
    campaign = rig.configure(["100"], simulation=ANSWERED, active_period=closed)
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    assert rig.outcomes() == {}
    with rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, active_period=ActivePeriod()))
    rig.ask(campaign, "reload")
    rig.turn(60)
    assert rig.outcomes() == {"TERMINATED": 1}


@pytest.mark.parametrize("checks_every_number", [True, False])
def test_a_further_number_that_is_listed_stops_its_record_unless_the_campaign_says_otherwise(
    rig: Rig, checks_every_number: bool
) -> None:
    """At both checks: the first number is listed when it is fetched, the second just before it is
    dialled again. A main number decides for all in any case."""
    again = (RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=10),)
    campaign = rig.configure([], simulation=BUSY, reschedule_rules=again, batch_size=1)
    with rig.database.begin() as conn:
        for number, further in (("100", "200"), ("101", "201"), ("102", "202")):
            record = Record(list_id=1, number=number, inputs={"MULTINUM1": further})
            save_record(conn, record)
    campaign = replace(campaign, checks_every_number=checks_every_number)
    black = forbid(rig, campaign, n200={}, n102={})
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    with rig.database.begin() as conn:
        save_record(conn, Record(list_id=black, number="201"))
    rig.turn(60)
    stopped = {"100": "RS_BLACKLIST", "101": "RS_BUSY", "201": "RS_BLACKLIST"}
    called = {"100": "RS_BUSY", "200": "RS_BUSY", "101": "RS_BUSY", "201": "RS_BUSY"}
    expected = stopped if checks_every_number else called
    assert states(rig) == {**expected, "102": "RS_BLACKLIST"}
