"""However a request in the dialect is malformed, its answer is one that a client can read."""

import json
import string
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.store.campaigns import save_campaign
from tests.support.databases import fresh_sqlite
from tests.support.edit import EXAMPLES
from tests.support.fixtures_web import (
    NOW,
    Web,
    call_log,
    make_guarded_web,
    parse_answer,
    store_logs,
    store_run,
    store_site,
)
from tests.support.people import basic, make_user
from web.compat.dialect import ENDPOINTS

#: What the manual's addresses are made of.
WORDS = (
    *("op", "campaign", "newcampaign", "list", "as", "number", "numbers", "attrs", "schedule"),
    *("wombatid", "attr", "val", "status", "agent", "id", "wid", "unqid", "factor", "key", "data"),
    *("start", "pause", "remove", "clone", "reload", "STATE", "STOP", "START", "addcall", "boost"),
    *("addToList", "stowAway", "addList", "addBlackList", "reserve", "dial", "skip", "update"),
    *("ABC", "spring", "201", "1", "-1", "99999999999999999999", "2026-03-18.14:00:00", "A:b,C:d"),
)
PLACES = (
    *("engine", "campaigns", "calls", "lists", "runlists", "endpoint", "recallinfo", "callinfo"),
    *("reserve", "sysup", "sysup/jmx", "addkey", "dialer", "inspect_dialer", "nope", ""),
    *("edit/trunk", "edit/campaign", "edit/campaign/list", "edit/list/record", "edit/nope"),
    *("reports/logs", "reports/runs", "reports/stats", "reports/nope", "live/calls", "live/runs"),
)
#: Bytes that a client may put into a query or a body, raw or encoded.
RAW = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n"))
WORD = st.sampled_from(WORDS).map(str.encode)
PIECE = st.one_of(WORD, RAW, st.sampled_from([b"=", b"&", b"|", b":", b",", b" ", b"%", b"%00"]))
FIELDS = st.one_of(
    st.lists(st.tuples(WORD, st.one_of(WORD, RAW)), max_size=6).map(
        lambda pairs: b"&".join(name + b"=" + value for name, value in pairs)
    ),
    st.lists(PIECE, max_size=12).map(b"".join),
)
TYPES = st.sampled_from(
    [
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded; charset=x",
        b"application/json",
        b"multipart/form-data; boundary=x",
        b"",
    ]
)


#: Values of fields as clients write them, right and wrong.
VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "ABC",
                "spring",
                "NEW",
                "201",
                "1",
                "0",
                "-1",
                "500",
                "99999999999999999999",
                "WBT.1",
            ),
            *("201,A:b|202,A:c d|", "A:b,C:d", "15", "2026-03-18.14:00:00", "2026-99-99.1", ""),
            *("2026-03-18", "2026-02-30.00:00:00", "9999-12-31"),
        ]
    ),
    st.text(max_size=20).map(lambda text: text.replace("&", "").replace("\x00", "")),
)
NAMES = st.sampled_from(
    [
        *("campaign", "newcampaign", "list", "as", "number", "numbers", "attrs", "schedule"),
        *("wombatid", "attr", "val", "status", "agent", "id", "wid", "unqid", "factor", "queue"),
        *("mode", "data", "parent", "query"),
        *("dedupe", "fireforget", "reason", "late_reschedule", "from", "to", "items"),
        *("runId", "mode"),
    ]
)
#: What an object of the configuration may be said to hold, right and wrong.
FIELDS_OF_OBJECTS = (
    *("id", "trunkId", "epId", "openingHourId", "campaignId", "listId", "callId", "cclId", "cohId"),
    *("rescheduleRuleId", "dispositionId", "astId", "rule", "cl", "clType", "name", "description"),
    *("port", "capacity", "pace", "priority", "dial_timeout", "timeDow", "timeStartHr", "rules"),
    *("status", "statusExt", "mode", "maxAttempts", "onState", "verb", "destination", "deferSec"),
    *("attributes", "number", "securityKey", "initialBoostFactor", "emailAddresses", "password"),
    *("dialstring", "extension", "context", "defaultMode", "isHidden", "type", "campaignVars"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(
        [2**31, 2**63, -(2**70), 1.5, 1e308, "1", "-1", "", "spring", "ABC", "RS_BUSY"]
    ),
    st.sampled_from(["HTTP_POST", "ADD_LIST", "RESCHEDULE", "BLACK_LIST", "FAKEAMI", "DEF_OPEN"]),
    st.sampled_from(["http://x.ch/", "Local/${num}@x", "23456", "093000", "A:b,C:d", "x" * 300]),
    st.text(max_size=12),
)
WITHIN = st.one_of(
    LEAVES,
    st.dictionaries(st.sampled_from(FIELDS_OF_OBJECTS), LEAVES, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(("attrName", "onDow", "state")), LEAVES), max_size=3),
)
OBJECT = st.dictionaries(st.sampled_from(FIELDS_OF_OBJECTS), WITHIN, max_size=3)
EDITED = [place for place in ENDPOINTS if place.startswith("edit/")]
#: An object of `edit/…` and what is posted to it: something that is nearly right, or anything.
POSTED = st.one_of(
    st.builds(
        lambda thing, wrong: (f"edit/{thing}", json.dumps(EXAMPLES[thing] | wrong)),
        st.sampled_from(sorted(EXAMPLES)),
        OBJECT,
    ),
    st.tuples(
        st.sampled_from(EDITED),
        st.one_of(OBJECT.map(json.dumps), st.text(max_size=20), st.just("[" * 5000)),
    ),
)
ENVELOPE = ["status", "error", "timeMs", "results", "allResults", "startFrom", "nRecords"]

ANNA = basic("anna")
OPERATIONS = [(place, op) for place, known in ENDPOINTS.items() for op in known]


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    engine = fresh_sqlite(tmp_path_factory.mktemp("dialect") / "web.db")
    campaign = store_site(engine, name="ABC")
    with engine.begin() as conn:
        done = save_campaign(conn, replace(campaign, id=0, name="DONE"))
    store_logs(engine, call_log(store_run(engine, done), done, 1))
    make_user(engine, NOW)
    yield make_guarded_web(engine)
    engine.dispose()


@given(
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"get"]),
    place=st.sampled_from(PLACES),
    query=FIELDS,
    kind=TYPES,
    body=FIELDS,
)
@settings(max_examples=300, deadline=None)
def test_a_malformed_request_gets_a_readable_answer(
    far: Web, method: bytes, place: str, query: bytes, kind: bytes, body: bytes
) -> None:
    wire = far.connect()
    wire.protocol.dataReceived(
        b"%b /wombat/api/%b/?%b HTTP/1.1\r\nHost: localhost\r\nContent-Type: %b\r\n"
        b"Authorization: %b\r\nContent-Length: %d\r\n\r\n%b"
        % (method, place.encode(), query, kind, ANNA.encode(), len(body), body)
    )
    said = wire.value()
    assert b"Traceback" not in said
    if said == b"HTTP/1.1 400 Bad Request\r\n\r\n":
        assert any(byte < 32 for byte in query), "only control characters in the request line"
        return
    answer = parse_answer(said)
    assert answer.status in (200, 302)
    if answer.status == 200:
        assert answer.headers["content-type"] in (
            "application/json;charset=UTF-8",
            "text/plain;charset=UTF-8",
        )
        assert answer.body
        assert "something went wrong" not in answer.body
    wire.hang_up()


@given(
    asked=st.sampled_from(OPERATIONS),
    fields=st.dictionaries(NAMES, VALUES, max_size=8),
    is_form=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_every_operation_answers_whatever_its_fields_are(
    far: Web, asked: tuple[str, str], fields: dict[str, str], is_form: bool
) -> None:
    place, op = asked
    sent = urlencode({"op": op, **fields})
    if is_form:
        answer = far.ask("POST", f"/wombat/api/{place}/", sent, Authorization=ANNA)
    else:
        answer = far.get(f"/wombat/api/{place}/?{sent}", Authorization=ANNA)
    assert answer.status == 200
    assert "something went wrong" not in answer.body
    if answer.headers["content-type"] == "application/json;charset=UTF-8":
        json.loads(answer.body)
    elif answer.body.startswith("ERROR"):
        assert "OK" not in answer.body


@given(
    posted=POSTED,
    mode=st.sampled_from(["L", "E", "E", "E", "D", "MU", "MD", "e", "X", ""]),
    fields=st.dictionaries(
        st.sampled_from(["parent", "query", "from", "items"]), VALUES, max_size=1
    ),
    parent=st.sampled_from(["1", "1", "1", "2", "-1", "x", str(2**63)]),
)
@settings(max_examples=600, deadline=None)
def test_whatever_is_posted_as_an_object_the_answer_is_a_listing(
    far: Web, posted: tuple[str, str], mode: str, fields: dict[str, str], parent: str
) -> None:
    place, data = posted
    sent = urlencode({"mode": mode, "data": data, "parent": parent, **fields})
    answer = far.ask("POST", f"/wombat/api/{place}/", sent, Authorization=ANNA)
    assert answer.status == 200
    found = json.loads(answer.body)
    assert list(found) == ENVELOPE
    assert found["status"] in ("OK", "ERROR")
    assert bool(found["error"]) == (found["status"] == "ERROR")
    for trouble in ("something went wrong", "does not answer", "Traceback"):
        assert trouble not in found["error"]
    if found["status"] == "OK":
        assert found["nRecords"] == len(found["results"]) <= found["allResults"]


@given(path=st.text(alphabet=string.printable.replace("?", ""), max_size=30))
@settings(deadline=None)
def test_any_address_below_a_context_gets_an_answer(far: Web, path: str) -> None:
    wire = far.connect()
    line = f"GET /wombat/{path} HTTP/1.1".encode()
    wire.protocol.dataReceived(line + b"\r\nHost: localhost\r\n\r\n")
    status = int(wire.value().split()[1])
    assert status in (200, 302, 400, 404)
    wire.hang_up()
