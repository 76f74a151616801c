"""A row of a list's CSV file: its cells, and the record that they make.

A cell that begins with an apostrophe and a character that makes spreadsheets compute (`=`, `+`,
`-`, `@`, in Japan the wide ones, too) loses the apostrophe: `disarm` puts it there on the way out
(CWE-1236).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import InvalidValue
from core.rules.attributes import MAX_VALUE, check_value
from core.rules.numbers import are_numbers, parse_number
from core.rules.turns import Turn, parse_turn
from core.store.bulk import Row
from core.store.types import render_attributes

#: The names of the columns that say when a row is called: its priority, from when on, until when.
TURN_NAMES = (":priority", ":at", ":expires")
#: Stands for the column of numbers; no attribute has this name.
NUMBER = ""
#: What bytes become that the file's encoding does not have.
UNREADABLE = re.compile("[\udc80-\udcff]")

#: Rows that are told at one look: they fit the processor's cache.
LOOK = 500
#: A row of no more characters has no value that is too long: each is four bytes at most.
_SHORT = MAX_VALUE // 5
#: What a value's JSON escapes, and what `disarm` puts before a formula.
_MARKED = re.compile(r"[\\\"']")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_DISARMED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


class RowParser:
    """Reads rows with these columns.

    Almost every row of a long file is plain: its cells are filled, short and printable, so
    that they are attributes as they stand and their JSON is made in one go. So are all rows of
    most blocks, which is told at one look. This halves the time of an import.
    """

    def __init__(self, names: tuple[str, ...], *, now: datetime, zone: ZoneInfo) -> None:
        self._names = names
        self._now = now
        self._zone = zone
        self._has_turns = any(name in TURN_NAMES for name in names)
        self._number_at = names.index(NUMBER)
        attributes = {name: "%s" for name in names if name != NUMBER}
        self._template = render_attributes(attributes) if attributes else None

    def parse_plain(self, lines: Sequence[str], delimiter: str) -> list[Row] | None:
        """The rows of these lines, if all of them are plain; None otherwise."""
        rows = list[Row]()
        for start in range(0, len(lines), LOOK):
            some = self._look_at(lines[start : start + LOOK], delimiter)
            if some is None:
                return None
            rows += some
        return rows

    def _look_at(self, lines: Sequence[str], delimiter: str) -> Iterable[Row] | None:
        text = "".join(lines).replace("\n", "").replace("\r", "")
        if self._has_turns or max(map(len, lines)) > _SHORT or not _is_plain(text):
            return None
        rows = [line.rstrip("\r\n").split(delimiter) for line in lines]
        if any(len(cells) != len(self._names) or "" in cells for cells in rows):
            return None
        numbers = [cells.pop(self._number_at) for cells in rows]
        if not are_numbers(numbers):
            return None
        if self._template is None:
            return ((number, None, None) for number in numbers)
        values = map(self._template.__mod__, map(tuple, rows))
        return ((number, inputs, None) for number, inputs in zip(numbers, values, strict=True))

    def parse(self, cells: list[str]) -> Row | None:
        """None of an empty row, InvalidValue of a cell that may not be. `cells` are used up
        unless it raises."""
        text = "".join(cells)
        if (
            len(cells) != len(self._names)
            or len(text) > _SHORT
            or "" in cells
            or self._has_turns
            or not _is_plain(text)
        ):
            return self._parse_with_care(cells) if text else None
        number = parse_number(cells[self._number_at])
        if self._template is None:
            return number, None, None
        del cells[self._number_at]
        return number, self._template % tuple(cells), None

    def _parse_with_care(self, cells: list[str]) -> Row:
        names = self._names
        if len(cells) > len(names) and any(cells[len(names) :]):
            raise InvalidValue("cells", len(cells), f"the header names only {len(names)} columns")
        pairs = dict(zip(names, cells, strict=False))
        number = parse_number(_rearm(pairs.pop(NUMBER, "")))
        turn = self._parse_turn(pairs) if self._has_turns else None
        kept = {name: _read_value(name, value) for name, value in pairs.items() if value}
        return number, render_attributes(kept) if kept else None, turn

    def _parse_turn(self, pairs: dict[str, str]) -> Turn | None:
        """What the row says of its turn, which is taken from `pairs`."""
        priority, schedule, expires = (_rearm(pairs.pop(name, "").strip()) for name in TURN_NAMES)
        return parse_turn(
            priority=priority, schedule=schedule, expires=expires, now=self._now, zone=self._zone
        )


def _is_plain(text: str) -> bool:
    return text.isprintable() and not _MARKED.search(text)


def _read_value(name: str, value: str) -> str:
    if UNREADABLE.search(value):
        raise InvalidValue(f"attribute {name}", value, "it does not fit the file's encoding")
    return check_value(name, _rearm(value))


def _rearm(cell: str) -> str:
    return cell[1:] if _DISARMED.match(cell) else cell


def disarm(value: str) -> str:
    """The cell for a value: no spreadsheet takes it for a formula, and `RowParser` reads the
    value back."""
    return f"'{value}" if _FORMULA.match(value) else value
