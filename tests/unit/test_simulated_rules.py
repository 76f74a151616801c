"""Which simulations may be asked for."""

import pytest

from core.errors import InvalidValue
from core.model import Simulation
from core.rules.simulation import Outcome, check_simulation

NAN = float("nan")
INFINITE = float("inf")


def check(
    outcomes: dict[str, float] | None = None,
    ring_s: tuple[float, float] = (1, 3),
    talk_s: tuple[float, float] = (3, 6),
) -> None:
    check_simulation({"answered": 1.0} if outcomes is None else outcomes, ring_s, talk_s)


def test_the_manuals_figures_are_the_default_and_pass() -> None:
    manual = Simulation()
    check_simulation(manual.outcomes, manual.ring_s, manual.talk_s)
    assert manual.outcomes["answered"] == sum(manual.outcomes.values()) / 2
    assert (manual.ring_s, manual.talk_s) == ((1.0, 3.0), (3.0, 6.0))


def test_every_outcome_passes_and_zero_times_too() -> None:
    check(dict.fromkeys(Outcome, 0.1), ring_s=(0, 0), talk_s=(0, 0))


def test_an_unknown_outcome_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidValue) as caught:
        check({"answered": 1, "asnwered": 1})
    assert str(caught.value) == (
        'outcome "asnwered": it is one of '
        "answered, transferred, busy, noanswer, congestion, number, rejected, silent"
    )


@pytest.mark.parametrize("weight", [0, -0.5, NAN, INFINITE])
def test_a_weight_that_is_no_number_above_zero_is_refused(weight: float) -> None:
    with pytest.raises(InvalidValue, match=r'weight of busy ".*": a weight is a number above 0'):
        check({"answered": 1, "busy": weight})


def test_no_outcome_at_all_is_refused() -> None:
    with pytest.raises(InvalidValue, match='outcomes "": name at least one of answered'):
        check({})


@pytest.mark.parametrize("limits", [(3, 1), (-1, 1), (-2, -1), (0, INFINITE), (NAN, 1), (1, NAN)])
@pytest.mark.parametrize("field", ["ring_s", "talk_s"])
def test_times_that_are_no_range_are_refused(field: str, limits: tuple[float, float]) -> None:
    with pytest.raises(InvalidValue, match=f"{field} .*two times in seconds"):
        check(**{field: limits})
