"""Whoever guesses waits, longer each time, and nobody is remembered for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TooManyAttempts
from core.operations.throttle import (
    FIRST,
    FREE_OF_ADDRESS,
    FREE_OF_USER,
    LONGEST,
    MEMORY,
    Caution,
    Throttle,
    network_of,
)

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def fail(throttle: Throttle, times: int, name: str = "anna") -> timedelta:
    wait = timedelta()
    for _ in range(times):
        wait = throttle.note_failure(name, NOW)
    return wait


def test_the_first_failures_cost_nothing() -> None:
    throttle = Throttle(FREE_OF_USER)
    assert fail(throttle, FREE_OF_USER - 1) == timedelta()
    throttle.check("anna", NOW)


def test_then_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    throttle = Throttle(3)
    waits = [throttle.note_failure("anna", NOW) for _ in range(40)]
    assert waits[:6] == [0 * FIRST, 0 * FIRST, FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert waits[-1] == LONGEST == timedelta(minutes=15)


def test_who_waits_is_refused_to_the_second_and_then_heard() -> None:
    throttle = Throttle(1)
    fail(throttle, 2)
    with pytest.raises(TooManyAttempts, match="try again in 4 s") as caught:
        throttle.check("anna", NOW)
    assert caught.value.wait_s == 4
    with pytest.raises(TooManyAttempts, match="in 1 s"):
        throttle.check("anna", NOW + 3.5 * SECOND)
    throttle.check("anna", NOW + 4 * SECOND)
    throttle.check("bea", NOW)


def test_a_success_or_an_hour_of_quiet_begins_anew() -> None:
    throttle = Throttle(2)
    fail(throttle, 9)
    throttle.forget("anna")
    throttle.check("anna", NOW)
    fail(throttle, 9, "bea")
    assert throttle.note_failure("bea", NOW + MEMORY) == timedelta()


def test_memory_is_bounded_and_the_latest_stay() -> None:
    throttle = Throttle(1, capacity=2)
    for name in ("anna", "bea", "anna", "carl"):
        throttle.note_failure(name, NOW)
    throttle.check("bea", NOW)
    for name in ("anna", "carl"):
        with pytest.raises(TooManyAttempts):
            throttle.check(name, NOW)


@given(st.integers(1, 30), st.integers(0, 200))
def test_no_number_of_failures_shortens_the_wait(free: int, times: int) -> None:
    throttle = Throttle(free)
    waits = [throttle.note_failure("anna", NOW) for _ in range(times)]
    assert waits == sorted(waits)
    assert all(wait <= LONGEST for wait in waits)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_an_address_counts_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


HOME, ELSEWHERE = "10.0.0.7", "203.0.113.9"


def guess(caution: Caution, name: str, address: str, times: int) -> None:
    for _ in range(times):
        caution.note_failure(name, address, NOW)


def is_held_back(caution: Caution, name: str, address: str) -> bool:
    try:
        caution.check(name, address, NOW)
    except TooManyAttempts:
        return True
    return False


def test_who_guesses_elsewhere_does_not_lock_out_who_is_at_home() -> None:
    caution = Caution()
    caution.note_success("anna", HOME)
    guess(caution, "anna", ELSEWHERE, FREE_OF_USER)
    assert is_held_back(caution, "anna", ELSEWHERE)
    assert is_held_back(caution, "anna", "203.0.113.10")
    assert not is_held_back(caution, "anna", HOME)
    caution.note_success("anna", HOME)
    assert is_held_back(caution, "anna", ELSEWHERE)


def test_who_guesses_next_door_does_not_lock_out_who_is_at_home() -> None:
    caution = Caution()
    caution.note_success("anna", HOME)
    guess(caution, "ben", HOME, FREE_OF_ADDRESS)
    assert is_held_back(caution, "carl", HOME)
    assert not is_held_back(caution, "anna", HOME)


def test_who_is_at_home_is_held_back_by_what_fails_there() -> None:
    caution = Caution()
    caution.note_success("anna", "2001:db8::1")
    guess(caution, "anna", "2001:db8::2", FREE_OF_USER)
    assert is_held_back(caution, "anna", "2001:db8::1")
    assert not is_held_back(caution, "anna", HOME)
