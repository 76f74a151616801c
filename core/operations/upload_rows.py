"""The rows of an upload, read as its bytes come: CSV as in a list's file, or JSON lines.

However it is cut into pieces, and whatever stands in it, what is kept between two pieces is
bounded: the end of a line, which is cut where it is longer than any row can be.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from io import StringIO
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from core.errors import InvalidValue
from core.operations.list_file import BEGINNING, Block, BlockReader, Rejected, read_layout
from core.rules.attributes import check_attributes
from core.rules.numbers import parse_number
from core.rules.turns import parse_turn
from core.store.bulk import Row
from core.store.types import render_attributes

#: Longest line, in bytes; a row with a hundred of the longest attributes is well below.
LONGEST = {"csv": 256 * 1024, "json": 1024 * 1024}

_BOM = b"\xef\xbb\xbf"


class Format(StrEnum):
    """How an upload is written; the values are media types."""

    #: A file as `whipbird list import` takes it.
    CSV = "text/csv"
    #: A JSON object a line.
    NDJSON = "application/x-ndjson"


class RowReader(Protocol):
    """Takes an upload piece by piece. `line` is the number of the first line that has not been
    read, `encoding` how it is read, for people."""

    @property
    def line(self) -> int: ...

    @property
    def encoding(self) -> str: ...

    def read(self, data: bytes) -> Block:
        """What is whole by now; InvalidConfiguration of a header that is wrong."""
        ...

    def read_rest(self) -> Block:
        """What was left without a line end."""
        ...


class LineCutter:
    """Cuts bytes behind the last line end, and keeps the rest. A line that is too long loses its
    end, so that it is refused by itself."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._tail = b""
        self._skips = False

    def cut(self, data: bytes) -> bytes:
        """Whole lines."""
        at = _line_end(data)
        whole, rest = data[:at], data[at:]
        if at:
            if self._skips:
                whole = whole[_first_end(whole) :]
            whole, self._tail, self._skips = self._tail + whole, b"", False
        self._keep(rest)
        return whole

    def _keep(self, rest: bytes) -> None:
        if self._skips:
            return
        self._tail += rest
        if len(self._tail) > self._longest:
            self._tail, self._skips = self._tail[: self._longest], True

    def rest(self) -> bytes:
        """What stands behind the last line end."""
        tail, self._tail = self._tail, b""
        return tail


def _line_end(data: bytes) -> int:
    """Where the last whole line ends. A carriage return at the very end may have its line feed
    still to come."""
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, max(len(data) - 1, 0)) + 1


def _first_end(data: bytes) -> int:
    """Where what is left of a line that was cut ends: its line end stays with what was kept."""
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    return min(ends)


class CsvRows:
    """Reads CSV; the header is looked for in what comes first."""

    def __init__(self, *, now: datetime, zone: ZoneInfo) -> None:
        self._now = now
        self._zone = zone
        self._cutter = LineCutter(LONGEST["csv"])
        self._encoding = ""
        self._is_at_header = True
        self._reader: BlockReader | None = None

    @property
    def line(self) -> int:
        return self._reader.line if self._reader else 1

    @property
    def encoding(self) -> str:
        return "Windows-1252" if self._encoding == "cp1252" else "UTF-8"

    def read(self, data: bytes) -> Block:
        if self._reader is None:
            layout = read_layout(data[:BEGINNING])
            self._encoding = layout.encoding.removesuffix("-sig")
            self._reader = BlockReader(layout, now=self._now, zone=self._zone)
            data = data.removeprefix(_BOM)
        return self._reader.read(self._lines(self._cutter.cut(data)))

    def read_rest(self) -> Block:
        if self._reader is None:
            read_layout(b"")
        assert self._reader is not None
        blocks = [self._reader.read(self._lines(self._cutter.rest()))]
        while self._reader.has_rest:
            blocks.append(self._reader.read_rest())
        return Block(
            accepted=[row for block in blocks for row in block.accepted],
            rejected=[row for block in blocks for row in block.rejected],
        )

    def _lines(self, data: bytes) -> list[str]:
        text = data.decode(self._encoding, "surrogateescape")
        lines = StringIO(text, newline="").readlines()
        if lines and self._is_at_header:
            self._is_at_header = False
            return lines[1:]
        return lines


class JsonRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line: the fields of a record that is to be."""

    number: str
    attributes: dict[str, str] = {}
    priority: int | None = None
    schedule: str = ""
    expires: str = ""


class JsonRows:
    """Reads a JSON object a line; empty lines are passed over."""

    encoding = "UTF-8"

    def __init__(self, *, now: datetime, zone: ZoneInfo) -> None:
        self._now = now
        self._zone = zone
        self._cutter = LineCutter(LONGEST["json"])
        self._decoder = msgspec.json.Decoder(JsonRow)
        self.line = 1

    def read(self, data: bytes) -> Block:
        return self._read(self._cutter.cut(data))

    def read_rest(self) -> Block:
        return self._read(self._cutter.rest())

    def _read(self, data: bytes) -> Block:
        accepted, rejected = [], []
        for line in self._lines(data):
            try:
                if text := line.strip():
                    accepted.append(self._row(text))
            except InvalidValue as error:
                rejected.append(Rejected(line=self.line, reason=str(error), cells=()))
            self.line += 1
        return Block(accepted=accepted, rejected=rejected)

    def _lines(self, data: bytes) -> Iterator[bytes]:
        if self.line == 1:
            data = data.removeprefix(_BOM)
        yield from data.splitlines()

    def _row(self, line: bytes) -> Row:
        if len(line) >= LONGEST["json"]:
            raise InvalidValue("line", f"{len(line)} bytes", f"at most {LONGEST['json']}")
        try:
            found = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            shown = line[:40].decode("utf-8", "replace")
            raise InvalidValue("line", shown, f"it is no such JSON object: {error}") from None
        check_attributes(found.attributes)
        turn = parse_turn(
            priority="" if found.priority is None else str(found.priority),
            schedule=found.schedule,
            expires=found.expires,
            now=self._now,
            zone=self._zone,
        )
        attributes = render_attributes(found.attributes) if found.attributes else None
        return parse_number(found.number), attributes, turn


def make_reader(form: Format, *, now: datetime, zone: ZoneInfo) -> RowReader:
    return CsvRows(now=now, zone=zone) if form is Format.CSV else JsonRows(now=now, zone=zone)
