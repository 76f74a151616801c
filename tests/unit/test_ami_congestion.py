"""The window over outstanding Originates."""

import pytest

from core.rules.congestion import CAP, FLOOR, Window, adapt

FULL = Window(size=20.0)


def test_a_fresh_window_has_room_for_twenty() -> None:
    assert Window().has_room(19)
    assert not Window().has_room(20)


def test_it_grows_by_one_when_it_was_used_up_once() -> None:
    window = FULL
    for _ in range(20):
        window = adapt(window, latency_s=0.05, outstanding=20, at_s=1.0)
    assert 20.9 < window.size < 21.0


def test_it_does_not_grow_while_less_than_half_is_used() -> None:
    assert adapt(FULL, latency_s=0.001, outstanding=9, at_s=1.0) == FULL
    assert adapt(FULL, latency_s=0.001, outstanding=10, at_s=1.0).size == 20.05


@pytest.mark.parametrize("latency_s", [0.150, 0.3, 0.500])
def test_between_short_and_long_it_stays(latency_s: float) -> None:
    assert adapt(FULL, latency_s=latency_s, outstanding=20, at_s=1.0) == FULL


def test_it_halves_at_most_once_in_half_a_second() -> None:
    once = adapt(FULL, latency_s=0.51, outstanding=20, at_s=10.0)
    assert once == Window(size=10.0, halved_at_s=10.0)
    assert adapt(once, latency_s=2.0, outstanding=20, at_s=10.4) == once
    assert adapt(once, latency_s=2.0, outstanding=20, at_s=10.5).size == 5.0


def test_it_stays_between_floor_and_cap() -> None:
    assert adapt(Window(size=5.0), latency_s=9.0, outstanding=5, at_s=1.0).size == FLOOR
    nearly = Window(size=CAP - 0.001)
    assert adapt(nearly, latency_s=0.01, outstanding=400, at_s=1.0).size == CAP
    full = Window(size=CAP)
    assert adapt(full, latency_s=0.01, outstanding=400, at_s=1.0) == full
