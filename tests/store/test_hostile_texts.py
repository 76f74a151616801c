"""What people type is a value to the database, and never a part of the question."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine

from core.errors import NotFound
from core.people import Face, LogEntry
from core.rules.states import CallState
from core.store import reports
from core.store.audit import LogFilter, fetch_log, write_log
from core.store.blacklists import fetch_blacklist_entries, fetch_records_of
from core.store.bulk import Appender
from core.store.campaigns import fetch_campaign_by_name
from core.store.database import reading
from core.store.erasure import find_traces
from core.store.journal import write_entries
from core.store.list_logs import count_list_logs
from core.store.lists import count_records, fetch_list_by_name, insert_records
from core.store.pages import CAMPAIGNS, Wanted, fetch_named, fetch_page, is_name_free
from core.store.record_pages import count_found
from core.store.traces import fetch_records_with_further, fetch_records_with_number
from tests.support.store_site import NOW, Site, closed, furnish, placed

#: Each would find everything, or do something else, if it became a part of the question.
TEXTS = (
    "' OR '1'='1",
    '" OR "1"="1',
    "' OR 1=1 -- ",
    "\\' OR 1=1 -- ",
    "') OR ('1'='1",
    "x'; DROP TABLE record; -- ",
    "%",
    "_",
    "%1%",
    "1%",
    "%s",
    "%(number)s",
    "?",
    ":name",
    "\\",
    "\\%",
)

Lookup = Callable[[Connection, Site, str], int]

#: By what is asked: a text that finds something, and how much a text finds.
LOOKUPS: dict[str, tuple[str, Lookup]] = {
    "list": ("people", lambda conn, _, text: bool(fetch_list_by_name(conn, text))),
    "campaign": ("calls", lambda conn, _, text: bool(fetch_campaign_by_name(conn, text))),
    "page": (
        "CALL",
        lambda conn, _, text: fetch_page(conn, CAMPAIGNS, Wanted(text=text), offset=0, limit=9)[1],
    ),
    "named": ("calls", lambda conn, _, text: bool(fetch_named(conn, CAMPAIGNS, text))),
    "free name": ("calls", lambda conn, _, text: not is_name_free(conn, CAMPAIGNS, text)),
    "records": (
        "10",
        lambda conn, site, text: count_found(conn, site.call_list.id, text=text, most=9),
    ),
    "calls of a list": (
        "ermin",
        lambda conn, site, text: count_list_logs(conn, site.call_list.id, text=text, most=9),
    ),
    "black list": (
        "101",
        lambda conn, site, text: len(fetch_blacklist_entries(conn, [site.call_list.id], [text])),
    ),
    "entries": (
        "101",
        lambda conn, site, text: len(fetch_records_of(conn, site.call_list.id, text)),
    ),
    "number": (
        "101",
        lambda conn, site, text: len(fetch_records_with_number(conn, [site.call_list.id], text, 9)),
    ),
    "further number": (
        "777",
        lambda conn, _, text: len(fetch_records_with_further(conn, text, newest=99, limit=9)),
    ),
    "traces": (
        "101",
        lambda conn, _, text: len(find_traces(conn, text, keeps_black_lists=False).record_ids),
    ),
    "calls": ("101", lambda conn, _, text: count_calls(conn, reports.LogFilter(number=text))),
    "status": ("SALE", lambda conn, _, text: count_calls(conn, reports.LogFilter(ext_status=text))),
    "who": ("bea", lambda conn, _, text: len(fetch_log(conn, LogFilter(who=text), 9))),
    "action": ("login", lambda conn, _, text: len(fetch_log(conn, LogFilter(action=text), 9))),
}


def count_calls(conn: Connection, wanted: reports.LogFilter) -> int:
    return len(reports.search_logs(conn, wanted, before_id=None, limit=9, depth=99).logs)


@pytest.fixture
def site(database: Engine) -> Site:
    """Five records, one of which has a further number, a call to the second, a line in the log."""
    found = furnish(database)
    call = found.attempt(1, record=1)
    ended = closed(call, state=CallState.TERMINATED, ext_status="SALE")
    line = LogEntry(at=NOW, who="bea", face=Face.WEB, action="login", address="")
    with database.begin() as conn:
        further = (found.call_list.id, "555", '{"MULTINUM1":"777"}')
        insert_records(conn, [further])
        write_entries(conn, [placed(call), ended])
        write_log(conn, line)
    return found


def test_a_text_finds_what_has_it_and_nothing_else(database: Engine, site: Site) -> None:
    with reading(database) as conn:
        for what, (right, look) in LOOKUPS.items():
            assert (what, look(conn, site, right) > 0) == (what, True)
            found = {text: _count(look, conn, site, text) for text in TEXTS}
            assert (what, found) == (what, dict.fromkeys(TEXTS, 0))


def _count(look: Lookup, conn: Connection, site: Site, text: str) -> int:
    try:
        return look(conn, site, text)
    except NotFound:
        return 0


def test_whatever_is_stored_comes_back_and_is_found_by_itself_alone(
    database: Engine, site: Site
) -> None:
    key = site.call_list.id
    with database.begin() as conn:
        rows = [(text, None, None) for text in TEXTS]
        assert Appender(conn, key, commit_rows=None).append_new([*rows, *rows]) == len(TEXTS)
        entries = fetch_blacklist_entries(conn, [key], TEXTS)
        assert {number: len(found) for number, found in entries.items()} == dict.fromkeys(TEXTS, 1)
        assert count_records(conn, key) == 6 + len(TEXTS)
