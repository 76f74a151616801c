"""The CSV file of a list: how it is written, and which rows it has.

The first line is a header. The column `number` (else `phone`, `telephone`, else the first) holds
numbers, the others are input attributes of their header's name; empty cells are no attributes.
Columns called `:priority`, `:at` and `:expires` say when a row is called (`core.rules.turns`).
No attribute can be called so, so that no file of before changes its meaning.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from core.entries import suggest
from core.errors import InvalidConfiguration, InvalidValue, shown
from core.operations.list_row import NUMBER, TURN_NAMES, UNREADABLE, RowParser
from core.rules.attributes import MAX_COUNT, check_name
from core.store.bulk import Row

#: How much of a file `read_layout` wants to see, in bytes.
BEGINNING = 1 << 16
#: How much of a file is one block, in characters: its rows fit the processor's cache.
BLOCK = 1 << 15
#: A row that goes on for more lines than this has a quote that is never closed.
MAX_LINES = 50
#: The names of the column of numbers, the preferred one first.
NUMBER_NAMES = ("number", "phone", "telephone")

_UTF8 = "utf-8-sig"
#: How workbooks of Excel and LibreOffice begin, new and old ones, and what gzip packs.
_NO_TEXTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LINE_END = re.compile(r"\r\n|\r|\n")
#: What names no column, not even one of numbers that is called as its owner likes.
_NO_NAME = re.compile(r"\+?[0-9]*|.*[=<>|;\t\x00].*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a file is written. `encoding` is Python's name for it; `names` are its columns, the
    one of the numbers empty, those of TURN_NAMES in small letters."""

    encoding: str
    delimiter: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A row that cannot be used. `line` counts from 1; cells that could not be told apart are
    one, the whole line."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Rows in their order."""

    accepted: list[Row]
    rejected: list[Rejected]


def read_layout(beginning: bytes) -> Layout:
    """From the first BEGINNING bytes of a file. InvalidConfiguration lists all that is wrong
    with its header."""
    if beginning.startswith(_NO_TEXTS):
        raise InvalidConfiguration(["the file: it is a workbook or an archive; save it as CSV"])
    encoding = _guess_encoding(beginning)
    header, *others = _LINE_END.split(beginning.decode(encoding, "replace"), 1)
    if not beginning.strip() or beginning.startswith(_UTF16) or "\0" in header:
        raise InvalidConfiguration(
            ["the file: it is empty or UTF-16; save it as CSV in UTF-8, with a header"]
        )
    if not others and len(beginning) == BEGINNING:
        raise InvalidConfiguration(
            [
                f"the header: it is too long, {BEGINNING} bytes or more; a record has at most "
                f"{MAX_COUNT} attributes"
            ]
        )
    delimiter = max(",;\t", key=header.count)
    try:
        cells = next(csv.reader([header], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise InvalidConfiguration([f"the header: {error}"]) from None
    return Layout(encoding=encoding, delimiter=delimiter, names=_read_header(cells))


def _guess_encoding(beginning: bytes) -> str:
    """UTF-8, unless more speaks against it than for it: Windows-1252 then."""
    decoder = codecs.getincrementaldecoder(_UTF8)("surrogateescape")
    text = decoder.decode(beginning, final=len(beginning) < BEGINNING)
    against = len(UNREADABLE.findall(text))
    in_favour = sum(not character.isascii() for character in text) - against
    return "cp1252" if against > in_favour else _UTF8


def _read_header(cells: Sequence[str]) -> tuple[str, ...]:
    names = [_fold(cell.strip()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    at = _find_number(names)
    problems = [f'"{shown(n)}" stands twice' for n in dict.fromkeys(names) if names.count(n) > 1]
    for place, name in enumerate(names):
        if place != at:
            problems += _problems(name)
    count = len(names) - 1 - sum(name in TURN_NAMES for name in names)
    if count > MAX_COUNT:
        problems.append(f"{count} attributes; a record has at most {MAX_COUNT}")
    if problems:
        raise InvalidConfiguration([f"the header: {problem}" for problem in problems])
    return tuple(NUMBER if place == at else name for place, name in enumerate(names))


def _fold(name: str) -> str:
    return name.lower() if name.lower() in TURN_NAMES else name


def _find_number(names: Sequence[str]) -> int:
    lower = [name.lower() for name in names]
    for wanted in NUMBER_NAMES:
        if wanted in lower:
            return lower.index(wanted)
    if not names or _NO_NAME.fullmatch(names[0]):
        beginning = shown(names[0]) if names else ""
        raise InvalidConfiguration(
            [
                f'the header: it begins with "{beginning}"; the first line must name the columns, '
                "with commas, semicolons or tabs between them"
            ]
        )
    return 0


def _problems(name: str) -> list[str]:
    if name.startswith(":"):
        return [] if name in TURN_NAMES else [f'"{name}": {suggest(name, TURN_NAMES)}']
    if name.lower() == NUMBER_NAMES[0]:
        return [f'"{name}" would be a second column of numbers']
    try:
        check_name(name)
    except InvalidValue as error:
        return [str(error)]
    return []


def read_blocks(
    stream: TextIO, layout: Layout, *, now: datetime, zone: ZoneInfo
) -> Iterator[Block]:
    """All rows of a file, opened with `newline=""` and undecodable bytes escaped; moments in it
    are read at `now` and in `zone`. At most a block is in memory."""
    reader = BlockReader(layout, now=now, zone=zone)
    stream.readline()
    while lines := stream.readlines(BLOCK):
        yield reader.read(lines)
    while reader.has_rest:
        yield reader.read_rest()


class BlockReader:
    """Reads rows as their lines come, those of the header left out. The lines of a last row that
    needs more of them are kept; when there are no more lines they are the rest."""

    def __init__(self, layout: Layout, *, now: datetime, zone: ZoneInfo) -> None:
        self._delimiter = layout.delimiter
        self._parser = RowParser(layout.names, now=now, zone=zone)
        self._line = 2
        self._held: list[str] = []

    @property
    def line(self) -> int:
        """The number of the first line that has not been read."""
        return self._line

    @property
    def has_rest(self) -> bool:
        return bool(self._held)

    def read(self, lines: list[str]) -> Block:
        return self._read(self._held + lines)

    def read_rest(self) -> Block:
        """A quote in the first of these lines is never closed; those behind it may be rows."""
        unclosed = _unclosed(self._line, self._held[0])
        self._line += 1
        block = self._read(self._held[1:])
        return Block(accepted=block.accepted, rejected=[unclosed, *block.rejected])

    def _read(self, lines: list[str]) -> Block:
        block, self._held = _read_block(lines, self._line, self._delimiter, self._parser)
        self._line += len(lines) - len(self._held)
        return block


def _read_block(
    lines: list[str], first_line: int, delimiter: str, parser: RowParser
) -> tuple[Block, list[str]]:
    """The rows of these lines, and the lines of a last row that needs more of them.

    A value holds no line break, so a row of several lines is wrong in any case; it is kept
    together so that none of its lines is taken for a row. A quote that is never closed costs
    its own line only.
    """
    if (plain := parser.parse_plain(lines, delimiter)) is not None:
        return Block(accepted=plain, rejected=[]), []
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        block, count = _parse(enumerate(rows, first_line), parser)
    except csv.Error:
        count = 0
    if count == len(lines):
        return block, []
    numbered, rejected, held = _split_carefully(lines, delimiter, first_line)
    block, _ = _parse(numbered, parser)
    rejected = sorted([*rejected, *block.rejected], key=lambda row: row.line)
    return Block(accepted=block.accepted, rejected=rejected), held


def _split_carefully(
    lines: list[str], delimiter: str, first_line: int
) -> tuple[list[tuple[int, list[str]]], list[Rejected], list[str]]:
    rows, rejected, at = [], [], 0
    while at < len(lines):
        piece = lines[at : at + MAX_LINES]
        reader = csv.reader(piece, delimiter=delimiter, strict=True)
        try:
            rows.append((first_line + at, next(reader)))
            at += reader.line_num
        except csv.Error as error:
            if "unexpected end" not in str(error):
                reason = str(error)
                if "limit" in reason:
                    reason = f"a cell has more than {csv.field_size_limit()} characters"
                rejected.append(_broken(first_line + at, lines[at], reason))
            elif len(piece) < MAX_LINES:
                return rows, rejected, piece
            else:
                rejected.append(_unclosed(first_line + at, lines[at]))
            at += 1
    return rows, rejected, []


def _unclosed(line: int, text: str) -> Rejected:
    return _broken(line, text, "a quote is never closed")


def _broken(line: int, text: str, reason: str) -> Rejected:
    return Rejected(line=line, reason=f"no CSV: {reason}", cells=(text.rstrip("\r\n"),))


def _parse(numbered: Iterable[tuple[int, list[str]]], parser: RowParser) -> tuple[Block, int]:
    """The rows, and how many there were, empty ones included."""
    accepted, rejected, empty = [], [], 0
    for line, cells in numbered:
        try:
            if row := parser.parse(cells):
                accepted.append(row)
            else:
                empty += 1
        except InvalidValue as error:
            rejected.append(Rejected(line=line, reason=str(error), cells=tuple(cells)))
    block = Block(accepted=accepted, rejected=rejected)
    return block, len(accepted) + len(rejected) + empty
