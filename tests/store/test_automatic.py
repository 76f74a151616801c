"""Automatic lists: where added records are kept, and how they get into runs."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, select

from core.model import CallList, Record, Retry
from core.ports.commands import FetchBatch, RunProgressed
from core.rules.states import RunState
from core.store.automatic import add_automatic_record, hand_over
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.journal import write_entries
from core.store.lists import fetch_list_by_name, fetch_records, save_list
from core.store.runs import create_run, fetch_plan, fetch_run
from core.store.schema import retry, waiting_record
from tests.support.store_site import NOW, Site, closed, count, furnish, placed

SOON = NOW + timedelta(seconds=60)


def add(database: Engine, site: Site, number: str, **more: object) -> Record:
    with database.begin() as conn:
        return add_automatic_record(conn, site.campaign, number, {"A": "b"}, now=NOW, **more)  # type: ignore[arg-type]


def end_run(database: Engine, site: Site, state: RunState = RunState.COMPLETED) -> None:
    with database.begin() as conn:
        write_entries(
            conn,
            [
                RunProgressed(
                    run_id=site.run.id, state=state, attempted=0, completed=0, ended_at=NOW,
                    error="", positions=(),
                )
            ],
        )  # fmt: skip


def queue(database: Engine, run_id: int) -> dict[int, Retry]:
    with reading(database) as conn:
        rows = conn.execute(select(retry).where(retry.c.run_id == run_id)).mappings()
        return {row["record_id"]: Retry(**row) for row in rows}


def test_the_first_record_makes_a_hidden_list_and_the_next_joins_it(database: Engine) -> None:
    site = furnish(database)
    first = add(database, site, "200", priority=3, expires_at=SOON)
    second = add(database, site, "201")
    with reading(database) as conn:
        found = fetch_list_by_name(conn, "calls/AUTO")
        assert found == CallList(id=first.list_id, name="calls/AUTO", is_hidden=True)
        records = fetch_records(conn, found.id, after_id=0, limit=9)
    assert records == [first, second]
    assert (first.number, first.inputs, first.priority, first.expires_at) == (
        "200", {"A": "b"}, 3, SOON,
    )  # fmt: skip


def test_the_open_run_is_handed_what_waits_once(database: Engine) -> None:
    site = furnish(database)
    first = add(database, site, "200", priority=3, due_at=SOON)
    second = add(database, site, "201")
    with database.begin() as conn:
        assert hand_over(conn) == [(site.run.id, 2)]
        assert hand_over(conn) == []
        assert count(conn, waiting_record) == 0
        assert fetch_run(conn, site.run.id).added == 2
        plan = fetch_plan(conn, site.run.id)
    assert (plan.record_count, plan.retry_count) == (5 + 2, 2)
    base = Retry(
        run_id=site.run.id, record_id=second.id, attempt_no=0, retry_no=0, after_s=0, due_at=NOW
    )
    assert queue(database, site.run.id) == {
        second.id: base,
        first.id: replace(base, record_id=first.id, due_at=SOON, priority=3),
    }


def test_without_an_open_run_records_wait_for_the_next_one(database: Engine) -> None:
    site = furnish(database)
    end_run(database, site)
    first = add(database, site, "200")
    with database.begin() as conn:
        assert hand_over(conn) == []
        next_run = create_run(conn, site.campaign, NOW)
        assert hand_over(conn) == [(next_run.id, 1)]
    assert list(queue(database, next_run.id)) == [first.id]


def test_other_campaigns_get_nothing(database: Engine) -> None:
    site = furnish(database)
    other = replace(site.campaign, id=site.campaign.id)
    end_run(database, site)
    add(database, replace(site, campaign=other), "200")
    with database.begin() as conn:
        assert hand_over(conn) == []
        assert count(conn, waiting_record) == 1


def test_what_a_run_never_called_goes_to_the_next_and_nothing_else(database: Engine) -> None:
    """Not what was called, for each is called in one run only; not what its lists give anew."""
    site = furnish(database)
    called, waiting = add(database, site, "200"), add(database, site, "201", due_at=SOON)
    with database.begin() as conn:
        hand_over(conn)
        attempt = replace(site.attempt(1), record_id=called.id, list_id=called.list_id)
        again = replace(site.retry(), record_id=called.id)
        write_entries(conn, [replace(placed(attempt), is_retry=True), closed(attempt, retry=again)])
        deferred = replace(site.retry(record=2), attempt_no=0, retry_no=0)
        listed = site.attempt(2, record=2)
        write_entries(conn, [placed(listed), closed(listed, retry=deferred)])
    end_run(database, site, RunState.REMOVE)
    with database.begin() as conn:
        next_run = create_run(conn, site.campaign, NOW)
    assert next_run.added == 1
    assert list(queue(database, next_run.id)) == [waiting.id]
    assert set(queue(database, site.run.id)) == {called.id, site.record_ids[2]}


def test_an_attempt_on_an_added_record_uses_up_its_place_and_no_list_s(database: Engine) -> None:
    site = furnish(database)
    record = add(database, site, "200")
    with database.begin() as conn:
        hand_over(conn)
        attempt = replace(site.attempt(1), record_id=record.id, list_id=record.list_id)
        write_entries(conn, [replace(placed(attempt), is_retry=True)])
        assert fetch_run(conn, site.run.id).lists[0].highwater == 0
    assert queue(database, site.run.id) == {}


def test_the_lowest_priority_is_fetched_first_then_the_earliest(database: Engine) -> None:
    site = furnish(database, records=0)
    for number, priority, seconds in (
        ("200", 5, 1), ("201", 0, 30), ("202", -2, 40), ("203", 0, 20), ("204", -2, 99),
    ):  # fmt: skip
        due_at = NOW + timedelta(seconds=seconds)
        add(database, site, number, priority=priority, due_at=due_at)
    with database.begin() as conn:
        hand_over(conn)
        command = FetchBatch(run_id=site.run.id, limit=3, positions=())
        batch = fetch_batch(conn, command, NOW + timedelta(seconds=50))
        assert [e.record.number for e in batch.entries] == ["202", "203", "201"]
        assert batch.next_due_at == NOW + timedelta(seconds=1)
        assert all(e.is_retry and e.attempt_no == 0 for e in batch.entries)
        assert {e.list_name for e in batch.entries} == {"calls/AUTO"}
        held = frozenset(e.record.id for e in batch.entries)
        rest = fetch_batch(conn, replace(command, held=held), NOW + timedelta(seconds=50))
        assert [e.record.number for e in rest.entries] == ["200"]
        assert rest.next_due_at == NOW + timedelta(seconds=99)


def test_a_list_of_that_name_is_used_whoever_made_it(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        made = save_list(conn, CallList(name="calls/AUTO"))
    assert add(database, site, "200").list_id == made.id
