"""Records that are not called in the order of their list: from the file to the retry queue."""

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from core.errors import InvalidConfiguration, InvalidValue
from core.model import ListPosition, Record
from core.operations.list_csv import ImportResult, import_csv
from core.operations.list_export import export_csv
from core.operations.lists import Duplicates, drop_list, remove_numbers
from core.people import SYSTEM
from core.ports.commands import FetchBatch
from core.store import ahead
from core.store.ahead import HELD, Gathered, gather, has_more
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.journal import write_entries
from core.store.lists import fetch_list_by_name, fetch_records
from core.store.run_lists import ListVerb, change_list
from core.store.runs import fetch_plan, fetch_run
from core.store.schema import record, retry
from tests.support.store_site import NOW, Site, closed, furnish, placed

FILE = (
    "number,:priority,:at,:expires,NAME\n"
    "200,,,,plain\n"
    "201,5,,,later\n"
    "202,-5,,,first\n"
    "203,,2026-03-02.12:00:00,2026-03-02.13:00:00,noon\n"
    "204,,,2026-03-02.14:00:00,ends\n"
)


def load(database: Engine, folder: Path, content: str = FILE, **more: object) -> ImportResult:
    path = folder / "numbers.csv"
    path.write_text(content)
    return import_csv(
        database, SYSTEM, path, "people", lambda _: None, io.StringIO(), NOW, **more  # type: ignore[arg-type]
    )  # fmt: skip


def queue(database: Engine) -> list[tuple[str, int, float]]:
    """What waits in the retry queue: number, priority, seconds until it is due."""
    query = select(record.c.number, retry.c.priority, retry.c.due_at)
    query = query.join(record, record.c.id == retry.c.record_id).order_by(record.c.id)
    with reading(database) as conn:
        return [
            (row.number, row.priority, (row.due_at - NOW).total_seconds())
            for row in conn.execute(query)
        ]


def gather_now(database: Engine) -> list[Gathered]:
    with database.begin() as conn:
        return gather(conn, NOW)


#: When lists are changed: calls that the tests begin are over by then.
LATER = NOW + timedelta(seconds=4)


def change(database: Engine, site: Site, verb: ListVerb) -> None:
    with database.begin() as conn:
        change_list(conn, fetch_run(conn, site.run.id), verb, site.call_list, LATER)


NOON_S = timedelta(hours=3).total_seconds() - NOW.microsecond / 1_000_000


def test_a_file_says_when_its_rows_are_called(database: Engine, tmp_path: Path) -> None:
    result = load(database, tmp_path)
    assert (result.accepted, result.rejected) == (5, 0)
    with reading(database) as conn:
        key = fetch_list_by_name(conn, "people").id
        found = fetch_records(conn, key, after_id=0, limit=9)
    assert [(r.number, r.priority, r.is_ahead, dict(r.inputs)) for r in found] == [
        ("200", 0, False, {"NAME": "plain"}),
        ("201", 5, True, {"NAME": "later"}),
        ("202", -5, True, {"NAME": "first"}),
        ("203", 0, True, {"NAME": "noon"}),
        ("204", 0, False, {"NAME": "ends"}),
    ]
    noon = NOW.replace(hour=12, microsecond=0)
    hours = [noon + timedelta(hours=n) for n in range(3)]
    assert [(r.not_before, r.expires_at) for r in found] == [
        (None, None), (None, None), (None, None), (hours[0], hours[1]), (None, hours[2]),
    ]  # fmt: skip


def test_a_list_in_order_passes_over_those_that_come_ahead_of_it(
    database: Engine, tmp_path: Path
) -> None:
    site = furnish(database, records=1)
    load(database, tmp_path)
    position = ListPosition(list_id=site.call_list.id, list_name="people")
    numbers = []
    with reading(database) as conn:
        while not position.is_complete:
            command = FetchBatch(run_id=site.run.id, limit=2, positions=(position,))
            batch = fetch_batch(conn, command, NOW)
            numbers += [entry.record.number for entry in batch.entries]
            [position] = batch.positions
    assert numbers == ["100", "200", "204"]


def test_a_run_is_given_them_once_and_the_ones_that_come_later(
    database: Engine, tmp_path: Path
) -> None:
    site = furnish(database, records=1)
    load(database, tmp_path)
    with reading(database) as conn:
        assert fetch_plan(conn, site.run.id).is_gathering
    assert gather_now(database) == [Gathered(run_id=site.run.id, count=3, is_more=False)]
    first = [("201", 5, 0), ("202", -5, 0), ("203", 0, NOON_S)]
    assert queue(database) == first
    with reading(database) as conn:
        assert not fetch_plan(conn, site.run.id).is_gathering
    assert gather_now(database) == []
    load(database, tmp_path, "number,:priority\n300,1\n301,\n")
    assert gather_now(database) == [Gathered(run_id=site.run.id, count=1, is_more=False)]
    assert queue(database) == [*first, ("300", 1, 0)]


def test_very_many_are_given_by_and_by(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LIMIT", 2)
    site = furnish(database, records=1)
    load(database, tmp_path)
    seen = [gather_now(database) for _ in range(3)]
    assert [[(one.count, one.is_more) for one in some] for some in seen] == [
        [(2, True)], [(1, False)], [],
    ]  # fmt: skip
    with reading(database) as conn:
        assert not has_more(conn, site.run.id)


def test_a_number_that_was_taken_off_its_list_is_not_given(
    database: Engine, tmp_path: Path
) -> None:
    furnish(database, records=1)
    load(database, tmp_path)
    remove_numbers(database, SYSTEM, "people", ["202", "203"], NOW)
    [found] = gather_now(database)
    assert (found.count, found.is_more) == (1, False)
    assert [number for number, _priority, _due in queue(database)] == ["201"]


def test_a_paused_list_holds_those_that_were_not_called_yet(
    database: Engine, tmp_path: Path
) -> None:
    site = furnish(database, records=1)
    load(database, tmp_path)
    gather_now(database)
    change(database, site, ListVerb.PAUSE)
    held_s = (HELD - NOW).total_seconds()
    assert [due_s for _number, _priority, due_s in queue(database)] == [held_s] * 3
    load(database, tmp_path, "number,:priority\n300,1\n")
    assert gather_now(database) == []
    change(database, site, ListVerb.RESUME)
    assert queue(database) == [("201", 5, 4), ("202", -5, 4), ("203", 0, NOON_S)]
    assert [found.count for found in gather_now(database)] == [1]


def test_begun_again_a_list_gives_them_again_but_not_those_that_still_wait(
    database: Engine, tmp_path: Path
) -> None:
    site = furnish(database, records=1)
    load(database, tmp_path)
    gather_now(database)
    with reading(database) as conn:
        found = fetch_records(conn, site.call_list.id, after_id=0, limit=9)
    called = next(one for one in found if one.number == "201")
    with database.begin() as conn:
        attempt = replace(site.attempt(), record_id=called.id, number=called.number)
        write_entries(conn, [replace(placed(attempt), is_retry=True)])
        write_entries(conn, [closed(attempt)])
    change(database, site, ListVerb.RESTART)
    assert [one.count for one in gather_now(database)] == [1]
    with reading(database) as conn:
        rows = conn.execute(select(retry).where(retry.c.record_id == called.id)).all()
    assert [(row.attempt_no, row.retry_no) for row in rows] == [(1, 0)]
    assert [number for number, _priority, _due in queue(database)] == ["201", "202", "203"]


def test_what_is_exported_is_imported_as_the_same(database: Engine, tmp_path: Path) -> None:
    load(database, tmp_path, FILE + "205,0,,,nought\n206,-3,2026-03-02.12:00:00,,both\n")
    text = io.StringIO(newline="")
    export_csv(database, SYSTEM, "people", text, NOW)
    lines = text.getvalue().split("\r\n")
    assert lines[0] == "number,:priority,:at,:expires,NAME"
    assert lines[4] == "203,,2026-03-02T12:00:00Z,2026-03-02T13:00:00Z,noon"
    with reading(database) as conn:
        first = fetch_records(conn, fetch_list_by_name(conn, "people").id, after_id=0, limit=9)
    load(database, tmp_path, text.getvalue().replace("\r", ""))
    with reading(database) as conn:
        key = fetch_list_by_name(conn, "people").id
        again = fetch_records(conn, key, after_id=first[-1].id, limit=9)

    def of(found: Record) -> tuple[object, ...]:
        return (found.number, found.priority, found.not_before, found.expires_at, found.is_ahead)

    assert [of(one) for one in again] == [of(one) for one in first]


def test_moments_are_local_time_of_the_lists_campaigns_unless_a_zone_is_named(
    database: Engine, tmp_path: Path
) -> None:
    site = furnish(database, records=0)
    with database.begin() as conn:
        save_campaign(conn, replace(site.campaign, time_zone="Europe/Zurich"))
    content = "number,:at\n200,2026-03-02.12:00:00\n"
    load(database, tmp_path, content)
    load(database, tmp_path, content, time_zone="America/New_York")
    with reading(database) as conn:
        found = fetch_records(conn, site.call_list.id, after_id=0, limit=9)
    assert [one.not_before and one.not_before.hour for one in found] == [11, 17]
    with pytest.raises(InvalidValue, match='time zone "Europe/Zurch"'):
        load(database, tmp_path, content, time_zone="Europe/Zurch")


def test_rows_and_headers_that_are_wrong_are_told(sqlite: Engine, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("number,:priority,:expires\n1,high,\n2,,2026-03-01\n3,1,\n")
    rejected = io.StringIO(newline="")
    result = import_csv(sqlite, SYSTEM, path, "people", lambda _: None, rejected, NOW)
    assert (result.accepted, result.rejected) == (1, 2)
    reasons = rejected.getvalue().splitlines()
    assert 'priority ""high"": write a whole number from -100 to 100' in reasons[0]
    assert "it has passed" in reasons[1]
    with pytest.raises(InvalidConfiguration, match='":prio": is ":priority" meant'):
        load(sqlite, tmp_path, "number,:prio\n1,2\n")


def test_duplicates_are_left_out_here_too(sqlite: Engine, tmp_path: Path) -> None:
    load(sqlite, tmp_path)
    result = load(
        sqlite, tmp_path, "number,:priority\n201,1\n400,2\n400,3\n", duplicates=Duplicates.SKIP
    )
    assert (result.accepted, result.skipped) == (1, 2)


def test_a_list_with_such_records_is_deleted_whole(database: Engine, tmp_path: Path) -> None:
    load(database, tmp_path)
    drop_list(database, SYSTEM, "people", NOW)
    with reading(database) as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM ahead_record").scalar_one() == 0
