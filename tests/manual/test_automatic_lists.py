"""Manual 25.02, "Automatic lists" and "Add a call to a campaign"."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.errors import InvalidConfiguration
from core.model import Campaign, Record, Simulation
from core.operations.calls import add_call
from core.operations.campaigns import add_list
from core.operations.run_lists import run_lists
from core.people import SYSTEM
from core.rules.schedule import parse_not_before
from core.rules.states import RunState
from core.store.automatic import automatic_name
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name
from core.store.runs import fetch_run
from core.store.schema import call_log
from tests.support.rig import Rig
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


class Site(Rig):
    """A campaign that idles, and runs, with two numbers that were added and called."""

    def begin(self) -> Campaign:
        simulation = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
        owner = self.configure([], simulation=simulation, idles_on_termination=True)
        self.start()
        self.ask(owner)
        self.turn(1)
        self.add("201")
        self.add("202")
        self.turn(10)
        return owner

    def add(self, number: str) -> None:
        add_call(self.database, SYSTEM, "campaign", number, self.clock.now(), attributes={})

    def called(self) -> list[tuple[int, str]]:
        """Runs, and the numbers that each called, in order."""
        with reading(self.database) as conn:
            log = call_log.c
            rows = conn.execute(select(log.run_id, log.number).order_by(log.id))
            return [(row.run_id, row.number) for row in rows]

    def state(self, run_id: int) -> RunState:
        with reading(self.database) as conn:
            return fetch_run(conn, run_id).state


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def test_it_is_never_explicitly_linked_to_its_campaign_and_grows_while_the_run_goes_on(
    site: Site,
) -> None:
    site.begin()
    with reading(site.database) as conn:
        automatic = fetch_list_by_name(conn, "campaign/AUTO")
    assert automatic.is_hidden
    assert [one.list_name for one in run_lists(site.database, SYSTEM, "campaign")] == ["list"]
    assert site.called() == [(1, "201"), (1, "202")]
    site.add("203")
    site.turn(10)
    assert site.called() == [(1, "201"), (1, "202"), (1, "203")]


def test_on_a_different_campaign_it_is_a_normal_list_up_to_its_end(site: Site) -> None:
    owner = site.begin()
    with site.database.begin() as conn:
        automatic = fetch_list_by_name(conn, "campaign/AUTO")
        different = replace(
            owner, id=0, name="different", list_ids=(automatic.id,), idles_on_termination=True
        )
        different = save_campaign(conn, different)
    site.ask(different)
    site.turn(10)
    assert site.called()[2:] == [(2, "201"), (2, "202")]
    site.add("203")
    site.turn(60)
    assert site.called()[4:] == [(1, "203")]
    assert site.state(2) is RunState.IDLE


def test_it_cannot_be_added_to_its_owner_which_would_call_all_numbers_again(site: Site) -> None:
    site.begin()
    with pytest.raises(InvalidConfiguration, match="would call them all again"):
        add_list(site.database, SYSTEM, "campaign", "campaign/AUTO", site.clock.now())
