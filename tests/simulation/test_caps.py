"""Caps in whole campaigns, with the real store: what is counted, across campaigns, by number."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select

from core.model import CallList, Campaign, Record, Simulation
from core.rules.caps import PRESETS, Cap, DayKind, Preset
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.campaigns import save_campaign
from core.store.caps import save_cap
from core.store.lists import insert_records, save_list, save_record
from core.store.runs import fetch_run
from core.store.schema import call_log
from tests.support.rig import MORNING, Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
BUSY = Simulation(outcomes={"busy": 1}, ring_s=(1, 1))
ONCE = Cap(name="once", attempts=1, days=1)
DAY_S = 24 * 3600


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def cap(rig: Rig, value: Cap) -> tuple[int, ...]:
    with rig.database.begin() as conn:
        return (save_cap(conn, value).id,)


def again(rig: Rig, campaign: Campaign, **fields: Any) -> Campaign:
    """Another campaign over the same lines and, unless told otherwise, lists."""
    with rig.database.begin() as conn:
        return save_campaign(conn, replace(campaign, id=0, name="second", **fields))


def logs(rig: Rig) -> list[Row[Any]]:
    with rig.database.connect() as conn:
        return list(conn.execute(select(call_log).order_by(call_log.c.id)))


def dialled(rig: Rig) -> dict[str, int]:
    return Counter(row.number for row in logs(rig) if row.state != "RS_BLACKLIST")


def test_two_campaigns_at_once_call_a_number_as_often_as_one_may(rig: Rig) -> None:
    numbers = [str(n) for n in range(100, 140)]
    ids = cap(rig, ONCE)
    first = rig.configure(numbers, simulation=BUSY, trunk={"capacity": 100}, cap_ids=ids)
    second = again(rig, first)
    rig.start(beat_s=600)
    rig.ask(first)
    rig.ask(second)
    rig.turn(660)
    assert dialled(rig) == dict.fromkeys(numbers, 1)
    refused = [row for row in logs(rig) if row.ext_status == "CAPPED"]
    reasons = Counter(row.reason.partition(";")[0] for row in refused)
    assert reasons == {'cap "once": at most 1 call in 1 day': 40}
    rig.turn(DAY_S)
    assert dialled(rig) == dict.fromkeys(numbers, 2)
    ats = sorted(row.requested_at for row in logs(rig) if row.state == "RS_BUSY")
    assert ats[40] - ats[39] > timedelta(hours=23)
    with rig.database.connect() as conn:
        assert [fetch_run(conn, i).state for i in (1, 2)] == [RunState.COMPLETED] * 2
        assert [fetch_run(conn, i).attempted for i in (1, 2)] == [40, 40]


def test_calls_of_a_campaign_without_caps_count_too(rig: Rig) -> None:
    first = rig.configure(["100"], simulation=ANSWERED)
    rig.start()
    rig.ask(first)
    rig.turn(60)
    second = again(rig, first, cap_ids=cap(rig, ONCE), cap_wait_h=0)
    rig.ask(second)
    rig.turn(60)
    assert rig.outcomes() == {"TERMINATED": 1, "RS_BLACKLIST": 1}
    assert logs(rig)[1].trunk_id is None


def test_a_site_wide_cap_holds_for_every_campaign(rig: Rig) -> None:
    cap(rig, replace(ONCE, is_site_wide=True))
    campaign = rig.configure(["100", "100"], simulation=ANSWERED)
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    assert rig.outcomes() == {"TERMINATED": 1, "RS_BLACKLIST": 1}


def test_retries_of_a_debt_collector_stay_within_regulation_f(rig: Rig) -> None:
    retry = RescheduleRule(state=CallState.RS_BUSY, max_attempts=100, retry_after_s=4 * 3600)
    campaign = rig.configure(
        ["100"],
        simulation=BUSY,
        time_zone="America/New_York",
        reschedule_rules=(retry,),
        cap_ids=cap(rig, PRESETS[Preset.US_REG_F]),
        cap_wait_h=7 * 24,
    )
    rig.start(beat_s=600)
    rig.ask(campaign)
    rig.turn(20 * DAY_S)
    ats = [row.requested_at for row in logs(rig) if row.state == "RS_BUSY"]
    days = [at.astimezone(ZoneInfo("America/New_York")).date() for at in ats]
    assert len(days) == 21
    assert {(eighth - first).days for first, eighth in zip(days, days[7:], strict=False)} == {7}


def test_a_conversation_brings_a_rest_on_the_number_that_was_dialled(rig: Rig) -> None:
    rest = Cap(name="rest", attempts=9, days=1, rest_days=2, day=DayKind.CALENDAR)
    first = rig.configure([], simulation=ANSWERED, cap_ids=cap(rig, rest))
    with rig.database.begin() as conn:
        inputs = {"MULTINUM1": "200"}
        save_record(conn, Record(list_id=first.list_ids[0], number="100", inputs=inputs))
        other = save_list(conn, CallList(name="other"))
        insert_records(conn, [(other.id, "200", None), (other.id, "100", None)])
    second = again(rig, first, list_ids=(other.id,), cap_wait_h=48)
    rig.start(beat_s=600)
    rig.ask(first)
    rig.turn(1200)
    rig.ask(second)
    rig.turn(3600)
    assert dialled(rig) == {"100": 1, "200": 1}
    rig.turn(2 * DAY_S)
    assert dialled(rig) == {"100": 2, "200": 1}
    late = logs(rig)[-1].requested_at - (MORNING.replace(hour=0) + timedelta(days=2))
    assert timedelta() <= late < timedelta(minutes=1)


def test_two_calls_to_a_number_at_once_might_both_be_conversations(rig: Rig) -> None:
    rest = Cap(name="rest", attempts=9, days=1, rest_days=1)
    long = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(900, 900))
    campaign = rig.configure(["100", "100"], simulation=long, cap_ids=cap(rig, rest), cap_wait_h=48)
    rig.start(beat_s=600)
    rig.ask(campaign)
    rig.turn(2 * DAY_S)
    assert [(row.state, row.reason.partition(";")[0]) for row in logs(rig)] == [
        ("TERMINATED", ""),
        ("RS_BLACKLIST", 'cap "rest": another call to the number is under way'),
        ("RS_BLACKLIST", 'cap "rest": another call to the number is under way'),
        ("RS_BLACKLIST", 'cap "rest": 1 day of rest after a conversation'),
        ("TERMINATED", ""),
    ]
