"""What is told: as JSON, through filters, out of the ring."""

import json
from dataclasses import fields
from datetime import timedelta

import pytest

from core.dialer.live import Live
from core.engine.newsring import KEPT, NewsRing
from core.engine.teller import PAUSE, Teller
from core.model import Campaign
from core.rules.news import TOPICS, Filter, News, Topic, render_news
from tests.support.installation import HOME
from tests.support.news import call_news, figures_news
from tests.support.world import NOON, World
from web.events import Cause


def numbers(ring: NewsRing, after: int, limit: int = 100) -> list[int] | None:
    found = ring.after(after, limit)
    return None if found is None else [told.number for told in found]


def ring_of(count: int, capacity: int = 10) -> NewsRing:
    ring = NewsRing("e", capacity=capacity)
    for number in range(1, count + 1):
        ring.add(call_news(number))
    return ring


def test_a_call_is_one_line_of_json() -> None:
    text = render_news(call_news(outputs={"SAID": "yes\n"}))
    assert b"\n" not in text
    assert json.loads(text) == {
        "at": "2026-03-02T12:00:00Z",
        "call_id": 1,
        "run_id": 7,
        "campaign_id": 3,
        "campaign": "Spring",
        "list_id": 2,
        "list_name": "people",
        "record_id": 11,
        "number": "5551234",
        "retry_no": 0,
        "state": "CONNECTED",
        "ext_status": "",
        "outputs": {"SAID": "yes\n"},
    }


def test_half_a_character_is_a_question_mark_and_keeps_nothing_from_being_told() -> None:
    found = json.loads(render_news(call_news(ext_status="a\ud800", outputs={"\udc80": "b\udfff"})))
    assert (found["ext_status"], found["outputs"]) == ("a?", {"?": "b?"})
    assert (found["at"], found["state"]) == ("2026-03-02T12:00:00Z", "CONNECTED")


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (Filter(), True),
        (Filter(topics=frozenset({Topic.CALL_CHANGED, Topic.RUN_CHANGED})), True),
        (Filter(topics=frozenset({Topic.CALL_ENDED})), False),
        (Filter(campaigns=frozenset({"Spring", "Autumn"})), True),
        (Filter(campaigns=frozenset({"spring"})), False),
        (Filter(runs=frozenset({7})), True),
        (Filter(runs=frozenset({8})), False),
        (Filter(topics=frozenset({Topic.CALL_CHANGED}), runs=frozenset({8})), False),
    ],
)
def test_a_filter_wants_all_of_its_parts(wanted: Filter, passes: bool) -> None:
    assert wanted.lets_through(call_news()) is passes


def test_news_come_out_of_the_ring_in_order() -> None:
    ring = ring_of(3)
    assert ring.newest == 3
    assert numbers(ring, 0) == [1, 2, 3]
    assert numbers(ring, 1, limit=1) == [2]
    assert numbers(ring, 3) == []


def test_a_ring_that_has_gone_past_says_so() -> None:
    ring = ring_of(25)
    assert numbers(ring, 14) is None
    assert numbers(ring, 15) == list(range(16, 26))
    assert numbers(ring, 26) is None, "nobody can have heard of what did not happen"


def test_old_news_are_forgotten_and_whoever_has_heard_them_misses_nothing() -> None:
    ring = NewsRing("e", capacity=10)
    ring.add(call_news(1))
    ring.add(call_news(2, at=NOON + timedelta(seconds=10)))
    ring.forget(NOON + KEPT + timedelta(seconds=1))
    assert numbers(ring, 0) is None
    assert numbers(ring, 1) == [2]
    ring.forget(NOON + KEPT * 2)
    assert numbers(ring, 1) is None
    assert numbers(ring, 2) == []
    ring.add(call_news(3, at=NOON + KEPT * 2))
    assert numbers(ring, 2) == [3]


def test_listeners_hear_that_there_are_news_until_they_leave() -> None:
    ring, heard = NewsRing("e"), list[str]()
    leave = ring.subscribe(lambda: heard.append("one"))
    ring.subscribe(lambda: heard.append("other"))
    ring.add(call_news())
    leave()
    ring.add(call_news())
    assert heard == ["one", "other", "other"]


def test_a_listener_that_fails_keeps_nobody_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ring, heard = NewsRing("e"), list[int]()

    def fail() -> None:
        raise RuntimeError("no")

    ring.subscribe(fail)
    ring.subscribe(lambda: heard.append(ring.newest))
    ring.add(call_news())
    assert heard == [1]
    assert "news did not reach everybody" in caplog.text


def test_news_are_rendered_once() -> None:
    ring = ring_of(1)
    [told], [again] = ring.after(0, 9) or (), ring.after(0, 9) or ()
    assert told.text is again.text


def test_figures_are_told_after_a_pause_and_only_when_they_changed() -> None:
    world = World()
    world.add_list(1, ["1000", "1001"])
    world.load(Campaign(id=1, name="c"))
    teller = Teller(world.dialer.live)
    [first] = teller.news(NOON)
    assert (first.attempted, first.live_calls, first.remaining) == (2, 2, 0)
    assert teller.news(NOON + PAUSE) == [], "nothing has changed"
    world.complete(world.originates[0].channel_id)
    [second] = teller.news(NOON + PAUSE)
    assert (second.live_calls, second.completed, second.outcomes) == (1, 1, {"TERMINATED": 1})
    world.complete(world.originates[1].channel_id)
    assert teller.news(NOON + PAUSE * 2 - timedelta(seconds=0.1)) == []
    [third] = teller.news(NOON + PAUSE * 2)
    assert (third.state, third.completed) == ("COMPLETED", 2)


def test_a_run_that_is_out_of_sight_is_forgotten() -> None:
    world = World()
    world.add_list(1, ["1000"])
    world.load(Campaign(id=1, name="c"))
    live = Live(runs=dict(world.dialer.live.runs))
    teller = Teller(live)
    assert len(teller.news(NOON)) == 1
    runs, live.runs = live.runs, {}
    assert teller.news(NOON + PAUSE) == []
    live.runs = runs
    assert len(teller.news(NOON + PAUSE)) == 1


def test_the_documentation_names_every_event_reason_and_field() -> None:
    text = (HOME / "docs" / "events.md").read_text()
    names = {topic.value for topic in Topic} | {cause.value for cause in Cause}
    names |= {field.name for kind in TOPICS for field in fields(kind)}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_all_news_have_a_run_and_a_campaign_to_be_filtered_by() -> None:
    told: list[News] = [call_news(), figures_news()]
    wanted = Filter(campaigns=frozenset({"Spring"}), runs=frozenset({7}))
    assert [wanted.lets_through(news) for news in told] == [True, True]
