"""Manual 25.02: "Using multiple numbers per call", "Blacklists and multiple numbers"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Campaign
from core.rules.multinumbers import number_for, numbers_of, render_numbers
from tests.support.world import World, rule


def test_attempts_go_round_the_main_number_and_two_further_ones() -> None:
    inputs = {"NAME": "White", "MULTINUM1": "222", "MULTINUM2": "333"}
    dialled = [number_for(attempt_no, "111", inputs) for attempt_no in range(5)]
    assert dialled == ["111", "222", "333", "111", "222"]


def test_an_empty_multinum_between_two_others_is_skipped() -> None:
    inputs = {"MULTINUM1": "123", "MULTINUM2": "", "MULTINUM3": "456"}
    assert numbers_of("111", inputs) == ("111", "123", "456")


def test_without_multinums_every_attempt_dials_the_main_number() -> None:
    assert numbers_of("111", {"NAME": "White"}) == ("111",)
    assert [number_for(attempt_no, "111", {}) for attempt_no in (0, 1, 7)] == ["111"] * 3


def test_ten_comes_after_two_wherever_the_attributes_stand() -> None:
    inputs = {"MULTINUM10": "10", "MULTINUM2": "2", "MULTINUM1": "1"}
    assert numbers_of("0", inputs) == ("0", "1", "2", "10")


def test_a_multinum_loses_the_marks_people_write() -> None:
    assert numbers_of("111", {"MULTINUM1": "+41 (91) 630-97.65"}) == ("111", "+41916309765")


@pytest.mark.parametrize("value", ["none", " ", "5@evil", "1&Local", "12\n34", "1" * 41])
def test_a_multinum_that_is_no_number_is_skipped(value: str) -> None:
    assert numbers_of("111", {"MULTINUM1": value, "MULTINUM2": "222"}) == ("111", "222")


@pytest.mark.parametrize("name", ["MULTINUM", "MULTINUMS", "MULTINUM1A", "multinum1", "XMULTINUM1"])
def test_only_multinum_with_a_counter_is_a_further_number(name: str) -> None:
    assert numbers_of("111", {name: "222"}) == ("111",)


def test_a_report_names_the_main_number_and_the_one_dialled() -> None:
    assert render_numbers("123", "456") == "123 / 456"
    assert render_numbers("123", "123") == "123"


@given(st.lists(st.from_regex(r"[0-9]{1,12}", fullmatch=True), max_size=12), st.integers(0, 50))
def test_a_full_round_dials_each_number_once(further: list[str], start: int) -> None:
    inputs = {f"MULTINUM{no}": value for no, value in enumerate(further, 1)}
    size = len(further) + 1
    dialled = [number_for(start + step, "main", inputs) for step in range(size)]
    assert sorted(dialled) == sorted(["main", *further])
    assert dialled[-start % size] == "main"


def test_a_blacklisted_main_number_stops_all_of_the_record_s_numbers() -> None:
    world = World()
    world.add_list(1, ["123"], MULTINUM1="456")
    again = rule("RS_BUSY", max_attempts=5, retry_after_s=60)
    world.load(Campaign(id=1, name="c", black_list_ids=(9,), reschedule_rules=(again,)))
    world.busy(world.ringing[0])
    world.blacklist.add("123")
    world.wait(seconds=60)
    assert [(c.log.attempt.number, c.log.state.value) for c in world.logs] == [
        ("123", "RS_BUSY"),
        ("456", "RS_BLACKLIST"),
    ]
    assert len(world.originates) == 1


def test_any_blacklisted_number_of_a_record_stops_it_unlike_the_manual_s_main_one_alone() -> None:
    world = World(blacklist={"456"})
    world.add_list(1, ["123"], MULTINUM1="456")
    world.load(Campaign(id=1, name="c", black_list_ids=(9,)))
    assert (world.states(), world.originates) == (["RS_BLACKLIST"], [])


@pytest.mark.parametrize("listed", ["123", "456"])
def test_by_the_manual_s_rule_the_main_number_decides_for_all(listed: str) -> None:
    world = World()
    world.add_list(1, ["123"], MULTINUM1="456")
    again = rule("RS_BUSY", max_attempts=5, retry_after_s=60)
    campaign = Campaign(
        id=1, name="c", black_list_ids=(9,), checks_every_number=False, reschedule_rules=(again,)
    )
    world.load(campaign)
    world.busy(world.ringing[0])
    world.blacklist.add(listed)
    world.wait(seconds=60)
    called = [o.channel for o in world.originates]
    if listed == "123":
        assert (world.states(), called) == (["RS_BUSY", "RS_BLACKLIST"], ["PJSIP/123@carrier"])
    else:
        assert called == ["PJSIP/123@carrier", "PJSIP/456@carrier"]
