"""Why a number was called or not, asked of a dialer's database while and after it works."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from io import StringIO
from pathlib import Path

import pytest

from core.errors import InvalidValue, NotFound
from core.model import CallList, Campaign, Record, Simulation
from core.operations import why
from core.operations.calls import add_call
from core.operations.list_csv import import_csv
from core.operations.run_lists import ask_list
from core.operations.why import CampaignStory, Story, tell
from core.people import SYSTEM
from core.rules.active_period import ActivePeriod
from core.rules.caps import Cap
from core.rules.reasons import ReasonKind
from core.rules.recipient_hours import RecipientHours
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState
from core.store.campaigns import save_campaign
from core.store.caps import save_cap
from core.store.lists import save_list, save_record
from core.store.run_lists import ListVerb
from tests.support.rig import MORNING, Rig

NUMBERS = [str(5550000 + i) for i in range(100)]
FIRST, LAST = NUMBERS[0], NUMBERS[-1]
BUSY = Simulation(outcomes={"busy": 1})
RULE = RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=7200)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def ask(rig: Rig, number: str, campaign: str = "") -> Story:
    return tell(rig.database, SYSTEM, number, campaign, rig.clock.now())


def only(story: Story) -> CampaignStory:
    [record] = story.records
    [found] = record.campaigns
    return found


def kinds(story: Story) -> list[ReasonKind]:
    return [reason.kind for reason in only(story).now.reasons]


def add_record(rig: Rig, list_name: str, number: str, **inputs: str) -> int:
    """A record on a new list; the list's id."""
    with rig.database.begin() as conn:
        found = save_list(conn, CallList(name=list_name))
        save_record(conn, Record(list_id=found.id, number=number, inputs=inputs))
    return found.id


def test_a_campaign_that_was_never_started_calls_nobody(rig: Rig) -> None:
    rig.configure(NUMBERS)
    found = only(ask(rig, FIRST))
    assert [reason.text for reason in found.now.reasons] == [
        "the campaign is not running: start it"
    ]
    assert (found.run_id, found.now.next_call_at, found.trail) == (None, None, ())


def test_a_number_that_was_busy_tells_its_call_and_its_retry(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, simulation=BUSY, reschedule_rules=(RULE,))
    rig.start(beat_s=10)
    rig.ask(campaign)
    rig.turn(120)
    found = only(ask(rig, FIRST))
    [call] = found.trail
    assert (call.number, call.state, call.next_retry_s) == (FIRST, CallState.RS_BUSY, 7200)
    assert found.verdict == "NO CALLS FETCHED"
    retry = found.now.reasons[0]
    assert retry.kind is ReasonKind.RETRY
    assert retry.until is not None
    assert found.now.next_call_at == retry.until
    assert timedelta(hours=2) < retry.until - MORNING < timedelta(hours=2, minutes=2)
    rig.turn(7300)
    assert kinds(ask(rig, FIRST)) == [ReasonKind.NO_RUN, ReasonKind.DONE]
    assert [call.retry_no for call in only(ask(rig, FIRST)).trail] == [1, 0]


def test_a_record_further_down_tells_how_many_come_first(rig: Rig) -> None:
    long = Simulation(outcomes={"answered": 1}, talk_s=(600, 600))
    campaign = rig.configure(NUMBERS, simulation=long, trunk={"capacity": 1})
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    found = only(ask(rig, LAST)).now
    assert found.reasons[0].text.startswith("it has not been called yet: 98 records")
    assert found.next_call_at == rig.clock.now()
    assert kinds(ask(rig, FIRST))[0] is ReasonKind.UNDER_WAY
    assert only(ask(rig, FIRST)).trail[0].state is None


def test_closed_hours_tell_when_they_open(rig: Rig) -> None:
    evening = ActivePeriod(start=time(18), end=time(19))
    campaign = rig.configure(NUMBERS, active_period=evening, time_zone="Europe/Zurich")
    rig.start()
    rig.ask(campaign)
    rig.turn(2)
    found = only(ask(rig, FIRST))
    assert (found.run_state, found.verdict) == ("WRONG_TIME", "CLOSE_HOUR")
    assert found.now.next_call_at == MORNING.replace(hour=17)
    assert found.now.reasons[-1].until == MORNING.replace(hour=17)


def test_a_black_list_tells_its_end_in_the_campaign_s_time(rig: Rig) -> None:
    dnc = add_record(rig, "DNC", LAST, BLACKLISTED_UNTIL="2026-12-31")
    campaign = rig.configure(
        NUMBERS, black_list_ids=(dnc,), time_zone="Europe/Zurich", trunk={"capacity": 1}
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    story = ask(rig, LAST)
    [entry, record] = sorted(story.records, key=lambda one: one.list_name)
    assert (entry.black_list_of, entry.campaigns) == (("campaign",), ())
    [found] = record.campaigns
    held = next(r for r in found.now.reasons if r.kind is ReasonKind.BLACK_LIST)
    assert held.until is not None
    assert held.until.isoformat() == "2026-12-31T23:00:00+00:00"
    assert found.now.next_call_at is None


def test_a_cap_tells_until_when_it_holds_the_retry(rig: Rig) -> None:
    with rig.database.begin() as conn:
        cap = save_cap(conn, Cap(name="once", attempts=1, days=2))
    campaign = rig.configure(NUMBERS, simulation=BUSY, reschedule_rules=(RULE,), cap_ids=(cap.id,))
    rig.start()
    rig.ask(campaign)
    rig.turn(120)
    found = only(ask(rig, FIRST))
    [limit] = [r for r in found.now.reasons if r.kind is ReasonKind.LIMIT]
    assert limit.text == 'cap "once": at most 1 call in 2 days'
    assert limit.until == found.trail[0].attempted_at + timedelta(days=2)
    assert found.now.next_call_at == limit.until


def test_a_call_that_was_added_tells_its_moment_its_end_and_that_it_is_done(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS[:1], idles_on_termination=True)
    add_call(
        rig.database, SYSTEM, "campaign", "777", rig.clock.now(), attributes={}, schedule="600",
        expires="900",
    )  # fmt: skip
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    found = only(ask(rig, "777"))
    assert [reason.kind for reason in found.now.reasons][:2] == ["RETRY", "EXPIRES"]
    assert found.now.next_call_at == MORNING + timedelta(seconds=600)
    rig.turn(700)
    rig.ask(campaign, "remove")
    rig.turn(1)
    rig.ask(campaign)
    rig.turn(2)
    assert kinds(ask(rig, "777"))[0] is ReasonKind.DONE
    assert [call.run_id for call in only(ask(rig, "777")).trail] == [1]


def test_a_list_that_came_to_the_campaign_since_is_not_called_by_its_run(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS)
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    late = add_record(rig, "late", "888")
    with rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, list_ids=(*campaign.list_ids, late)))
    assert kinds(ask(rig, "888"))[0] is ReasonKind.NOT_LISTED


def test_a_paused_run_waits_for_a_person(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, trunk={"capacity": 1})
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    rig.ask(campaign, "pause")
    rig.turn(1)
    assert kinds(ask(rig, LAST))[0] is ReasonKind.PAUSED
    assert only(ask(rig, LAST)).now.next_call_at is None


def test_each_campaign_of_a_list_is_told_unless_one_is_named(rig: Rig) -> None:
    first = rig.configure(NUMBERS)
    with rig.database.begin() as conn:
        save_campaign(conn, Campaign(name="other", list_ids=first.list_ids))
    [record] = ask(rig, FIRST).records
    assert [found.campaign for found in record.campaigns] == ["campaign", "other"]
    assert only(ask(rig, FIRST, "other")).campaign == "other"


def test_a_number_is_read_as_a_list_would_read_it(rig: Rig) -> None:
    rig.configure(NUMBERS)
    assert ask(rig, "555-00 00").number == FIRST


def test_further_numbers_are_named(rig: Rig) -> None:
    add_record(rig, "people", "100", MULTINUM1="200", MULTINUM2="300")
    [record] = ask(rig, "100").records
    assert (record.number, record.further_numbers) == ("100", ("200", "300"))
    assert (record.campaigns, record.black_list_of) == ((), ())


def test_a_further_number_leads_to_its_record(rig: Rig) -> None:
    """Also one that was dialled long before the newest records came."""
    rig.configure(["1"])
    add_record(rig, "people", "100", MULTINUM1="+41 (91) 630-97.65", NOTE="0041916309766")
    for number in ("+41916309765", "41-916 309 765"):
        if number[0] == "+":
            assert [record.number for record in ask(rig, number).records] == ["100"]
        else:
            with pytest.raises(NotFound):
                ask(rig, number)
    with pytest.raises(NotFound):
        ask(rig, "0041916309766")


def test_a_further_number_that_was_dialled_is_found_by_its_call(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "SEARCHED", 1)
    again = RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=5)
    campaign = rig.configure([], simulation=BUSY, reschedule_rules=(again,))
    with rig.database.begin() as conn:
        for number, further in (("100", "200"), ("101", "201"), ("102", "202")):
            record = Record(list_id=1, number=number, inputs={"MULTINUM1": further})
            save_record(conn, record)
    with pytest.raises(NotFound):
        ask(rig, "200")
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    [record] = ask(rig, "200").records
    assert (record.number, record.further_numbers) == ("100", ("200",))
    assert [line.number for line in record.campaigns[0].trail] == ["200", "100"]
    assert [found.number for found in ask(rig, "202").records] == ["102"]


def test_the_person_s_hours_tell_when_they_open(rig: Rig) -> None:
    """It is ten o'clock in Zurich, two in the morning in Denver."""
    hours = RecipientHours(
        period=ActivePeriod(start=time(8), end=time(20)), attribute="TZ", country="US"
    )
    campaign = rig.configure([], recipient_hours=hours, time_zone="Europe/Zurich")
    with rig.database.begin() as conn:
        save_record(conn, Record(list_id=1, number="100", inputs={"TZ": "America/Denver"}))
    rig.start()
    rig.ask(campaign)
    rig.turn(2)
    found = only(ask(rig, "100")).now
    closed = next(r for r in found.reasons if r.kind is ReasonKind.PERSON_CLOSED)
    assert closed.text == "the person's hours are closed (America/Denver)"
    assert found.next_call_at == closed.until == MORNING.replace(hour=15)


def test_a_paused_list_is_told_for_who_was_not_read_and_who_is_scheduled(
    rig: Rig, tmp_path: Path
) -> None:
    campaign = rig.configure(NUMBERS, trunk={"capacity": 1}, batch_size=2)
    path = tmp_path / "rows.csv"
    path.write_text("number,:at\n777,600\n")
    import_csv(rig.database, SYSTEM, path, "list", lambda _: None, StringIO(), rig.clock.now())
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    scheduled = only(ask(rig, "777")).now
    assert scheduled.reasons[0].kind is ReasonKind.RETRY
    assert scheduled.next_call_at == MORNING + timedelta(seconds=600)
    ask_list(rig.database, SYSTEM, "campaign", ListVerb.PAUSE, "list", rig.clock.now())
    rig.turn(1)
    for number in (LAST, "777"):
        found = only(ask(rig, number)).now
        assert found.reasons[0].kind is ReasonKind.LIST_PAUSED
        assert found.next_call_at is None


def test_a_number_that_waits_for_the_next_run_is_told_with_its_moment(rig: Rig) -> None:
    rig.configure(NUMBERS[:1])
    add_call(
        rig.database, SYSTEM, "campaign", "777", rig.clock.now(), attributes={}, schedule="600"
    )
    found = only(ask(rig, "777")).now
    assert [reason.kind for reason in found.reasons] == [ReasonKind.NO_RUN, ReasonKind.NEXT_RUN]
    assert found.reasons[1].until == MORNING + timedelta(seconds=600)
    assert found.next_call_at is None


def test_what_is_not_there_is_said(rig: Rig) -> None:
    rig.configure(NUMBERS)
    with pytest.raises(NotFound, match='there is no record "999"'):
        ask(rig, "999")
    with pytest.raises(NotFound, match='there is no campaign "nobody"'):
        ask(rig, FIRST, "nobody")
    with pytest.raises(InvalidValue, match="a number has digits"):
        ask(rig, "Anna")


def test_a_zone_that_this_machine_does_not_know_is_named(rig: Rig) -> None:
    rig.configure(NUMBERS, time_zone="Mars/Olympus")
    with pytest.raises(InvalidValue, match='time zone "Mars/Olympus": this machine'):
        ask(rig, FIRST)
