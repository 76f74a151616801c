"""The live page's event stream: what is framed, how often, and what a slow viewer costs."""

from dataclasses import replace

import pytest

from core.ports.snapshot import Snapshot
from core.rules.states import RunState
from tests.support.fixtures_web import Web, Wire, parse_answer, run_view, snapshot_of


def with_live(count: int) -> Snapshot:
    return snapshot_of(run_view(), live_total=count)


def open_stream(web: Web) -> Wire:
    """A viewer whose first frame has been read."""
    wire = web.send("GET", "/live/stream")
    wire.clear()
    return wire


def new_text(wire: Wire) -> str:
    """What was written since last asked, without the marks of chunks."""
    text = parse_answer(b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n" + wire.value()).body
    wire.clear()
    return text


def shown(text: str) -> list[int]:
    """The numbers of live calls in the order they were sent."""
    mark = 'id="live-total">'
    return [int(part.split("<")[0]) for part in text.split(mark)[1:]]


def test_a_viewer_gets_the_newest_snapshot_at_once(web: Web) -> None:
    answer = parse_answer(web.send("GET", "/live/stream").value())
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    retry, overview, calls, end = answer.body.split("\n\n")
    assert retry == "retry: 2000"
    assert overview.startswith("event: overview\ndata: ")
    assert calls.startswith("event: calls\ndata: ")
    assert all(line.startswith("data: ") for line in overview.split("\n")[1:])
    assert end == ""


def test_a_new_snapshot_is_sent_on_the_reactors_next_turn(web: Web) -> None:
    wire = open_stream(web)
    web.source.publish(with_live(41))
    assert wire.value() == b""
    web.clock.advance(0)
    assert shown(new_text(wire)) == [41]


def test_at_most_two_updates_a_second_leave_and_the_last_one_counts(web: Web) -> None:
    wire = open_stream(web)
    for count in range(100):
        web.source.publish(with_live(count))
        web.clock.advance(0.02)
    web.clock.advance(0.5)
    sent = shown(new_text(wire))
    assert len(sent) <= 5
    assert sent[-1] == 99


def test_a_heartbeat_is_sent_every_fifteen_seconds(web: Web) -> None:
    wire = open_stream(web)
    web.clock.advance(14.9)
    assert wire.value() == b""
    web.clock.advance(0.2)
    assert new_text(wire) == ": alive\n\n"


def test_a_viewer_without_room_gets_only_the_newest_once_it_has_some(web: Web) -> None:
    wire = open_stream(web)
    wire.producer.pauseProducing()
    for count in range(50):
        web.source.publish(with_live(count))
        web.clock.advance(1)
    assert wire.value() == b""
    wire.producer.resumeProducing()
    assert shown(new_text(wire)) == [49]
    wire.producer.resumeProducing()
    assert wire.value() == b""


def test_one_slow_viewer_holds_up_no_other(web: Web) -> None:
    slow, quick = open_stream(web), open_stream(web)
    slow.producer.pauseProducing()
    web.source.publish(with_live(5))
    web.clock.advance(1)
    assert shown(new_text(quick)) == [5]
    assert slow.value() == b""


def test_a_viewer_without_room_for_a_minute_is_cut_off(web: Web) -> None:
    wire = open_stream(web)
    wire.producer.pauseProducing()
    web.clock.pump([15, 15, 15])
    assert not wire.disconnecting
    web.clock.advance(15)
    assert wire.disconnecting


def test_a_viewer_that_had_room_in_between_stays(web: Web) -> None:
    wire = open_stream(web)
    wire.producer.pauseProducing()
    web.clock.pump([15, 15, 15])
    wire.producer.resumeProducing()
    wire.producer.pauseProducing()
    web.clock.pump([15, 15, 15])
    assert not wire.disconnecting


def test_nobody_listens_when_nobody_looks(web: Web) -> None:
    assert web.source.subscribers == []
    wires = [open_stream(web), open_stream(web)]
    assert len(web.source.subscribers) == 1
    wires[0].hang_up()
    assert len(web.source.subscribers) == 1
    wires[1].hang_up()
    assert web.source.subscribers == []
    assert web.clock.getDelayedCalls() == []


def test_an_update_under_way_when_the_last_viewer_leaves_harms_nobody(web: Web) -> None:
    wire = open_stream(web)
    web.source.publish(with_live(1))
    wire.hang_up()
    web.clock.advance(1)
    again = open_stream(web)
    web.source.publish(with_live(2))
    web.clock.advance(1)
    assert shown(new_text(again)) == [2]


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({"attempted": 9999}, False),
        ({"state": RunState.PAUSED}, True),
        ({"run_id": 8}, True),
    ],
)
def test_campaigns_are_fetched_again_only_when_runs_change(
    web: Web, change: dict[str, object], is_told: bool
) -> None:
    wire = open_stream(web)
    web.source.publish(snapshot_of(replace(run_view(), **change)))
    web.clock.advance(1)
    assert ("event: runs\ndata: changed\n\n" in new_text(wire)) is is_told
