"""Exports at the API: whole, page by page, for whoever asks as they are by then."""

import csv
import io
import json
import logging
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.operations.elements import fetch_named, update
from core.operations.list_export import export_csv
from core.operations.lists import add_numbers, show_records
from core.operations.site_file import Kind
from core.operations.tokens import revoke_token
from core.people import SYSTEM
from core.store.audit import LogFilter, fetch_log
from tests.shell.test_web_pages import SlowReader
from tests.support.api_client import Client, furnish
from tests.support.fixtures_web import NOW, Web, log_on, make_guarded_web
from web.api.desk import EXPORTS
from web.api.operation import ROOT
from web.api.resources.exports import PAGE
from web.download import PATIENCE_S

LIST = "/lists/people/records"


@pytest.fixture
def client(web: Web) -> Client:
    return furnish(web)


@pytest.fixture
def each(database: Engine) -> Client:
    """A client over each kind of database."""
    log_on(database)
    return Client(make_guarded_web(database))


def fill(web: Web, count: int) -> None:
    numbers = [(str(1000 + i), {"NAME": f"Zoë {i}"}) for i in range(count)]
    add_numbers(web.engine, SYSTEM, "people", numbers, NOW)


def read_csv(body: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body, newline="")))


def reader_of(client: Client, path: str) -> SlowReader:
    return SlowReader(client.web, ROOT + path, f"Authorization: {client.headers['Authorization']}")


def test_a_list_is_what_the_command_writes_and_an_upload_reads(each: Client) -> None:
    client, engine = each, each.web.engine
    records = [
        {"number": "+41 91 960 55 66", "attributes": {"NAME": "=1+1", "B": 'a,"b"'}},
        {"number": "5552", "priority": -5, "expires": "2027-01-01T00:00:00Z"},
        {"number": "5553", "schedule": "2026-12-24T08:00:00Z", "attributes": {"B": "Zoë 😀"}},
    ]
    client.send("POST", LIST, {"records": records})
    export_csv(engine, SYSTEM, "people", written := StringIO(), NOW)
    answers = [client.ask("GET", f"{LIST}.{kind}") for kind in ("csv", "ndjson")]
    assert [one.status for one in answers] == [200, 200]
    assert answers[0].body == written.getvalue()
    assert read_csv(answers[0].body)[0]["NAME"] == "'=1+1"
    before = [(r.number, r.inputs, r.priority, r.not_before) for r in show(engine, "people")]
    for answer, kind in zip(answers, ("text/csv", "application/x-ndjson"), strict=True):
        assert answer.headers["content-type"].partition(";")[0] == kind
        again = f"again-{kind[-3:]}"
        sent = client.ask_raw("POST", f"/lists/{again}/records:bulk", answer.body, kind)
        assert json.loads(sent.body)["accepted"] == 3
        assert [(r.number, r.inputs, r.priority, r.not_before) for r in show(engine, again)] == (
            before
        )


def show(engine: Engine, name: str) -> list[Any]:
    return show_records(engine, SYSTEM, name, 100)


def test_an_export_is_in_the_system_log(client: Client) -> None:
    fill(client.web, 1)
    client.ask("GET", f"{LIST}.csv")
    with client.web.engine.connect() as conn:
        line = fetch_log(conn, LogFilter(), 1)[0]
    assert (line.who, line.face, line.action, line.subject) == (
        *("anna", "api"),
        *("list.export", "people"),
    )


def test_calls_are_exported_as_they_are_found(client: Client) -> None:
    rows = read_csv(client.ask("GET", "/calls.csv").body)
    assert [(row["campaign"], row["run_id"], row["id"], row["status"]) for row in rows] == [
        ("ABC", "1", "503", "TERMINATED"),
        ("ABC", "1", "502", "RS_BUSY"),
        ("ABC", "1", "501", "TERMINATED"),
    ]
    assert rows[0]["trunk"] == "pbx-1/carrier-a"
    lines = client.ask("GET", "/calls.ndjson?state=TERMINATED&number=201").body.splitlines()
    assert [json.loads(line) for line in lines] == [client.get("/calls/501")]
    told = client.ask("GET", "/calls.csv?colour=red")
    assert (told.status, json.loads(told.body)["errors"][0]["field"]) == (422, "colour")


def test_no_cell_of_exported_calls_is_a_formula(client: Client) -> None:
    with client.web.engine.begin() as conn:
        conn.execute(text("UPDATE call_log SET ext_status = '=HYPERLINK(1)' WHERE id = 501"))
    [row] = read_csv(client.ask("GET", "/calls.csv?ext_status=%3DHYPERLINK(1)").body)
    assert row["ext_status"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_what_one_may_not_see_is_not_exported(client: Client, kind: str) -> None:
    fill(client.web, 1)
    for sort, name in ((Kind.CAMPAIGN, "ABC"), (Kind.LIST, "people")):
        found = fetch_named(client.web.engine, SYSTEM, sort, name)
        update(client.web.engine, SYSTEM, sort, found.id, {"security_key": "BOSS"}, NOW)
    assert "501" not in client.ask("GET", f"/calls.{kind}").body
    assert client.ask("GET", f"{LIST}.{kind}").status == 404
    small = Client(client.web, "RT", "small")
    for path in (f"/calls.{kind}", f"{LIST}.{kind}"):
        assert small.ask("GET", path).status == 403


def test_a_long_list_is_read_as_fast_as_it_is_taken(client: Client) -> None:
    fill(client.web, 2 * PAGE + 1)
    reader = reader_of(client, f"{LIST}.csv")
    assert reader.lines() == PAGE + 1
    fill(client.web, 1)
    reader.resume()
    assert reader.lines() == 2 * PAGE + 2


def test_head_reads_nothing(client: Client) -> None:
    fill(client.web, 1)
    answer = client.ask("HEAD", f"{LIST}.csv")
    assert (answer.status, answer.body) == (200, "")


def test_a_revoked_token_ends_an_export(client: Client) -> None:
    fill(client.web, 2 * PAGE)
    reader = reader_of(client, f"{LIST}.csv")
    revoke_token(client.web.engine, SYSTEM, 1, NOW)
    reader.resume()
    assert reader.is_cut_off
    assert reader.lines() == PAGE + 1


def test_who_takes_nothing_for_a_minute_is_cut_off(client: Client) -> None:
    fill(client.web, 2 * PAGE)
    reader = reader_of(client, f"{LIST}.csv")
    client.web.clock.advance(PATIENCE_S - 1)
    assert not reader.is_cut_off
    client.web.clock.advance(1)
    assert reader.is_cut_off


def test_few_exports_go_on_at_a_time(client: Client) -> None:
    fill(client.web, 2 * PAGE)
    readers = [reader_of(client, f"{LIST}.csv") for _ in range(EXPORTS)]
    refused = client.ask("GET", "/calls.csv")
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    readers[0].leave()
    readers[1].resume()
    assert [client.ask("GET", "/calls.csv").status for _ in range(3)] == [200] * 3


def test_a_record_that_no_column_is_for_breaks_the_file_off(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    fill(client.web, 2 * PAGE)
    reader = reader_of(client, f"{LIST}.csv")
    with client.web.engine.begin() as conn:
        conn.execute(text("""UPDATE record SET inputs = '{"NEW": "1"}' WHERE number = '4999'"""))
    with caplog.at_level(logging.WARNING):
        reader.resume()
    assert reader.is_cut_off
    assert reader.lines() == PAGE + 1
    [said] = caplog.messages
    assert "broke off: record " in said


def test_a_record_that_cannot_be_read_is_named_before_anything_is_sent(client: Client) -> None:
    fill(client.web, 1)
    with client.web.engine.begin() as conn:
        conn.execute(text("UPDATE record SET inputs = '[1]' WHERE number = '1000'"))
    told = client.send("GET", f"{LIST}.ndjson", status=422)
    assert (told["errors"][0]["field"], told["errors"][0]["value"]) == ("record 2", "1000")


def test_calls_are_read_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.resources.exports.PAGE", 2)
    rows = read_csv(client.ask("GET", "/calls.csv").body)
    assert [row["id"] for row in rows] == ["503", "502", "501"]
