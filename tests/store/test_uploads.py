"""Uploads: rows and what is said of them, together or not at all."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Forbidden, InvalidConfiguration, InvalidValue, NotFound
from core.operations import uploads as work
from core.operations.lists import Duplicates, drop_list
from core.operations.upload_rows import Format
from core.operations.uploads import (
    REASON,
    SHOWN,
    Uploading,
    append_piece,
    begin_upload,
    break_off,
    find_upload,
    finish_upload,
    show_uploads,
)
from core.people import SYSTEM
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading
from core.store.lists import fetch_list_by_name, fetch_records
from core.store.uploads import KEPT, Rejection, Upload, save_upload
from tests.support.people import actor_of
from tests.support.store_site import NOW

LATER = NOW + timedelta(minutes=1)


def begin(
    database: Engine, form: Format = Format.CSV, duplicates: Duplicates = Duplicates.ADD
) -> Uploading:
    return begin_upload(database, SYSTEM, "people", form, NOW, duplicates)


def numbers(database: Engine, name: str = "people") -> list[str]:
    with reading(database) as conn:
        key = fetch_list_by_name(conn, name).id
        return [one.number for one in fetch_records(conn, key, after_id=0, limit=100_000)]


def only(database: Engine) -> Upload:
    [found] = show_uploads(database, SYSTEM, "people")
    return found


def test_what_came_is_in_the_list_and_told(database: Engine) -> None:
    under_way = begin(database)
    append_piece(database, SYSTEM, under_way, b"number,A\n5551,x\nwrong,y\n555")
    assert numbers(database) == ["5551"]
    found = only(database)
    assert (found.lines, found.accepted, found.rejected, found.bytes) == (3, 1, 1, 27)
    assert (found.ended_at, found.is_complete) == (None, False)
    append_piece(database, SYSTEM, under_way, b"2,x\n5553,y")
    ended = finish_upload(database, SYSTEM, under_way, LATER)
    assert numbers(database) == ["5551", "5552", "5553"]
    assert ended == only(database) == find_upload(database, SYSTEM, "people", ended.id)
    assert (ended.lines, ended.accepted, ended.skipped, ended.rejected) == (5, 3, 0, 1)
    assert (ended.ended_at, ended.is_complete, ended.encoding) == (LATER, True, "UTF-8")
    [rejection] = ended.rejections
    assert (rejection.line, 'number "wrong"' in rejection.reason) == (3, True)
    with reading(database) as conn:
        [line] = fetch_log(conn, LogFilter(action="list.upload"), 9)
    assert line.detail == f"upload {ended.id}, 3 rows accepted, 1 rows rejected"


def test_an_upload_that_breaks_off_keeps_what_it_has_and_says_how_far(database: Engine) -> None:
    under_way = begin(database, Format.NDJSON)
    append_piece(database, SYSTEM, under_way, b'{"number":"5551"}\n{"number":"5552"}\n{"num')
    break_off(database, SYSTEM, under_way, "the line went dead", LATER)
    found = only(database)
    assert numbers(database) == ["5551", "5552"]
    assert (found.lines, found.accepted, found.is_complete) == (2, 2, False)
    assert (found.ended_at, found.reason) == (LATER, "the line went dead")


def test_rows_that_fail_leave_no_trace_in_what_is_told(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way = begin(database)
    append_piece(database, SYSTEM, under_way, b"number\n5551\n")

    def fail(*_: object) -> Upload:
        raise SQLAlchemyError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(work, "save_upload", fail)
        with pytest.raises(SQLAlchemyError):
            append_piece(database, SYSTEM, under_way, b"5552\n")
    assert numbers(database) == ["5551"], "the rows go with what would be said of them"
    break_off(database, SYSTEM, under_way, "it failed", LATER)
    assert (only(database).lines, only(database).accepted) == (2, 1)


@pytest.mark.parametrize(
    ("duplicates", "kept", "counts"),
    [
        (Duplicates.ADD, ["5551", "5551", "5552", "5551"], (4, 0)),
        (Duplicates.SKIP, ["5551", "5552"], (2, 2)),
    ],
)
def test_duplicates_are_added_or_skipped(
    database: Engine, duplicates: Duplicates, kept: list[str], counts: tuple[int, int]
) -> None:
    under_way = begin(database, duplicates=duplicates)
    append_piece(database, SYSTEM, under_way, b"number\n5551\n5551\n5552\n")
    append_piece(database, SYSTEM, under_way, b"5551\n")
    ended = finish_upload(database, SYSTEM, under_way, LATER)
    assert (numbers(database), (ended.accepted, ended.skipped)) == (kept, counts)


def test_as_many_rejections_are_told_as_people_read_and_all_are_counted(database: Engine) -> None:
    under_way = begin(database)
    append_piece(database, SYSTEM, under_way, b"number\n")
    append_piece(database, SYSTEM, under_way, b"x\xff\n" * (SHOWN - 1))
    append_piece(database, SYSTEM, under_way, b"y" * 1000 + b"\nz\n")
    ended = finish_upload(database, SYSTEM, under_way, LATER)
    assert (ended.rejected, len(ended.rejections)) == (SHOWN + 1, SHOWN)
    assert ended.rejections[0] == Rejection(line=2, reason=ended.rejections[1].reason)
    assert "x?" in ended.rejections[0].reason
    assert (ended.rejections[-1].line, len(ended.rejections[-1].reason)) == (SHOWN + 1, REASON)


def test_a_header_that_is_wrong_appends_nothing(database: Engine) -> None:
    under_way = begin(database)
    with pytest.raises(InvalidConfiguration, match="stands twice"):
        append_piece(database, SYSTEM, under_way, b"number,A,A\n5551,x,y\n")
    assert numbers(database) == []


def test_the_latest_uploads_of_a_list_are_kept(database: Engine) -> None:
    begin(database)
    first = only(database)
    with database.begin() as conn:
        new = Upload(list_id=first.list_id, begun_at=NOW, begun_by="anna")
        for _ in range(KEPT):
            save_upload(conn, new)
    found = show_uploads(database, SYSTEM, "people")
    assert len(found) == KEPT
    assert first.id not in [one.id for one in found]
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)


def test_uploads_belong_to_their_list_and_go_with_it(database: Engine) -> None:
    under_way = begin(database)
    begin_upload(database, SYSTEM, "other", Format.CSV, NOW)
    with pytest.raises(NotFound, match="there is no upload"):
        find_upload(database, SYSTEM, "other", under_way.upload.id)
    drop_list(database, SYSTEM, "people", NOW)
    with pytest.raises(NotFound, match='there is no list "people"'):
        show_uploads(database, SYSTEM, "people")
    assert len(show_uploads(database, SYSTEM, "other")) == 1


def test_without_the_key_nothing_is_taken(database: Engine) -> None:
    with pytest.raises(Forbidden, match='"LIST"'):
        begin_upload(database, actor_of("anna", "RT"), "people", Format.CSV, NOW)
    with pytest.raises(InvalidValue):
        begin_upload(database, SYSTEM, " people", Format.CSV, NOW)
