"""Reading tables that people write: every value checked, every problem kept with its place.

`Table` reads what a declared set of checks allows and notes all that is wrong, instead of
stopping at the first mistake. A check takes the value as TOML gives it and returns it in its
final form, or raises InvalidValue.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from core.errors import InvalidValue, shown

#: From a raw value to the checked one; raises InvalidValue.
Check = Callable[[Any], Any]
#: The keys a table may have.
Shape = Mapping[str, Check]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_Choice = TypeVar("_Choice", bound=Enum)


def read_table(
    raw: object,
    shape: Shape,
    place: str,
    problems: list[str],
    *,
    secrets: frozenset[str] = frozenset(),
    places: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The keys of `raw` that are right, checked; what is wrong is added to `problems`.

    The value of a key in `secrets` is never shown. `places` names keys that came from
    elsewhere than `place`.
    """
    if not isinstance(raw, Mapping):
        problems.append(f'{place} "{shown(raw)}": write a table, [{place}]')
        return {}
    values = {}
    for key, value in raw.items():
        where = (places or {}).get(key) or join(place, key)
        if key not in shape:
            problems.append(f"{where}: there is no such key; {suggest(key, shape)}")
            continue
        try:
            values[key] = shape[key](value)
        except InvalidValue as error:
            found = "***" if key in secrets else shown(value)
            problems.append(f'{where} "{found}": {error.expected}')
    return values


def join(place: str, key: str) -> str:
    """The place of `key` within `place`, quoted as TOML would."""
    part = key if _BARE_KEY.fullmatch(key) else '"' + key.replace('"', '\\"') + '"'
    return f"{place}.{part}" if place else part


def suggest(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words as advice, or all of them."""
    names = list(known)
    if near := difflib.get_close_matches(word, names, n=1):
        return f'is "{near[0]}" meant?'
    return f"write one of {', '.join(names)}" if names else "there is none yet"


def text(value: object) -> str:
    """One line of text, which may be empty."""
    if not isinstance(value, str) or _CONTROL.search(value):
        raise InvalidValue("", value, "write one line of text in quotes")
    return value


def filled(value: object) -> str:
    """One line of text that says something."""
    if not text(value).strip():
        raise InvalidValue("", value, "it may not be empty")
    return text(value)


def flag(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise InvalidValue("", value, "write true or false")
    return value


def whole(least: int, most: int) -> Callable[[object], int]:
    """A check for whole numbers from `least` to `most`."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidValue("", value, f"write a whole number from {least} to {most}")
        return value

    return check


def one_of(choices: type[_Choice]) -> Callable[[object], _Choice]:
    """A check for the members of an enum, by name or value, in any case."""
    words = {str(member.value).upper(): member for member in choices}
    words |= {member.name: member for member in choices}

    def check(value: object) -> _Choice:
        if isinstance(value, str) and value.upper() in words:
            return words[value.upper()]
        raise InvalidValue("", value, suggest(str(value).upper(), choices.__members__))

    return check


def texts(value: object) -> tuple[str, ...]:
    """A list of lines, none of them empty or there twice."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidValue("", value, 'write a list, ["one", "two"]')
    lines = tuple(filled(line) for line in value)
    if twice := [line for line in lines if lines.count(line) > 1]:
        raise InvalidValue("", value, f'"{twice[0]}" is there twice')
    return lines
