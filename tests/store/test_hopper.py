"""Filling a run's hopper: what is read, in which order, and how far."""

from datetime import timedelta

from sqlalchemy import Engine

from core.model import CallList, ListPosition
from core.ports.commands import FetchBatch
from core.ports.events import BatchFetched
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.journal import write_entries
from core.store.lists import fetch_records, insert_records, save_list
from tests.support.store_site import NOW, Site, closed, furnish, placed


def retry_later(database: Engine, site: Site, due_s: dict[int, float]) -> None:
    """Each of these records was called once and is due again after so many seconds."""
    with database.begin() as conn:
        for record, seconds in due_s.items():
            attempt = site.attempt(record + 1, record=record)
            retry = site.retry(record=record, due_s=seconds)
            write_entries(conn, [placed(attempt), closed(attempt, retry=retry)])


def fetch(
    database: Engine,
    site: Site,
    *,
    limit: int = 10,
    positions: tuple[ListPosition, ...] | None = None,
    held: frozenset[int] = frozenset(),
    after_s: float = 0,
) -> BatchFetched:
    command = FetchBatch(
        run_id=site.run.id,
        limit=limit,
        positions=site.run.lists if positions is None else positions,
        held=held,
    )
    with reading(database) as conn:
        return fetch_batch(conn, command, NOW + timedelta(seconds=after_s))


def numbers(batch: BatchFetched) -> list[str]:
    return [entry.record.number for entry in batch.entries]


def test_records_come_in_list_order_up_to_the_limit(database: Engine) -> None:
    site = furnish(database, records=5)
    batch = fetch(database, site, limit=3)
    assert numbers(batch) == ["100", "101", "102"]
    assert [e.list_name for e in batch.entries] == ["people"] * 3
    assert not any(e.is_retry for e in batch.entries)
    [position] = batch.positions
    assert (position.highwater, position.is_complete) == (site.record_ids[2], False)
    rest = fetch(database, site, limit=3, positions=batch.positions)
    assert numbers(rest) == ["103", "104"]
    assert rest.positions[0].highwater == site.record_ids[4]
    assert rest.positions[0].is_complete


def test_a_list_read_exactly_to_its_end_is_complete_at_the_next_look(database: Engine) -> None:
    site = furnish(database, records=3)
    batch = fetch(database, site, limit=3)
    assert not batch.positions[0].is_complete
    after = fetch(database, site, limit=3, positions=batch.positions)
    assert after.entries == ()
    assert after.positions[0].is_complete
    assert after.positions[0].highwater == site.record_ids[2]


def test_lists_are_read_one_after_the_other(database: Engine) -> None:
    site = furnish(database, records=2)
    with database.begin() as conn:
        second = save_list(conn, CallList(name="second"))
        insert_records(conn, [(second.id, "200", None), (second.id, "201", None)])
        last = fetch_records(conn, second.id, after_id=0, limit=1)[0].id
    third = ListPosition(list_id=9999, list_name="never reached")
    positions = (*site.run.lists, ListPosition(list_id=second.id, list_name="second"), third)
    batch = fetch(database, site, limit=3, positions=positions)
    assert numbers(batch) == ["100", "101", "200"]
    assert [e.list_name for e in batch.entries] == ["people", "people", "second"]
    assert [(p.highwater, p.is_complete) for p in batch.positions] == [
        (site.record_ids[1], True),
        (last, False),
        (0, False),
    ]


def test_a_complete_list_is_not_read_again(database: Engine) -> None:
    site = furnish(database)
    done = ListPosition(list_id=site.call_list.id, list_name="people", is_complete=True)
    batch = fetch(database, site, positions=(done,))
    assert batch == BatchFetched(
        run_id=site.run.id, entries=(), positions=(done,), next_due_at=None
    )


def test_due_retries_come_before_fresh_records_the_earliest_first(database: Engine) -> None:
    site = furnish(database, records=5)
    retry_later(database, site, {0: 30, 1: 10, 2: 99})
    fresh = ListPosition(
        list_id=site.call_list.id, list_name="people", highwater=site.record_ids[2]
    )
    batch = fetch(database, site, positions=(fresh,), after_s=30)
    assert numbers(batch) == ["101", "100", "103", "104"]
    assert [(e.is_retry, e.attempt_no, e.retry_no) for e in batch.entries[:3]] == [
        (True, 1, 1),
        (True, 1, 1),
        (False, 0, 0),
    ]
    assert batch.next_due_at == NOW + timedelta(seconds=99)


def test_a_retry_is_due_at_its_moment_and_not_before(database: Engine) -> None:
    site = furnish(database, records=1)
    retry_later(database, site, {0: 30})
    early = fetch(database, site, positions=(), after_s=29.999999)
    assert early.entries == ()
    assert early.next_due_at == NOW + timedelta(seconds=30)
    due = fetch(database, site, positions=(), after_s=30)
    assert numbers(due) == ["100"]
    assert due.next_due_at is None


def test_retries_fill_the_limit_first(database: Engine) -> None:
    site = furnish(database, records=5)
    retry_later(database, site, {0: 1, 1: 2, 2: 3})
    batch = fetch(database, site, limit=2, after_s=60)
    assert numbers(batch) == ["100", "101"]
    assert batch.positions == site.run.lists
    assert batch.next_due_at == NOW + timedelta(seconds=3)


def test_held_retries_are_left_out_and_do_not_hide_others(database: Engine) -> None:
    site = furnish(database, records=5)
    retry_later(database, site, {0: 1, 1: 2, 2: 3, 3: 50})
    held = frozenset(site.record_ids[:2])
    batch = fetch(database, site, limit=1, held=held, after_s=10)
    assert numbers(batch) == ["102"]
    assert batch.next_due_at == NOW + timedelta(seconds=50)
    all_due = frozenset(site.record_ids[:3])
    nothing = fetch(database, site, positions=(), held=all_due, after_s=10)
    assert nothing.entries == ()
    assert nothing.next_due_at == NOW + timedelta(seconds=50)


def test_retries_of_another_run_are_not_seen(database: Engine) -> None:
    site = furnish(database, records=1)
    retry_later(database, site, {0: 1})
    command = FetchBatch(run_id=site.run.id + 1, limit=9, positions=())
    with reading(database) as conn:
        batch = fetch_batch(conn, command, NOW + timedelta(days=1))
    assert batch.entries == ()
    assert batch.next_due_at is None
