"""What the simulated PBX may be told to do with the calls of a trunk.

Source: manual 25.02, "What is a Fake AMI server?"; the outcomes beside an answer are those
that a real carrier gives.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import isfinite

from core.errors import InvalidValue


class Outcome(StrEnum):
    """How a simulated call ends; the values are those of a site file."""

    #: It rings, is picked up, and hangs up after its talk time.
    ANSWERED = "answered"
    #: As answered; half of the talk time is after the agent has transferred it.
    TRANSFERRED = "transferred"
    #: The called party is busy.
    BUSY = "busy"
    #: It rings until the answer timeout.
    NO_ANSWER = "noanswer"
    #: The network has no line free.
    CONGESTION = "congestion"
    #: The number does not exist.
    NUMBER = "number"
    #: The called party or the network declines.
    REJECTED = "rejected"
    #: Nothing at all is heard of it until the answer timeout.
    SILENT = "silent"


_OUTCOMES = frozenset(outcome.value for outcome in Outcome)


def check_simulation(
    outcomes: Mapping[str, float], ring_s: tuple[float, float], talk_s: tuple[float, float]
) -> None:
    """InvalidValue if an outcome is unknown, a weight is not above 0, there is no outcome at
    all, a time is negative, or a least time is above its most. Times are seconds, (least, most).
    """
    known = ", ".join(Outcome)
    if not outcomes:
        raise InvalidValue("outcomes", "", f"name at least one of {known}")
    for name, weight in outcomes.items():
        if name not in _OUTCOMES:
            raise InvalidValue("outcome", name, f"it is one of {known}")
        if not (isfinite(weight) and weight > 0):
            raise InvalidValue(f"weight of {name}", weight, "a weight is a number above 0")
    _check_range("ring_s", ring_s)
    _check_range("talk_s", talk_s)


def _check_range(field: str, limits: tuple[float, float]) -> None:
    least, most = limits
    if not (isfinite(most) and 0 <= least <= most):
        shown = f"{least:g}, {most:g}"
        raise InvalidValue(field, shown, "write two times in seconds, 0 or more, the least first")
