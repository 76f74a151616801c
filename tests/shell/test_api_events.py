"""The stream of events: what a listener hears, how it comes back, and what a slow one costs."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from core.engine.newsring import CAPACITY, NewsRing
from core.model import Campaign
from core.operations.tokens import add_token, revoke_token, show_tokens
from core.people import SYSTEM
from core.rules.stamps import Stamp
from core.settings import WebSettings
from core.store.campaigns import save_campaign
from tests.support.fixtures_web import (
    NOW,
    SESSION,
    Web,
    Wire,
    log_on,
    make_guarded_web,
    parse_answer,
)
from tests.support.news import call_news, figures_news
from tests.support.world import NOON
from web.events import GATHER_S, LONGEST_S, PORTION
from web.viewer import HEARTBEAT_S, LOOK_BEATS, PATIENCE

EVENTS = "/api/v1/events"


@dataclass(frozen=True)
class Event:
    """One event as a client reads it."""

    name: str
    id: str
    data: Any


def read(wire: Wire) -> list[Event]:
    """The events that were written since last asked, heartbeats left out."""
    start = wire.value().find(b"HTTP/1.1")
    raw = wire.value()
    if start != 0:
        raw = b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n" + raw
    wire.clear()
    events = []
    for block in parse_answer(raw).body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line[:1] != ":" and line)
        if "data" in fields:
            events.append(Event(fields["event"], fields["id"], json.loads(fields["data"])))
    return events


def listen(web: Web, query: str = "", **headers: str) -> Wire:
    """A listener that has read the first reset."""
    wire = web.send("GET", EVENTS + query, **headers)
    wire.clear()
    return wire


def calls(events: list[Event]) -> list[int]:
    return [event.data["call_id"] for event in events if event.name == "call.changed"]


def tell(web: Web, *numbers: int, **changes: object) -> None:
    for number in numbers:
        web.news.add(call_news(number, **changes))
    web.clock.advance(LONGEST_S)


def test_a_listener_begins_with_a_reset_and_hears_what_follows(web: Web) -> None:
    tell(web, 1, 2)
    wire = web.send("GET", EVENTS)
    head = parse_answer(wire.value()).headers
    assert (head["content-type"], head["cache-control"]) == ("text/event-stream", "no-store")
    assert read(wire) == [Event("reset", "e1-2", {"reason": "begin"})]
    tell(web, 3)
    [told] = read(wire)
    assert (told.name, told.id, told.data["call_id"]) == ("call.changed", "e1-3", 3)
    assert told.data["at"] == "2026-03-02T12:00:00Z"
    assert (told.data["state"], told.data["campaign"]) == ("CONNECTED", "Spring")


@pytest.mark.parametrize("by_header", [True, False])
def test_who_comes_back_goes_on_behind_the_last_event(web: Web, by_header: bool) -> None:
    tell(web, 1, 2, 3, 4)
    query = "" if by_header else "?after=e1-2"
    headers = {"Last-Event-ID": "e1-2"} if by_header else {}
    assert calls(read(web.send("GET", EVENTS + query, **headers))) == [3, 4]


def test_who_has_missed_nothing_hears_nothing(web: Web) -> None:
    tell(web, 1)
    wire = web.send("GET", EVENTS, Last_Event_ID="e1-1")
    assert read(wire) == []
    tell(web, 2)
    assert calls(read(wire)) == [2]


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        ("e0-2", "restart"),
        ("nonsense", "restart"),
        ("e1-", "gap"),
        ("e1-x", "gap"),
        ("e1-9", "gap"),
        ("e1-" + "9" * 80, "gap"),
        ("e1-1", "gap"),
    ],
)
def test_who_cannot_go_on_is_told_why(web: Web, heard: str, reason: str) -> None:
    tell(web, 1, 2)
    web.news.forget(NOON + timedelta(hours=1))
    [told] = read(web.send("GET", EVENTS, Last_Event_ID=heard))
    assert told == Event("reset", "e1-2", {"reason": reason})


def test_a_heartbeat_says_how_far_a_listener_has_heard(web: Web) -> None:
    wire = listen(web, "?type=run.changed")
    tell(web, 1, 2)
    assert wire.value() == b""
    web.clock.advance(HEARTBEAT_S)
    assert b": alive\nid: e1-2\n\n" in wire.value()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["call.changed", "run.figures", "call.changed"]),
        ("?type=run.figures", ["run.figures"]),
        ("?type=run.figures&type=call.changed&run=8", ["call.changed"]),
        ("?campaign=Autumn", ["call.changed"]),
        ("?campaign=Spring&campaign=Autumn&type=call.changed", ["call.changed"] * 2),
        ("?run=9", []),
    ],
)
def test_a_listener_hears_what_it_asked_for(web: Web, query: str, names: list[str]) -> None:
    wire = listen(web, query)
    web.news.add(call_news(1))
    web.news.add(figures_news())
    tell(web, 2, campaign="Autumn", run_id=8)
    assert [event.name for event in read(wire)] == names


@pytest.mark.parametrize("query", ["?type=call", "?run=x", "?run=0", "?colour=red"])
def test_a_filter_that_means_nothing_is_refused(web: Web, query: str) -> None:
    answer = web.get(EVENTS + query)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")


def test_news_are_gathered_and_written_together(web: Web) -> None:
    wire = listen(web)
    web.news.add(call_news(1))
    web.clock.advance(0)
    assert calls(read(wire)) == [1], "after a quiet time at once"
    for number in (2, 3, 4):
        web.news.add(call_news(number))
        web.clock.advance(GATHER_S / 4)
    assert wire.value() == b""
    web.clock.advance(GATHER_S / 4)
    assert calls(read(wire)) == [2, 3, 4]


def test_many_listeners_share_one_rendering(web: Web) -> None:
    wires = [listen(web, query) for query in ("", "", "?run=7")]
    tell(web, 1)
    assert [calls(read(wire)) for wire in wires] == [[1], [1], [1]]
    [told] = web.news.after(0, 1) or []
    before = told.text
    listen(web, Last_Event_ID="e1-0")
    assert told.text is before


def test_for_a_slow_listener_nothing_is_kept_but_its_place(web: Web) -> None:
    wire = listen(web)
    wire.producer.pauseProducing()
    tell(web, *range(1, 6))
    assert wire.value() == b""
    wire.producer.resumeProducing()
    assert calls(read(wire)) == [1, 2, 3, 4, 5]


def test_a_slow_listener_that_the_ring_has_passed_is_told_to_look_anew(web: Web) -> None:
    wire = listen(web)
    wire.producer.pauseProducing()
    tell(web, *range(1, CAPACITY + 2))
    wire.producer.resumeProducing()
    assert read(wire) == [Event("reset", f"e1-{CAPACITY + 1}", {"reason": "gap"})]
    tell(web, 5)
    assert calls(read(wire)) == [5]


def test_one_that_catches_up_is_given_portions_and_stops_where_it_has_no_room(web: Web) -> None:
    wire = listen(web)
    wire.producer.pauseProducing()
    tell(web, *range(PORTION * 2 + 50))

    def write(data: bytes) -> None:
        StringTransport.write(wire, data)
        wire.producer.pauseProducing()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "write", write)
        patch.setattr(wire, "writeSequence", lambda parts: write(b"".join(parts)))
        for expected in (PORTION, PORTION, 50):
            wire.producer.resumeProducing()
            assert len(read(wire)) == expected


def test_a_listener_without_room_for_a_minute_is_cut_off(web: Web) -> None:
    slow, quick = listen(web), listen(web)
    slow.producer.pauseProducing()
    web.clock.pump([HEARTBEAT_S] * PATIENCE)
    assert (slow.disconnecting, quick.disconnecting) == (True, False)


def test_nobody_listens_to_the_dialer_when_nobody_listens_here(web: Web) -> None:
    wire = listen(web)
    wire.hang_up()
    web.news.add(call_news(1))
    assert web.clock.getDelayedCalls() == []


def test_streams_end_cleanly_when_the_server_stops(web: Web) -> None:
    events, page = listen(web), web.send("GET", "/live/stream")
    web.site.doStart()
    web.site.doStop()
    for wire in (events, page):
        assert wire.value().endswith(b"0\r\n\r\n"), "the last chunk"
        assert wire.disconnecting
    tell(web, 1)
    assert calls(read(events)) == []


def test_a_head_is_answered_and_over(web: Web) -> None:
    wire = web.send("HEAD", EVENTS)
    assert parse_answer(wire.value()).status == 200
    assert b"event" not in wire.value().partition(b"\r\n\r\n")[2]
    again = web.send("GET", EVENTS)
    assert read(again)[0].name == "reset"


def test_as_many_streams_are_open_as_may_be(web: Web) -> None:
    small = make_guarded_web(
        web.engine,
        WebSettings(max_connections=4),
        cookie=f"whipbird_session={SESSION}",
        news=web.news,
    )
    wires = [listen(small) for _ in range(3)]
    refused = small.get(EVENTS)
    assert (refused.status, refused.headers["retry-after"]) == (503, "10")
    wires[0].hang_up()
    assert small.send("GET", EVENTS).value().startswith(b"HTTP/1.1 200")


# What a listener may hear


def protect(web: Web, key: str) -> None:
    with web.engine.begin() as conn:
        stamp = Stamp(created_by="somebody")
        save_campaign(conn, Campaign(name="Autumn", security_key=key, stamp=stamp))


@pytest.fixture
def simple(web_engine: Any) -> Web:
    """A server whose user bea holds RT and no feature key."""
    log_on(web_engine, class_name="USER")
    return make_guarded_web(web_engine, cookie=f"whipbird_session={SESSION}", news=NewsRing("e1"))


def test_a_listener_hears_nothing_of_a_campaign_it_may_not_see(simple: Web) -> None:
    protect(simple, "ZURICH")
    wire = listen(simple)
    tell(simple, 1, campaign="Autumn")
    tell(simple, 2)
    assert calls(read(wire)) == [2]
    assert calls(read(simple.send("GET", EVENTS, Last_Event_ID="e1-0"))) == [2]


def test_who_may_see_less_than_before_is_told_to_look_anew(simple: Web) -> None:
    wire = listen(simple)
    protect(simple, "ZURICH")
    simple.clock.pump([HEARTBEAT_S] * LOOK_BEATS)
    assert read(wire) == [Event("reset", "e1-0", {"reason": "access"})]
    tell(simple, 1, campaign="Autumn")
    assert calls(read(wire)) == []


def test_without_the_key_nobody_listens(web: Web) -> None:
    token = make_token(web, "LIST")
    answer = web.get(EVENTS, **token)
    assert (answer.status, json.loads(answer.body)["title"]) == (403, "Not allowed")
    assert web.get(EVENTS, Cookie="").status == 401


def test_a_revoked_token_hears_no_more(web: Web) -> None:
    token = make_token(web, "RT")
    wire = listen(web, **token)
    tell(web, 1)
    assert calls(read(wire)) == [1]
    [view] = show_tokens(web.engine, SYSTEM, "anna")
    revoke_token(web.engine, SYSTEM, view.id, NOW)
    web.clock.pump([HEARTBEAT_S] * LOOK_BEATS)
    assert wire.disconnecting


def make_token(web: Web, keys: str) -> dict[str, str]:
    _view, secret = add_token(web.engine, SYSTEM, "anna", "tests", keys, NOW)
    return {"Authorization": f"Bearer {secret}", "Cookie": ""}
