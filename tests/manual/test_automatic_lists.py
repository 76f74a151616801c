"""Manual 25.02, "Automatic lists" and "Add a call to a campaign"."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from core.model import Campaign, Record
from core.rules.schedule import parse_not_before
from core.rules.states import RunState
from core.store.automatic import automatic_name
from tests.support.world import World

NOW = datetime(2012, 3, 1, 12, 0, tzinfo=UTC)


def idle_world() -> World:
    """A campaign "callback" with no lists, idle on termination, as in the manual's queue
    call-back."""
    world = World()
    world.load(Campaign(id=1, name="callback", idles_on_termination=True))
    assert world.progress[1].state is RunState.IDLE
    return world


def test_the_list_is_named_after_the_campaign() -> None:
    assert automatic_name("callback") == "callback/AUTO"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("15", datetime(2012, 3, 1, 12, 0, 15, tzinfo=UTC)),
        ("2012-03-18.00:00:00", datetime(2012, 3, 18, tzinfo=UTC)),
    ],
)
def test_calls_are_queued_for_the_future(schedule: str, expected: datetime) -> None:
    assert parse_not_before(schedule, NOW, ZoneInfo("UTC")) == expected


def test_an_idling_campaign_is_woken_up() -> None:
    world = idle_world()
    world.add_records(Record(id=9_000_001, list_id=9, number="5551235", inputs={"orgQ": "400"}))
    assert [placed.attempt.number for placed in world.placed] == ["5551235"]


def test_the_first_attempt_is_numbered_0() -> None:
    world = idle_world()
    inputs = {"MULTINUM1": "222"}
    world.add_records(Record(id=9_000_001, list_id=9, number="111", inputs=inputs))
    [placed] = world.placed
    assert (placed.attempt.retry_no, placed.attempt.number) == (0, "111")


def test_the_same_number_added_twice_is_dialed_twice() -> None:
    world = idle_world()
    world.add_records(*(Record(id=key, list_id=9, number="1") for key in (9_000_001, 9_000_002)))
    assert [placed.attempt.number for placed in world.placed] == ["1", "1"]
