"""Manual 25.02: "Campaigns": status, priority, batch size, lists, and what campaigns share. Hours
are in test_opening_hours, e-mails in test_campaign_mail, caller ids in test_caller_ids."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from core.errors import NotPossible
from core.model import Campaign, EndPoint, Pace, Run
from core.operations.campaigns import ask, campaigns
from core.operations.elements import fetch_page
from core.operations.site_file import Kind
from core.people import SYSTEM
from core.ports import events
from core.store.campaigns import save_campaign
from tests.support.world import END, NOON, SERVER, TRUNK, World

AGENTS = replace(END, id=1, name="agents", max_channels=6)
REVIEW = replace(END, id=2, name="quality review", max_channels=100)


def numbers(count: int, start: int = 1000) -> list[str]:
    return [str(start + i) for i in range(count)]


def live(world: World, *run_ids: int) -> list[int]:
    return [world.dialer.live.runs[run_id].live for run_id in run_ids]


@pytest.mark.parametrize(
    ("pace", "is_shown", "can_start"),
    [
        (Pace.RUNNABLE, True, True),
        (Pace.CLOSED, True, False),
        (Pace.HIDDEN, False, False),
        (Pace.ERROR, True, False),
    ],
)
def test_the_status_of_a_campaign(
    sqlite: Engine, pace: Pace, is_shown: bool, can_start: bool
) -> None:
    with sqlite.begin() as conn:
        save_campaign(conn, Campaign(name="Autumn", pace=pace))
    assert [view.name for view in campaigns(sqlite, SYSTEM)] == ["Autumn"] * is_shown
    if can_start:
        assert ask(sqlite, SYSTEM, "Autumn", "start", NOON) > 0
        return
    with pytest.raises(NotPossible, match=f"is {pace.value}"):
        ask(sqlite, SYSTEM, "Autumn", "start", NOON)


def outbound_and_review() -> World:
    """Priority 1 is for people at 6 places, priority 10 is automatic; both over ten lines."""
    world = World()
    world.add_list(1, numbers(100, 1000))
    world.add_list(2, numbers(100, 5000))
    review = Campaign(id=2, name="review", priority=10, list_ids=(2,))
    world.load(review, run_id=2, endpoints=[REVIEW], is_up=False)
    world.load(outbound(), run_id=1, endpoints=[AGENTS])
    return world


def outbound() -> Campaign:
    return Campaign(id=1, name="outbound", priority=1, list_ids=(1,))


def come_to(world: World, agents: EndPoint) -> None:
    """The campaign for people goes on with these places."""
    run = Run(id=1, campaign_id=1, started_at=NOON)
    plan = events.RunPlan(
        run=run, campaign=outbound(), servers=(SERVER,), trunks=(TRUNK,), endpoints=(agents,)
    )
    world.post(events.RunReloaded(plan=plan))


def test_lines_that_the_first_priority_leaves_are_used_by_the_next() -> None:
    world = outbound_and_review()
    assert live(world, 1, 2) == [6, 4]


def test_when_agents_are_back_calls_for_them_are_dialled_first() -> None:
    world = outbound_and_review()
    come_to(world, replace(AGENTS, max_channels=9))
    assert live(world, 1, 2) == [6, 4]
    of_review = [p.attempt.channel_id for p in world.placed if p.attempt.run_id == 2]
    for done in of_review[:3]:
        world.complete(done)
    assert live(world, 1, 2) == [9, 1]


def test_equal_priorities_place_roughly_the_same_number_of_calls() -> None:
    world = World()
    for run_id in (1, 2, 3):
        world.add_list(run_id, numbers(200, run_id * 1000))
        campaign = Campaign(id=run_id, name=f"c{run_id}", list_ids=(run_id,))
        world.load(campaign, run_id=run_id, is_up=run_id == 3)
    for _ in range(300):
        world.complete(world.ringing[0])
        world.wait(milliseconds=20)
    placed = Counter(placed.attempt.run_id for placed in world.placed)
    assert sum(placed.values()) == 310
    assert max(placed.values()) - min(placed.values()) <= 2


def test_lists_are_processed_in_order_from_the_first_to_the_last() -> None:
    world = World()
    world.add_list(2, numbers(3, 200))
    world.add_list(1, numbers(3, 100))
    world.load(Campaign(id=1, name="c", list_ids=(2, 1), batch_size=4))
    assert [p.attempt.number for p in world.placed] == ["200", "201", "202", "100", "101", "102"]


def test_as_many_calls_are_cached_as_the_batch_size_says() -> None:
    world = World()
    world.add_list(1, numbers(100))
    world.load(Campaign(id=1, name="c", batch_size=7), is_up=False)
    assert world.dialer.live.runs[1].hopper_size == 7
    world.server_up()
    assert len(world.ringing) == 10


def test_campaigns_share_trunks_end_points_and_lists_at_the_same_time() -> None:
    world = World()
    world.add_list(1, numbers(4))
    for run_id in (1, 2):
        campaign = Campaign(id=run_id, name=f"c{run_id}", list_ids=(1,))
        world.load(campaign, run_id=run_id, is_up=run_id == 2)
    called = Counter((p.attempt.run_id, p.attempt.number) for p in world.placed)
    assert called == {(run_id, number): 1 for run_id in (1, 2) for number in numbers(4)}
    assert world.dialer.live.trunks[TRUNK.id].in_use == 8
    assert world.dialer.live.endpoints[END.id].in_use == 8


def test_what_happens_to_hidden_campaigns(sqlite: Engine) -> None:
    """They match a search string, and all are displayed to who asks for them."""
    with sqlite.begin() as conn:
        save_campaign(conn, Campaign(name="Autumn"))
        save_campaign(conn, Campaign(name="Autumn 2012", pace=Pace.HIDDEN))

    def editor(**search: object) -> list[str]:
        page = fetch_page(sqlite, SYSTEM, Kind.CAMPAIGN, **search)  # type: ignore[arg-type]
        return [element.value.name for element in page.elements]

    assert editor() == ["Autumn"]
    assert editor(text="2012", with_hidden=True) == ["Autumn 2012"]
    assert editor(with_hidden=True) == ["Autumn 2012", "Autumn"]
