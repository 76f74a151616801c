"""However a request in the dialect is malformed, its answer is one that a client can read."""

import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.store.database import open_database, upgrade
from tests.support.fixtures_web import (
    FakeControl,
    FakeSource,
    FixedClock,
    InlinePool,
    TurningClock,
    Web,
    parse_answer,
    snapshot_of,
    store_site,
)

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


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    from web.site import make_site

    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('dialect') / 'web.db'}")
    upgrade(engine)
    store_site(engine, name="ABC")
    source, control, clock = FakeSource(snapshot_of()), FakeControl(), TurningClock()
    site = make_site(
        source=source,
        control=control,
        engine=engine,
        pool=InlinePool(),
        clock=FixedClock(),
        reactor=clock,
    )
    yield Web(site=site, source=source, control=control, clock=clock, engine=engine)
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
        b"Content-Length: %d\r\n\r\n%b" % (method, place.encode(), query, kind, len(body), body)
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


@given(path=st.text(alphabet=string.printable.replace("?", ""), max_size=30))
@settings(deadline=None)
def test_any_address_below_a_context_gets_an_answer(far: Web, path: str) -> None:
    wire = far.connect()
    line = f"GET /wombat/{path} HTTP/1.1".encode()
    wire.protocol.dataReceived(line + b"\r\nHost: localhost\r\n\r\n")
    status = int(wire.value().split()[1])
    assert status in (200, 302, 400, 404)
    wire.hang_up()
