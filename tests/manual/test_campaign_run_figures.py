"""Manual 25.02: "Campaign runs", and the screens of "The Live page" and of the first campaign.

The run C1 of "Campaign runs" has 40 calls and 10 terminated ones, yet equal speeds: no rule gives
both, so its speeds are left out.
"""

from core.rules.figures import Figures, work_out


def seconds(days: int, hours: int, minutes: int, rest: int) -> int:
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def test_a_run_of_25_days() -> None:
    """Camp10, "The Live page". Beside it stands "43196/445217": calls placed, and backlog."""
    assert work_out(
        attempted=43196,
        completed=43067,
        cached=112,
        backlog=445217,
        running_s=seconds(25, 7, 31, 59),
    ) == Figures(
        cached=112,
        remaining=445329,
        running_s=seconds(25, 7, 31, 59),
        termination_rate=99,
        reschedule_rate=1,
        attempts_per_hour=71,
        completions_per_hour=70,
        completion_s=seconds(265, 0, 14, 34),
    )


def test_a_run_that_has_just_begun_tells_no_speed() -> None:
    """The first campaign after 11 s, listed as "2/1"."""
    assert work_out(attempted=2, completed=0, cached=3, backlog=1, running_s=11) == Figures(
        cached=3,
        remaining=4,
        running_s=11,
        termination_rate=0,
        reschedule_rate=100,
        attempts_per_hour=None,
        completions_per_hour=None,
        completion_s=None,
    )


def test_one_terminated_call_is_too_few_for_an_estimate() -> None:
    """The first campaign after a minute, listed as "3/0"."""
    figures = work_out(attempted=3, completed=1, cached=2, backlog=0, running_s=61)
    assert (figures.termination_rate, figures.reschedule_rate) == (33, 67)
    assert figures.remaining == 2
    assert (figures.attempts_per_hour, figures.completion_s) == (None, None)


def test_a_run_that_is_over() -> None:
    """C1, "Campaign runs"."""
    figures = work_out(attempted=40, completed=10, cached=0, backlog=0, running_s=5)
    assert (figures.termination_rate, figures.reschedule_rate) == (25, 75)
    assert (figures.remaining, figures.completion_s) == (0, 0)


def test_the_live_page_sums_up_what_remains() -> None:
    """Camp10 and Camp4 together: "Estimated remaining: 503183"."""
    camp10 = work_out(attempted=43196, completed=43067, cached=112, backlog=445217, running_s=1)
    camp4 = work_out(attempted=213678, completed=213678, cached=0, backlog=57854, running_s=1)
    assert camp10.remaining + camp4.remaining == 503183
