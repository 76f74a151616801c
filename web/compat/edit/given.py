"""What a client posts in `data`: a JSON object, whose values are read generously.

Old clients write numbers as texts, and truth as 0, 1 or a text. A field that is not there, or
null, says nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.errors import InvalidValue

#: Longest text of a wrong value that is shown.
_SHOWN = 60
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
#: The greatest number that any field may hold.
_MOST = 2**53


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A posted object."""

    fields: Mapping[str, Any]

    def has(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def key(self, name: str) -> int | None:
        """The primary key; None of a new object: it is null, missing or empty."""
        value = self.fields.get(name)
        return None if value is None or value == "" else read_number(name, value)

    def inner(self, name: str, key: str) -> int | None:
        """The key of an object within this one, `{"id": 1}`, or written by itself; None if there
        is none."""
        value = self.fields.get(name)
        if isinstance(value, Mapping):
            return Given(fields=value).key(key)
        return self.key(name)

    def text(self, name: str) -> str:
        """The field as text, "" of one that is not there."""
        return read_text(name, self.fields.get(name) or "")

    def number(self, name: str, default: int) -> int:
        value = self.fields.get(name)
        return default if value is None or value == "" else read_number(name, value)

    def objects(self, name: str) -> Sequence["Given"]:
        """The objects of a list; none if it is not there."""
        value = self.fields.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            raise InvalidValue(name, show(value), "write a list of objects")
        return [Given(fields=one) for one in value]


def parse_given(text: str) -> Given:
    """The object of a field `data`; InvalidValue of anything else."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue("data", text[:_SHOWN], f"write a JSON object ({error})") from None
    if not isinstance(found, dict):
        raise InvalidValue("data", text[:_SHOWN], "write a JSON object")
    return Given(fields=found)


def read_text(name: str, value: object) -> str:
    """Texts, and numbers as texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidValue(name, show(value), "write a text")


def read_number(name: str, value: object) -> int:
    """Whole numbers, however they are written."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MOST:
        return int(value)
    if isinstance(value, str) and len(value) < 18:
        digits = value.strip().removeprefix("-")
        if digits.isascii() and digits.isdigit():
            return int(value)
    if isinstance(value, int) and abs(value) <= _MOST:
        return value
    raise InvalidValue(name, show(value), "write a whole number")


def read_flag(name: str, value: object) -> bool:
    """true and false, however they are written."""
    if isinstance(value, bool):
        return value
    found = _TRUTH.get(str(value).strip().lower())
    if found is None:
        raise InvalidValue(name, show(value), "write true or false")
    return found


def read_percent(name: str, value: object) -> int:
    """A factor, such as 1.5, as a percentage."""
    try:
        percent = round(float(str(value)) * 100)
    except (ValueError, OverflowError):
        raise InvalidValue(name, show(value), "write a number, such as 1.5") from None
    return percent


_FIGURES = (read_number, read_percent)


def show(value: object) -> str:
    """A wrong value for a message."""
    if isinstance(value, str):
        return value[:_SHOWN]
    try:
        return msgspec.json.encode(value).decode()[:_SHOWN]
    except RecursionError:
        return "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field of an object: the key of the site file that it stands for, and how it is read."""

    key: str
    read: Callable[[str, Any], Any] = read_text


def read_values(given: Given, fields: Mapping[str, Field]) -> dict[str, Any]:
    """What the object says, by the keys of the site file; an empty text says nothing of a number.
    InvalidValue of what is not even of the right kind."""
    return {
        field.key: field.read(name, given.fields[name])
        for name, field in fields.items()
        if given.has(name) and not (field.read in _FIGURES and given.fields[name] == "")
    }
