"""Uploads at the API: read as they come, told as they stand."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from core.operations.lists import show_records
from core.operations.tokens import add_token, revoke_token
from core.operations.uploads import show_uploads
from core.people import SYSTEM
from tests.support.fixtures_web import NOW, Answer, Web, Wire, parse_answer
from web.api.desk import AT_ONCE
from web.api.resources.uploads import LONGEST, PIECE
from web.channel import DEADLINE_S, LEAVE_S, LINGER_S

BULK = "/api/v1/lists/people/records:bulk"
UPLOADS = "/api/v1/lists/people/uploads"


@pytest.fixture
def token(web: Web) -> str:
    _view, secret = add_token(web.engine, SYSTEM, "anna", "tests", "LIST", NOW)
    return secret


def begin(web: Web, token: str, size: int | None, kind: str = "text/csv", path: str = BULK) -> Wire:
    """Send the head of an upload; without a size its body comes in chunks."""
    wire = web.connect()
    length = "Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {kind}\r\n{length}\r\n\r\n"
    )
    wire.protocol.dataReceived(head.encode())
    return wire


def upload(web: Web, token: str, body: bytes, **more: Any) -> Answer:
    wire = begin(web, token, len(body), **more)
    for start in range(0, len(body), 10_000):
        wire.protocol.dataReceived(body[start : start + 10_000])
    return parse_answer(wire.value())


def told(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


def states(web: Web, token: str) -> list[tuple[str, int]]:
    """State and accepted rows of all uploads."""
    answer = web.get(UPLOADS, Authorization=f"Bearer {token}", Cookie="")
    return [(one["state"], one["accepted"]) for one in told(answer)["items"]]


def numbers(web: Web) -> list[str]:
    return [one.number for one in show_records(web.engine, SYSTEM, "people", 100_000)]


def test_csv_is_uploaded_and_the_answer_says_what_became_of_it(web: Web, token: str) -> None:
    body = "number,NAME\n5551,Zoë\nwrong,x\n\n5552,y\n".encode()
    found = told(upload(web, token, body, kind="text/csv; charset=utf-8"))
    assert found.pop("begun_at") == found.pop("ended_at") == "2026-11-21T17:03:44Z"
    [rejection] = found.pop("rejections")
    assert (rejection["line"], rejection["reason"].startswith('number "wrong"')) == (3, True)
    assert found == {
        "id": 1,
        "state": "complete",
        "begun_by": "anna",
        "encoding": "UTF-8",
        "bytes": len(body),
        "lines": 5,
        "accepted": 2,
        "skipped": 0,
        "rejected": 1,
        "reason": "",
    }
    assert numbers(web) == ["5551", "5552"]
    shown = web.get(f"{UPLOADS}/1", Authorization=f"Bearer {token}", Cookie="")
    assert told(shown) | {"state": "complete"} == told(shown)
    assert told(shown)["accepted"] == 2


def test_json_lines_are_uploaded_in_chunks(web: Web, token: str) -> None:
    wire = begin(web, token, None, kind="application/x-ndjson")
    for line in (b'{"number": "5551"}\n', b'{"number": ', b'"5552"}'):
        wire.protocol.dataReceived(b"%x\r\n%b\r\n" % (len(line), line))
    assert wire.value() == b""
    wire.protocol.dataReceived(b"0\r\n\r\n")
    assert told(parse_answer(wire.value()))["accepted"] == 2
    assert numbers(web) == ["5551", "5552"]


def test_what_is_there_already_is_skipped_on_request(web: Web, token: str) -> None:
    upload(web, token, b"number\n5551\n")
    found = told(upload(web, token, b"number\n5551\n5552\n", path=BULK + "?duplicates=skip"))
    assert (found["accepted"], found["skipped"]) == (1, 1)


def test_a_piece_is_in_the_list_before_the_next_is_read(web: Web, token: str) -> None:
    rows = b"".join(b"%d\n" % number for number in range(1_000_000, 1_300_000))
    wire = begin(web, token, len(rows) + 100)
    wire.protocol.dataReceived(b"number\n" + rows[: PIECE - 8])
    assert states(web, token) == [("running", 0)]
    wire.protocol.dataReceived(rows[PIECE - 8 : PIECE + 800])
    [(state, accepted)] = states(web, token)
    assert (state, accepted) == ("running", (PIECE + 800) // 8)


def test_nothing_is_read_while_the_database_writes(web: Web, token: str) -> None:
    wire = begin(web, token, PIECE * 3)
    assert wire.producerState == "producing"
    writing: Deferred[None] = Deferred()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.queries.deferToThreadPool", lambda *_: writing)
        wire.protocol.dataReceived(b"number\n" + b"5551\n" * (PIECE // 5))
        assert wire.producerState == "paused"
    writing.callback(None)
    assert wire.producerState == "producing"
    wire.hang_up()


def test_a_connection_that_ends_leaves_what_was_written_and_says_how_far(
    web: Web, token: str
) -> None:
    wire = begin(web, token, PIECE * 10)
    row = b"5551234\n"
    wire.protocol.dataReceived(b"number\n" + row * (PIECE // len(row)))
    wire.protocol.dataReceived(row * 5)
    wire.hang_up()
    assert states(web, token) == [("broken", PIECE // len(row))]
    shown = told(web.get(f"{UPLOADS}/1", Authorization=f"Bearer {token}", Cookie=""))
    assert shown["reason"] == "the connection ended before the body did"
    assert (shown["lines"], shown["ended_at"]) == (PIECE // len(row) + 1, "2026-11-21T17:03:44Z")
    assert len(numbers(web)) == PIECE // len(row)


def test_a_client_that_trickles_is_cut_off(web: Web, token: str) -> None:
    wire = begin(web, token, PIECE * 10)
    for _ in range(int(DEADLINE_S) + 20):
        wire.protocol.dataReceived(b"x")
        web.clock.advance(1)
    assert wire.disconnecting
    web.clock.advance(LEAVE_S)
    assert wire.disconnected
    wire.hang_up()
    assert states(web, token) == [("broken", 0)]


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        ({"token": "wb_wrong"}, 401, "this token is not known"),
        ({"kind": "application/json"}, 415, "send text/csv or application/x-ndjson"),
        ({"path": BULK + "?duplicates=x"}, 422, "duplicates"),
        ({"path": "/api/v1/lists/%20people/records:bulk"}, 422, "a name has 1 to 190 characters"),
        ({"size": LONGEST + 1}, 413, "at most 4294967296 bytes"),
    ],
)
def test_what_is_refused_is_refused_before_its_body(
    web: Web, token: str, head: dict[str, Any], status: int, words: str
) -> None:
    wire = begin(web, **{"token": token, "size": 10**9, **head})
    answer = parse_answer(wire.value())
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.body
    assert answer.headers["connection"] == "close"
    web.clock.advance(LINGER_S)
    assert wire.disconnected


def test_a_header_that_is_wrong_is_told_as_soon_as_it_is_read(web: Web, token: str) -> None:
    wire = begin(web, token, PIECE * 10)
    wire.protocol.dataReceived(b"number,A,A\n" + b"5551,x,y\n" * (PIECE // 9))
    answer = parse_answer(wire.value())
    assert (answer.status, "stands twice" in answer.body) == (422, True)
    assert states(web, token) == [("broken", 0)]
    assert upload(web, token, b"PK\x03\x04").status == 422


def test_so_many_uploads_go_on_at_a_time(web: Web, token: str) -> None:
    wires = [begin(web, token, 100) for _ in range(AT_ONCE)]
    refused = parse_answer(begin(web, token, 100).value())
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    wires[0].hang_up()
    assert told(upload(web, token, b"number\n5551\n"))["state"] == "complete"


def test_without_the_key_there_are_no_uploads(web: Web) -> None:
    _view, token = add_token(web.engine, SYSTEM, "anna", "narrow", "RT", NOW)
    assert parse_answer(begin(web, token, 100).value()).status == 403
    assert web.get(UPLOADS, Authorization=f"Bearer {token}", Cookie="").status == 403


def test_a_revoked_token_ends_an_upload(web: Web, token: str) -> None:
    body = b"number\n" + b"5551\n" * (PIECE // 5 + 1)
    wire = begin(web, token, 2 * len(body))
    wire.protocol.dataReceived(body)
    revoke_token(web.engine, SYSTEM, 1, NOW)
    wire.protocol.dataReceived(body)
    assert parse_answer(wire.value()).status == 401
    [upload] = show_uploads(web.engine, SYSTEM, "people")
    assert (upload.accepted, upload.reason) == (
        PIECE // 5 + 1,
        "this token is not known, or was revoked",
    )


def test_moments_are_read_where_the_upload_says(web: Web, token: str) -> None:
    body = b"number,:at\n5551,2026-12-24 08:00:00\n"
    told(upload(web, token, body, path=f"{BULK}?time_zone=America/New_York"))
    [found] = show_records(web.engine, SYSTEM, "people", 9)
    assert found.not_before == datetime(2026, 12, 24, 13, tzinfo=UTC)
    refused = upload(web, token, body, path=f"{BULK}?time_zone=Mars/Base")
    assert (refused.status, "IANA" in refused.body) == (422, True)
