"""Manual 25.02: "Trunks", "Testing a trunk", "Limiting maximum CPS (calls per second)"."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.model import Campaign, Trunk
from core.rules.dialstring import check_dial_string, render_channel
from core.rules.verdicts import Verdict
from tests.support.world import END, World

MANY_CHANNELS = replace(END, max_channels=1000)


def trunk(**values: Any) -> Trunk:
    fields = {"id": 1, "server_id": 1, "name": "E1", "dial_string": "DAHDI/g0/0${num}", **values}
    return Trunk(**fields)


def run_over(world: World, count: int, *trunks: Trunk, run_id: int = 1) -> None:
    """Start a run over a list of its own, with `count` numbers, on these trunks."""
    world.add_list(run_id, [str(run_id * 10_000 + i) for i in range(count)])
    campaign = Campaign(id=run_id, name=f"c{run_id}", list_ids=(run_id,), batch_size=200)
    is_first = not world.originates
    world.load(campaign, run_id=run_id, trunks=trunks, endpoints=[MANY_CHANNELS], is_up=is_first)


def placed(world: World) -> list[int | None]:
    """The trunks of all calls that were placed."""
    return sorted(placed.attempt.trunk_id or 0 for placed in world.placed)


@pytest.mark.parametrize(
    ("dial_string", "channel"),
    [
        ("DAHDI/g0/0${num}", "DAHDI/g0/05551234"),
        ("SIP/myprovider/${num}", "SIP/myprovider/5551234"),
        ("Local/${num}@from-internal/n", "Local/5551234@from-internal/n"),
        ("SIP/provider/${num}", "SIP/provider/5551234"),
    ],
)
def test_the_valid_examples_dial_5551234(dial_string: str, channel: str) -> None:
    assert render_channel(check_dial_string(dial_string), "5551234") == channel


def test_of_an_e1_with_15_channels_10_are_used_and_the_rest_is_left_to_the_pbx() -> None:
    world = World()
    run_over(world, 100, trunk(capacity=10))
    assert len(world.ringing) == 10


def test_an_e1_split_into_10_and_5_channels_limits_each_campaign() -> None:
    world = World()
    ten, five = trunk(capacity=10), trunk(id=2, name="E1 too", capacity=5)
    run_over(world, 100, ten, run_id=1)
    run_over(world, 100, five, run_id=2)
    assert placed(world) == [1] * 10 + [2] * 5
    assert [world.dialer.live.runs[run_id].live for run_id in (1, 2)] == [10, 5]


def test_a_campaign_with_both_parts_of_the_e1_has_15_channels() -> None:
    world = World()
    run_over(world, 100, trunk(capacity=10), trunk(id=2, name="E1 too", capacity=5))
    assert placed(world) == [1] * 10 + [2] * 5


def test_with_50_channels_free_10_calls_in_the_last_second_and_30_cps_20_are_placed() -> None:
    world = World()
    line = trunk(capacity=60, max_calls_per_period=30, period_ms=1000)
    run_over(world, 10, line, run_id=1)
    assert len(world.placed) == 10
    world.now += timedelta(milliseconds=500)
    run_over(world, 100, line, run_id=2)
    live = world.dialer.live.trunks[1]
    assert (len(world.placed), live.in_use) == (10 + 20, 30)
    assert world.dialer.live.runs[2].verdict is Verdict.LIMITED_BY_TRUNK_RATE


def test_calls_of_a_low_rate_are_only_spread_out_over_a_few_seconds() -> None:
    world = World()
    run_over(world, 100, trunk(capacity=200, max_calls_per_period=30))
    by_second = []
    for _ in range(4):
        by_second.append(len(world.placed))
        world.wait(seconds=1)
    assert by_second == [30, 60, 90, 100]


def test_a_new_trunk_places_100_calls_a_second() -> None:
    world = World()
    run_over(world, 150, trunk(capacity=200))
    assert len(world.placed) == 100
    world.wait(milliseconds=999)
    assert len(world.placed) == 100
    world.wait(milliseconds=1)
    assert len(world.placed) == 150


def test_the_period_of_the_screen_is_one_of_10_calls_in_10_ms() -> None:
    """Test Trunk: "1000 Calls per Second"."""
    world = World()
    run_over(world, 100, trunk(capacity=200, max_calls_per_period=10, period_ms=10))
    world.wait(milliseconds=89)
    assert len(world.placed) == 90
    world.wait(milliseconds=1)
    assert len(world.placed) == 100


def test_campaigns_that_share_a_trunk_dial_no_faster_than_its_rate() -> None:
    world = World()
    line = trunk(capacity=200, max_calls_per_period=30)
    run_over(world, 20, line, run_id=1)
    run_over(world, 100, line, run_id=2)
    assert len(world.placed) == 30


def test_a_campaign_with_two_trunks_has_the_sum_of_their_rates() -> None:
    world = World()
    fast = trunk(capacity=200, max_calls_per_period=30)
    run_over(world, 100, fast, trunk(id=2, name="slow", capacity=200, max_calls_per_period=25))
    assert placed(world) == [1] * 30 + [2] * 25


def test_numbers_on_a_blacklist_use_up_no_rate() -> None:
    black = [str(n) for n in range(100, 150)]
    world = World(blacklist=set(black))
    world.add_list(1, [*black, *(str(n) for n in range(200, 250))])
    campaign = Campaign(id=1, name="c", black_list_ids=(9,), list_ids=(1,), batch_size=200)
    slow = trunk(capacity=200, max_calls_per_period=30)
    world.load(campaign, trunks=[slow], endpoints=[MANY_CHANNELS])
    assert world.states() == ["RS_BLACKLIST"] * 50
    assert len(world.originates) == 30
