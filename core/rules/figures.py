"""How far a run has come, how fast it goes, and when it may be done.

Source: manual 25.02, "Campaign runs", which says what each figure means, and the screens of "The
Live page", whose numbers say how they are worked out: rates and hours are cut to whole numbers,
the estimate of what remains is the cache and the backlog of the lists, and the time to completion
is that of the backlog at the rate shown.
"""

from dataclasses import dataclass

#: Speeds and the time to completion are told once so many calls have terminated: the manual waits
#: for "a few".
A_FEW = 5

_HOUR_S = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What follows from a run's counts. Rates are whole percents; None is "not known yet".

    `cached` are the calls in the hopper and the open retries; `remaining` estimates the calls
    that are still to be placed.
    """

    cached: int
    remaining: int
    running_s: int
    termination_rate: int | None
    reschedule_rate: int | None
    attempts_per_hour: int | None
    completions_per_hour: int | None
    completion_s: int | None


def work_out(
    *, attempted: int, completed: int, cached: int, backlog: int, running_s: float
) -> Figures:
    """The figures of a run that placed `attempted` calls, of which `completed` are not tried
    again; `backlog` counts the records of its lists that are not in the cache yet."""
    terminated = min(100, 100 * completed // attempted) if attempted else None
    is_known = completed >= A_FEW and running_s > 0
    attempts = int(attempted * _HOUR_S / running_s) if is_known else None
    completions = int(completed * _HOUR_S / running_s) if is_known else None
    return Figures(
        cached=cached,
        remaining=cached + backlog,
        running_s=max(0, int(running_s)),
        termination_rate=terminated,
        reschedule_rate=None if terminated is None else 100 - terminated,
        attempts_per_hour=attempts,
        completions_per_hour=completions,
        completion_s=backlog * _HOUR_S // completions if completions else None,
    )
