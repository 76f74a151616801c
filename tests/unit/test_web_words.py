"""How values read on a page, and where an outcome bar's segments stand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.rules.states import CallState
from web.ui.bars import WIDTH, stack
from web.ui.words import (
    OUTCOMES,
    machine_time,
    show_count,
    show_duration,
    show_outcome,
    show_share,
    show_time,
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "0:00"),
        (0, "0:00"),
        (7.9, "0:07"),
        (725, "12:05"),
        (7209, "2:00:09"),
        (3 * 86400 + 7209, "3d 02:00:09"),
    ],
)
def test_durations_read_as_clocks(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


def test_an_unknown_count_is_a_dash_and_a_large_one_has_gaps() -> None:
    assert (show_count(None), show_count(0), show_count(1234567)) == (
        "–",
        "0",
        "1\u202f234\u202f567",
    )


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 0, "–"), (0, 9, "0%"), (1, 1000, "<1%"), (1224, 2469, "50%")]
)
def test_a_share_never_hides_what_is_there(part: int, whole: int, shown: str) -> None:
    assert show_share(part, whole) == shown


def test_times_are_shown_in_utc() -> None:
    moment = datetime(2026, 11, 21, 18, 3, 44, tzinfo=timezone(timedelta(hours=1)))
    assert show_time(moment) == "2026-11-21 17:03:44 UTC"
    assert machine_time(moment) == "2026-11-21T17:03:44Z"
    assert machine_time(moment.astimezone(UTC)) == machine_time(moment)


def test_every_way_a_call_ends_has_a_name() -> None:
    assert set(OUTCOMES) == {state for state in CallState if state.is_final}
    assert show_outcome("RS_BUSY") == "Busy"
    assert show_outcome("RS_FUTURE") == "RS_FUTURE"
    assert show_outcome("DIALLING") == "DIALLING"


def test_segments_stand_side_by_side_in_the_order_of_the_legend() -> None:
    segments = stack({"RS_BUSY": 1, "ZZ": 2, "TERMINATED": 5, "RS_LOST": 0})
    assert [(s.key, s.amount, s.x, s.width) for s in segments] == [
        ("TERMINATED", 5, 0, 625),
        ("RS_BUSY", 1, 625, 125),
        ("OTHER", 2, 750, 250),
    ]
    assert segments[-1].label == "ZZ"


def test_segments_fill_the_bar_whatever_the_counts() -> None:
    last = stack({"TERMINATED": 1, "RS_BUSY": 1, "RS_LOST": 1})[-1]
    assert last.x + last.width == pytest.approx(WIDTH, abs=0.02)


def test_no_calls_are_no_segments() -> None:
    assert stack({}) == stack({"RS_BUSY": 0}) == ()
