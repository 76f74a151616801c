"""Lists of an open run in the database: what may be done with each, and what the journal says
of rounds that are over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from core.errors import NotPossible
from core.model import CallList, ListPosition
from core.ports.commands import CallClosed, FetchBatch, RunProgressed
from core.rules.states import RunState
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.journal import write_entries
from core.store.lists import save_list
from core.store.run_lists import ListVerb, change_list
from core.store.runs import fetch_plan, fetch_run
from tests.support.store_site import NOW, Site, closed, furnish, placed

SECOND = timedelta(seconds=1)
#: When lists are changed: calls that the tests begin are over by then.
LATER = NOW + 4 * SECOND


def change(database: Engine, site: Site, verb: ListVerb, call_list: CallList | None = None) -> None:
    with database.begin() as conn:
        change_list(conn, fetch_run(conn, site.run.id), verb, call_list or site.call_list, LATER)


def lists(database: Engine, site: Site) -> tuple[ListPosition, ...]:
    with reading(database) as conn:
        return fetch_run(conn, site.run.id).lists


def make(database: Engine, name: str) -> CallList:
    with database.begin() as conn:
        return save_list(conn, CallList(name=name))


def test_a_list_is_added_at_the_end_paused_and_resumed(database: Engine) -> None:
    site, second = furnish(database), make(database, "second")
    change(database, site, ListVerb.ADD, second)
    change(database, site, ListVerb.PAUSE, second)
    first = ListPosition(list_id=site.call_list.id, list_name="people")
    added = ListPosition(list_id=second.id, list_name="second", is_paused=True)
    assert lists(database, site) == (first, added)
    change(database, site, ListVerb.RESUME, second)
    assert lists(database, site) == (first, replace(added, is_paused=False))


def test_a_list_begun_again_counts_again(database: Engine) -> None:
    site = furnish(database, records=5)
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt()), closed(site.attempt())])
    change(database, site, ListVerb.PAUSE)
    change(database, site, ListVerb.RESTART)
    [position] = lists(database, site)
    assert (position.highwater, position.is_complete, position.is_paused, position.round) == (
        0, False, False, 1,
    )  # fmt: skip
    with reading(database) as conn:
        assert fetch_plan(conn, site.run.id).record_count == 10


def test_the_journal_of_the_round_before_moves_nothing(database: Engine) -> None:
    site = furnish(database)
    change(database, site, ListVerb.RESTART)
    old = replace(site.run.lists[0], highwater=site.record_ids[4], is_complete=True)
    progress = RunProgressed(
        run_id=site.run.id, state=RunState.RUNNING, attempted=1, completed=0, ended_at=None,
        error="", positions=(old,),
    )  # fmt: skip
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt(record=3)), progress])
    [position] = lists(database, site)
    assert (position.highwater, position.is_complete) == (0, False)
    now = replace(placed(site.attempt(2, record=1, attempt_no=1)), is_retry=False, round=1)
    with database.begin() as conn:
        write_entries(conn, [now])
    assert lists(database, site)[0].highwater == site.record_ids[1]


def read_again(conn: Connection, site: Site) -> dict[str, int]:
    command = FetchBatch(run_id=site.run.id, limit=9, positions=fetch_run(conn, site.run.id).lists)
    batch = fetch_batch(conn, command, NOW)
    assert batch.positions[0].is_complete
    return {e.record.number: e.attempt_no for e in batch.entries}


def test_attempts_are_counted_on_and_what_is_not_done_is_left_alone(database: Engine) -> None:
    """100 was called twice, 101 once, 102 waits for a retry, 103 is being called."""
    site = furnish(database, records=5)
    with database.begin() as conn:
        for key, record, attempt_no in ((1, 0, 0), (2, 0, 1), (3, 1, 0)):
            attempt = site.attempt(key, record=record, attempt_no=attempt_no)
            write_entries(conn, [placed(attempt), closed(attempt)])
        waits = site.attempt(4, record=2)
        write_entries(conn, [placed(waits), closed(waits, retry=site.retry(record=2))])
        write_entries(conn, [placed(site.attempt(5, record=3))])
    change(database, site, ListVerb.RESTART)
    with reading(database) as conn:
        assert read_again(conn, site) == {"100": 2, "101": 1, "104": 0}


def test_who_was_still_called_after_the_list_was_begun_again_is_not_called_once_more(
    database: Engine,
) -> None:
    """101 waited for a retry and 102 was being called when the list was begun again. Both are
    done by the time that it is read: late, or again after a crash. 103 was done before."""
    site = furnish(database, records=4)
    with database.begin() as conn:
        waits, busy, before = (site.attempt(i, record=i) for i in (1, 2, 3))
        write_entries(conn, [placed(waits), closed(waits, retry=site.retry(record=1))])
        write_entries(conn, [placed(busy), placed(before), closed(before)])
    change(database, site, ListVerb.RESTART)
    with database.begin() as conn:
        again = site.attempt(4, record=1, attempt_no=1)
        write_entries(conn, [placed(again)])
        write_entries(conn, [at(closed(again), LATER + SECOND), at(closed(busy), LATER + SECOND)])
    with reading(database) as conn:
        assert read_again(conn, site) == {"100": 0, "103": 1}


def at(entry: CallClosed, moment: datetime) -> CallClosed:
    return replace(entry, log=replace(entry.log, ended_at=moment))


def test_what_cannot_be_done_is_refused_in_words(database: Engine) -> None:
    site, black = furnish(database), make(database, "black")
    automatic, other = make(database, "calls/AUTO"), make(database, "other")
    with database.begin() as conn:
        save_campaign(conn, replace(site.campaign, black_list_ids=(black.id,)))
    for verb, call_list, message in (
        (ListVerb.PAUSE, other, 'run 1 has no list "other": add it first'),
        (ListVerb.RESTART, other, "add it first"),
        (ListVerb.RESUME, site.call_list, 'list "people" is not paused'),
        (ListVerb.ADD, site.call_list, "restart it to call everybody on it again"),
        (ListVerb.ADD, automatic, "its numbers are called anyway"),
        (ListVerb.ADD, black, 'is a black list of campaign "calls"'),
    ):
        with pytest.raises(NotPossible, match=message.replace("1 has", f"{site.run.id} has")):
            change(database, site, verb, call_list)
    change(database, site, ListVerb.PAUSE)
    for verb, message in ((ListVerb.PAUSE, "is paused already"), (ListVerb.ADD, "resume it")):
        with pytest.raises(NotPossible, match=message):
            change(database, site, verb)
