"""What the journal writes, and what the database refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from core.model import HopperEntry, ListPosition, Record
from core.ports.commands import CallTransferred, RecordDeferred, RunProgressed
from core.rules.states import CallState, RunState
from core.store.attempts import (
    fetch_entry,
    fetch_open_attempts,
    fetch_transferred,
    last_attempt_id,
)
from core.store.database import reading
from core.store.journal import is_written, write_entries
from core.store.lists import fetch_records
from core.store.reports import fetch_logs
from core.store.runs import fetch_run
from core.store.schema import attempt, call_log, retry
from tests.support.store_site import NOW, Site, closed, count, furnish, placed


def progress(site: Site, *, attempted: int, highwater: int, is_complete: bool) -> RunProgressed:
    return RunProgressed(
        run_id=site.run.id,
        state=RunState.RUNNING,
        attempted=attempted,
        completed=1,
        ended_at=None,
        error="none",
        positions=(
            ListPosition(
                list_id=site.call_list.id,
                list_name="people",
                highwater=highwater,
                is_complete=is_complete,
            ),
        ),
    )


def test_a_transfer_is_kept_with_its_attempt_until_that_is_over(database: Engine) -> None:
    site = furnish(database)
    first, second = site.attempt(1), site.attempt(2, record=1)
    told = CallTransferred(attempt_id=1, connected_at=NOW)
    with database.begin() as conn:
        write_entries(conn, [placed(first), placed(second), told])
    with database.begin() as conn:
        assert fetch_transferred(conn, site.run.id) == {1: NOW}
        assert fetch_open_attempts(conn, site.run.id) == [first, second]
        write_entries(conn, [told, closed(first)])
        write_entries(conn, [told])
        assert fetch_transferred(conn, site.run.id) == {}


def test_an_attempt_is_open_until_it_is_closed(database: Engine) -> None:
    site = furnish(database)
    first, second = site.attempt(7), site.attempt(8, record=1)
    end = closed(first, state=CallState.TERMINATED, ext_status="SALE", talk_ms=4000)
    with database.begin() as conn:
        write_entries(conn, [placed(first), placed(second)])
        assert fetch_open_attempts(conn, site.run.id) == [first, second]
        assert fetch_logs(conn, site.run.id, after_id=0, limit=9) == []
        write_entries(conn, [end])
        assert fetch_open_attempts(conn, site.run.id) == [second]
        assert fetch_logs(conn, site.run.id, after_id=0, limit=9) == [end.log]


def test_placed_and_closed_in_one_batch_is_closed(database: Engine) -> None:
    site = furnish(database)
    only = site.attempt()
    with database.begin() as conn:
        write_entries(conn, [placed(only), closed(only, retry=site.retry())])
        assert (count(conn, attempt), count(conn, call_log), count(conn, retry)) == (0, 1, 1)


def test_placing_an_attempt_uses_its_retry_up(database: Engine) -> None:
    site = furnish(database)
    first, other = site.attempt(1), site.attempt(2, record=1)
    with database.begin() as conn:
        write_entries(conn, [placed(first), placed(other)])
        write_entries(conn, [closed(first, retry=site.retry())])
        write_entries(conn, [closed(other, retry=site.retry(record=1))])
        write_entries(conn, [placed(site.attempt(3, attempt_no=1))])
        left = conn.execute(select(retry.c.record_id)).scalars().all()
    assert left == [site.record_ids[1]]


def test_a_whole_life_of_retries_fits_one_batch(database: Engine) -> None:
    site = furnish(database)
    tries = [site.attempt(i + 1, attempt_no=i) for i in range(3)]
    entries = [
        entry
        for i, one in enumerate(tries)
        for entry in (placed(one), closed(one, retry=site.retry(attempt_no=i + 1, due_s=i)))
    ]
    with database.begin() as conn:
        write_entries(conn, entries)
        assert (count(conn, attempt), count(conn, call_log)) == (0, 3)
        [left] = conn.execute(select(retry.c.attempt_no, retry.c.due_at)).all()
    assert tuple(left) == (3, NOW + timedelta(seconds=2))


def test_a_retry_made_and_used_in_one_batch_is_gone(database: Engine) -> None:
    site = furnish(database)
    first, second = site.attempt(1), site.attempt(2, attempt_no=1)
    with database.begin() as conn:
        write_entries(conn, [placed(first), closed(first, retry=site.retry()), placed(second)])
        assert count(conn, retry) == 0
        assert fetch_open_attempts(conn, site.run.id) == [second]


def test_an_attempt_that_is_open_is_not_placed_again(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt(1))])
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [placed(site.attempt(2))])
    with reading(database) as conn:
        assert fetch_open_attempts(conn, site.run.id) == [site.attempt(1)]


def test_an_attempt_that_is_over_is_not_logged_again(database: Engine) -> None:
    site = furnish(database)
    first = closed(site.attempt(1))
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt(1)), first])
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [closed(site.attempt(2))])
    with reading(database) as conn:
        assert fetch_logs(conn, site.run.id, after_id=0, limit=9) == [first.log]


def test_a_refused_batch_leaves_nothing(database: Engine) -> None:
    site = furnish(database)
    alien = replace(site.attempt(2, record=1), record_id=999_999)
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [placed(site.attempt(1)), placed(alien)])
    with reading(database) as conn:
        assert count(conn, attempt) == 0


def test_of_a_runs_progress_only_the_last_counts(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(
            conn,
            [
                progress(site, attempted=1, highwater=1, is_complete=True),
                progress(site, attempted=2, highwater=5_000_000_000, is_complete=False),
            ],
        )
    with reading(database) as conn:
        run = fetch_run(conn, site.run.id)
    assert (run.state, run.attempted, run.completed, run.error) == (RunState.RUNNING, 2, 1, "none")
    assert [(p.highwater, p.is_complete) for p in run.lists] == [(5_000_000_000, False)]


def test_outputs_replace_those_before_and_none_leaves_them(database: Engine) -> None:
    site = furnish(database)
    tries = [site.attempt(i, attempt_no=i) for i in range(1, 5)]
    outputs: list[dict[str, str] | None] = [{"A": "1", "B": "2"}, {"A": "😀"}, None, {}]
    seen = []
    for one, found in zip(tries, outputs, strict=True):
        with database.begin() as conn:
            write_entries(conn, [placed(one), closed(one, outputs=found)])
            seen.append(fetch_records(conn, site.call_list.id, after_id=0, limit=1)[0].outputs)
    assert seen == [{"A": "1", "B": "2"}, {"A": "😀"}, {"A": "😀"}, {}]


def test_texts_of_the_pbx_that_are_too_long_do_not_cost_the_log(database: Engine) -> None:
    site = furnish(database)
    end = closed(site.attempt())
    log = replace(end.log, channel="x" * 500, tech_cause="y" * 500, reason="z" * 5000)
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt()), replace(end, log=log)])
        [found] = fetch_logs(conn, site.run.id, after_id=0, limit=9)
    assert found == replace(log, channel="x" * 190, tech_cause="y" * 64)


def test_an_entry_knows_whether_it_is_written(database: Engine) -> None:
    site = furnish(database)
    one, same_id = site.attempt(1), replace(site.attempt(1), channel_id="of another site")
    with database.begin() as conn:
        assert not is_written(conn, placed(one))
        write_entries(conn, [placed(one)])
        assert is_written(conn, placed(one))
        assert not is_written(conn, placed(same_id))
        assert not is_written(conn, closed(one))
        write_entries(conn, [closed(one)])
        assert is_written(conn, placed(one))
        assert is_written(conn, closed(one))
        assert not is_written(conn, progress(site, attempted=1, highwater=1, is_complete=False))


def test_an_open_attempt_leads_back_to_what_it_was_made_from(database: Engine) -> None:
    site = furnish(database)
    with reading(database) as conn:
        entry = fetch_entry(conn, site.attempt(3, record=2, attempt_no=4))
    assert entry == HopperEntry(
        record=Record(id=site.record_ids[2], list_id=site.call_list.id, number="102"),
        list_name="people",
        attempt_no=4,
        retry_no=4,
    )


def test_the_last_id_is_the_highest_of_open_and_closed(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        assert last_attempt_id(conn) == 0
        write_entries(conn, [placed(site.attempt(5)), placed(site.attempt(9, record=1))])
        assert last_attempt_id(conn) == 9
        write_entries(conn, [closed(site.attempt(9, record=1))])
        assert last_attempt_id(conn) == 9


def test_an_empty_batch_writes_nothing(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [])
        assert fetch_run(conn, site.run.id) == site.run


def test_a_record_that_waits_is_a_retry_and_its_list_is_read_up_to_it(database: Engine) -> None:
    site = furnish(database, records=9)
    wait = site.retry(record=4, attempt_no=0)
    waits = RecordDeferred(retry=wait, list_id=site.call_list.id, is_retry=False)
    with database.begin() as conn:
        write_entries(conn, [waits])
        assert conn.execute(select(retry.c.record_id)).scalars().all() == [site.record_ids[4]]
        assert fetch_run(conn, site.run.id).lists[0].highwater == site.record_ids[4]


def test_a_retry_that_waits_takes_the_place_of_what_it_was(database: Engine) -> None:
    """Written twice, for the answer of the first time may be lost."""
    site = furnish(database, records=9)
    wait = site.retry(record=4, attempt_no=0)
    first = RecordDeferred(retry=wait, list_id=site.call_list.id, is_retry=False)
    later = replace(first, retry=replace(wait, due_at=NOW + timedelta(seconds=900)), is_retry=True)
    with database.begin() as conn:
        write_entries(conn, [first])
        write_entries(conn, [first])
        write_entries(conn, [later])
        [row] = conn.execute(select(retry))
        assert (row.attempt_no, row.due_at) == (0, NOW + timedelta(seconds=900))
        assert not is_written(conn, later)
