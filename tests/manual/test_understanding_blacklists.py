"""Manual 25.02: "Understanding blacklists", with its campaign WEBSITE and its list DNC."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core.model import CallList, Campaign, Record, Simulation
from core.operations.blacklists import cancel
from core.operations.calls import add_call
from core.people import SYSTEM
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState
from core.store.campaigns import save_campaign
from core.store.lists import fetch_records, insert_records, save_list, save_record
from core.store.schema import call_log
from tests.support.rig import Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
BUSY = Simulation(outcomes={"busy": 1})
#: A day is long: the dialer looks for wishes and added calls once a minute.
BEAT_S = 60
JOHN = {"NAME": "John", "SURN": "Doe"}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def keep_off(rig: Rig, campaign: Campaign, *names: str) -> tuple[int, ...]:
    """Give the campaign these black lists, which are empty; their ids."""
    with rig.database.begin() as conn:
        ids = tuple(save_list(conn, CallList(name=name)).id for name in names)
        save_campaign(conn, replace(campaign, black_list_ids=ids))
    return ids


def add_to(rig: Rig, list_id: int, number: str, **inputs: str) -> None:
    with rig.database.begin() as conn:
        save_record(conn, Record(list_id=list_id, number=number, inputs=inputs))


def logged(rig: Rig) -> list[tuple[str, str]]:
    with rig.database.connect() as conn:
        log = call_log.c
        rows = conn.execute(select(log.number, log.state).order_by(log.id))
        return [(row.number, row.state) for row in rows]


def website(rig: Rig) -> tuple[Campaign, int]:
    """The campaign that a website feeds, at nine in the morning, and its list DNC."""
    campaign = rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    (dnc,) = keep_off(rig, campaign, "DNC")
    rig.start(beat_s=BEAT_S)
    rig.ask(campaign)
    rig.turn(BEAT_S)
    return campaign, dnc


def call_1234_at_2_pm(rig: Rig, campaign: Campaign) -> None:
    add_call(
        rig.database,
        SYSTEM,
        campaign.name,
        "1234",
        rig.clock.now(),
        attributes=JOHN,
        schedule="2026-03-02.14:00:00",
    )


def test_who_calls_in_the_meantime_is_not_called(rig: Rig) -> None:
    campaign, dnc = website(rig)
    call_1234_at_2_pm(rig, campaign)
    rig.turn(3600)
    add_to(rig, dnc, "1234", REASON="recalled")
    assert logged(rig) == []
    rig.turn(5 * 3600)
    assert logged(rig) == [("1234", "RS_BLACKLIST")]


def test_who_is_not_on_the_list_is_called_after_2_pm(rig: Rig) -> None:
    campaign, _ = website(rig)
    call_1234_at_2_pm(rig, campaign)
    rig.turn(5 * 3600 - 2 * BEAT_S)
    assert logged(rig) == []
    rig.turn(3 * BEAT_S)
    assert logged(rig) == [("1234", "TERMINATED")]


def test_for_a_new_case_the_number_is_cancelled_on_the_list_and_called_again(rig: Rig) -> None:
    campaign, dnc = website(rig)
    add_to(rig, dnc, "1234", REASON="recalled")
    call_1234_at_2_pm(rig, campaign)
    now = rig.clock.now()
    cancelled = cancel(rig.database, SYSTEM, "DNC", ["1234"], "NEWCASE", now)
    assert (cancelled.found, cancelled.updated) == (1, 1)
    with rig.database.connect() as conn:
        (entry,) = fetch_records(conn, dnc, after_id=0, limit=9)
    assert entry.inputs["REASON"] == "recalled"
    assert "NEWCASE" in entry.inputs["BLACKLISTED_CANCELLED"]
    assert f"{now:%Y-%m-%d}" in entry.inputs["BLACKLISTED_CANCELLED"]
    rig.turn(6 * 3600)
    assert logged(rig) == [("1234", "TERMINATED")]


def test_a_cancelled_number_can_be_added_again(rig: Rig) -> None:
    campaign, dnc = website(rig)
    add_to(rig, dnc, "1234")
    cancel(rig.database, SYSTEM, "DNC", ["1234"], "NEWCASE", rig.clock.now())
    add_to(rig, dnc, "1234", REASON="asked us not to be recalled")
    call_1234_at_2_pm(rig, campaign)
    rig.turn(6 * 3600)
    assert logged(rig) == [("1234", "RS_BLACKLIST")]


def test_a_blacklisting_must_be_cancelled_on_all_lists_of_the_campaign(rig: Rig) -> None:
    campaign = rig.configure(["1234"], simulation=ANSWERED)
    just_called, never_again = keep_off(rig, campaign, "just called in", "never again")
    add_to(rig, just_called, "1234")
    add_to(rig, never_again, "1234")
    cancel(rig.database, SYSTEM, "just called in", ["1234"], "NEWCASE", rig.clock.now())
    rig.start(beat_s=BEAT_S)
    rig.ask(campaign)
    rig.turn(3 * BEAT_S)
    assert logged(rig) == [("1234", "RS_BLACKLIST")]


def test_every_number_is_checked_against_all_lists_at_once(rig: Rig) -> None:
    campaign = rig.configure(["100", "101", "102"], simulation=ANSWERED)
    just_called, never_again = keep_off(rig, campaign, "just called in", "never again")
    add_to(rig, just_called, "100", BLACKLISTED_UNTIL="2026-03-02.23:00:00")
    add_to(rig, never_again, "102")
    rig.start(beat_s=BEAT_S)
    rig.ask(campaign)
    rig.turn(3 * BEAT_S)
    assert sorted(logged(rig)) == [
        ("100", "RS_BLACKLIST"),
        ("101", "TERMINATED"),
        ("102", "RS_BLACKLIST"),
    ]


def test_at_any_time_all_further_redials_are_blocked(rig: Rig) -> None:
    rule = RescheduleRule(state=CallState.RS_BUSY, max_attempts=5, retry_after_s=1800)
    campaign = rig.configure(["1234"], simulation=BUSY, reschedule_rules=(rule,))
    (dnc,) = keep_off(rig, campaign, "DNC")
    rig.start(beat_s=BEAT_S)
    rig.ask(campaign)
    rig.turn(2000)
    add_to(rig, dnc, "1234")
    rig.turn(4 * 3600)
    assert logged(rig) == [("1234", "RS_BUSY")] * 2 + [("1234", "RS_BLACKLIST")]


def test_the_list_of_the_dealership_can_be_used_again_without_striking_numbers_out(
    rig: Rig,
) -> None:
    campaign = rig.configure(["100", "101"], simulation=ANSWERED)
    (eager,) = keep_off(rig, campaign, "called us first")
    add_to(rig, eager, "100")
    rig.start(beat_s=BEAT_S)
    rig.ask(campaign)
    rig.turn(3 * BEAT_S)
    assert sorted(logged(rig)) == [("100", "RS_BLACKLIST"), ("101", "TERMINATED")]
    with rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, black_list_ids=()))
    rig.ask(campaign)
    rig.turn(3 * BEAT_S)
    assert sorted(logged(rig)[2:]) == [("100", "TERMINATED"), ("101", "TERMINATED")]


def test_the_role_in_the_campaign_makes_a_list_a_blacklist(rig: Rig) -> None:
    """One list: the first campaign calls it, the second keeps off it."""
    first = rig.configure(["100", "101"], simulation=ANSWERED)
    with rig.database.begin() as conn:
        wide = save_list(conn, CallList(name="everybody"))
        insert_records(conn, [(wide.id, number, None) for number in ("101", "102")])
        second = save_campaign(
            conn,
            replace(first, id=0, name="second", list_ids=(wide.id,), black_list_ids=first.list_ids),
        )
    rig.start(beat_s=BEAT_S)
    rig.ask(first)
    rig.turn(3 * BEAT_S)
    assert sorted(logged(rig)) == [("100", "TERMINATED"), ("101", "TERMINATED")]
    rig.ask(second)
    rig.turn(3 * BEAT_S)
    assert sorted(logged(rig)[2:]) == [("101", "RS_BLACKLIST"), ("102", "TERMINATED")]
