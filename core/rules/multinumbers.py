"""Which of a record's numbers an attempt dials.

Source: manual 25.02, "Using multiple numbers per call". Further numbers are the input
attributes MULTINUM1, MULTINUM2 and so on. One that is no number is skipped as an empty one
is: it came into its list unchecked, and the others are still worth a call.
"""

import re
from collections.abc import Iterable, Mapping

from core.errors import InvalidValue
from core.rules.numbers import parse_number

_NAME = re.compile(r"MULTINUM([0-9]+)")


def has_further(names: Iterable[str]) -> bool:
    """May one of these attributes be a further number? Most records have none, and each number of
    each batch comes here: this is told for many at a time."""
    return "MULTINUM" in "\n".join(names)


def numbers_of(
    number: str, inputs: Mapping[str, str], *, every_one: bool = True
) -> tuple[str, ...]:
    """The record's main number, then its further ones in the order of their counters (2 before
    10), in the form that `parse_number` returns. The main number is taken as it is.

    Where not `every_one` counts, black lists are asked for the main one alone, which then decides
    for all (manual, "Using multiple numbers per call").
    """
    if not every_one or not has_further(inputs):
        return (number,)
    matches = [_NAME.fullmatch(name) for name in inputs if name.startswith("MULTINUM")]
    further = sorted((int(match[1]), match[0], inputs[match[0]]) for match in matches if match)
    parsed = (_parse(value) for _, _, value in further)
    return (number, *(found for found in parsed if found))


def number_for(attempt_no: int, number: str, inputs: Mapping[str, str]) -> str:
    """The number that the record's attempt `attempt_no`, counted from 0, dials: each in turn,
    and then the main one again."""
    numbers = numbers_of(number, inputs)
    return numbers[attempt_no % len(numbers)]


def render_numbers(number: str, dialled: str) -> str:
    """How reports name a call: `123 / 456` if `dialled` is another than the main number."""
    return number if dialled == number else f"{number} / {dialled}"


def _parse(value: str) -> str | None:
    try:
        return parse_number(value)
    except InvalidValue:
        return None
