"""The calls to each number in the database: what counts, for how long, and what it was."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from core.ports.commands import CallClosed
from core.rules.caps import KEPT, Cap, DayKind, PastCall
from core.rules.states import CallState
from core.store.campaigns import fetch_campaign, save_campaign
from core.store.caps import fetch_caps, fetch_caps_of, save_cap
from core.store.database import reading
from core.store.journal import write_entries
from core.store.past_calls import fetch_past_calls, forget_old_calls, insert_calls
from core.store.runs import fetch_plan
from tests.support.store_site import NOW, Site, closed, furnish, placed

CAP = Cap(name="gentle", attempts=3, days=7, rest_days=1, day=DayKind.CALENDAR)


def place(database: Engine, site: Site, *records: int) -> None:
    attempts = [site.attempt(i + 1, record=i) for i in records]
    with database.begin() as conn:
        write_entries(conn, [placed(one) for one in attempts])
        insert_calls(conn, attempts)


def close(database: Engine, *entries: CallClosed) -> None:
    with database.begin() as conn:
        write_entries(conn, entries)


def calls(database: Engine, *numbers: str, since: timedelta = KEPT) -> dict[str, list[PastCall]]:
    with reading(database) as conn:
        found = fetch_past_calls(conn, numbers, NOW - since)
        return {number: [call for _id, call in some] for number, some in found.items()}


def test_a_call_is_open_until_its_log_row_is_written(database: Engine) -> None:
    site = furnish(database)
    place(database, site, 0, 1)
    close(database, closed(site.attempt(1, record=0)))
    assert calls(database, "100", "101", "102") == {
        "100": [PastCall(placed_at=NOW)],
        "101": [PastCall(placed_at=NOW, is_open=True)],
    }


def test_an_answered_call_was_a_conversation_until_its_end(database: Engine) -> None:
    site = furnish(database)
    place(database, site, 0)
    entry = closed(site.attempt(1), state=CallState.TERMINATED, talk_ms=2000)
    close(database, entry)
    assert calls(database, "100") == {
        "100": [PastCall(placed_at=NOW, talked_until=entry.log.ended_at)]
    }


def test_a_call_that_never_left_counts_no_more(database: Engine) -> None:
    site = furnish(database)
    place(database, site, 0, 1)
    close(database, replace(closed(site.attempt(1)), was_sent=False))
    assert list(calls(database, "100", "101")) == ["101"]


def test_a_number_is_counted_however_it_is_written(database: Engine) -> None:
    site = furnish(database)
    attempt = replace(site.attempt(1), number="+41915550100")
    with database.begin() as conn:
        insert_calls(conn, [attempt, replace(attempt, id=2, number="0041915550100")])
        insert_calls(conn, [])
    assert len(calls(database, "41915550100")["41915550100"]) == 2


def test_only_calls_since_a_moment_are_found(database: Engine) -> None:
    site = furnish(database)
    early = replace(site.attempt(1), requested_at=NOW - timedelta(days=2))
    with database.begin() as conn:
        insert_calls(conn, [early, site.attempt(2)])
    assert len(calls(database, "100")["100"]) == 2
    assert calls(database, "100", since=timedelta(days=1)) == {"100": [PastCall(placed_at=NOW)]}


def test_calls_that_no_cap_can_ask_for_are_forgotten(database: Engine) -> None:
    site = furnish(database)
    at_limit = replace(site.attempt(2), requested_at=NOW - KEPT)
    too_old = replace(site.attempt(1), requested_at=NOW - KEPT - timedelta(seconds=1))
    with database.begin() as conn:
        forget_old_calls(conn, NOW)
        insert_calls(conn, [too_old, at_limit, site.attempt(3)])
        forget_old_calls(conn, NOW)
        found = fetch_past_calls(conn, ["100"], NOW - 2 * KEPT)
        assert sorted(attempt_id for attempt_id, _call in found["100"]) == [2, 3]


def test_a_refused_record_of_a_list_is_accounted_for_at_once(database: Engine) -> None:
    """Were it not, a crash would find it unread, and its wait in the way."""
    site = furnish(database)
    refused = replace(site.attempt(1, record=3), server_id=None, trunk_id=None, endpoint_id=None)
    entry = closed(refused, retry=site.retry(record=3))
    close(database, replace(entry, was_sent=False))
    with reading(database) as conn:
        assert fetch_plan(conn, site.run.id).run.lists[0].highwater == site.record_ids[3]


def test_a_cap_is_found_as_it_was_saved(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_cap(conn, CAP)
        assert fetch_caps(conn) == [replace(CAP, id=saved.id)]
        changed = save_cap(conn, replace(saved, attempts=2, is_site_wide=True))
        assert fetch_caps(conn) == [changed]


def test_a_run_keeps_the_caps_of_its_campaign_and_the_site_wide_ones(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        own = save_cap(conn, CAP)
        save_cap(conn, replace(CAP, name="another's"))
        everywhere = save_cap(conn, replace(CAP, name="everywhere", is_site_wide=True))
        assert fetch_caps_of(conn, ()) == (everywhere,)
        save_campaign(conn, replace(site.campaign, cap_ids=(own.id,), cap_wait_h=5))
        found = fetch_campaign(conn, site.campaign.id)
        assert (found.cap_ids, found.cap_wait_h) == ((own.id,), 5)
        assert fetch_plan(conn, site.run.id).caps == (own, everywhere)
