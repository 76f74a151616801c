"""Long files: read piece by piece in threads, sent as fast as the reader takes them. One who takes
nothing for a minute is cut off.

Spreadsheets run cells that begin with `=`, `+`, `-`, `@` (in Japan the wide ones, too) or a control
character as formulas (CWE-1236); such cells get an apostrophe in front. A telephone number's own
`+` stays: digits alone are no formula.
"""

import csv
import io
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import Request
from zope.interface import implementer

from core.model import CallLog
from web.request import WebRequest
from web.ui.words import machine_time

CSV = "text/csv; charset=utf-8; header=present"
#: Calls read at a time.
PAGE = 1000
#: How long a reader may take nothing, in seconds.
PATIENCE_S = 60.0

COLUMNS = (
    "id",
    "number",
    "attempted_at",
    "ended_at",
    "wait_pre_ms",
    "wait_after_ms",
    "talk_ms",
    "status",
    "ext_status",
    "list",
    "trunk",
    "retry_no",
    "next_retry_s",
    "cause",
    "tech_cause",
    "reason",
    "channel",
)

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"\+[0-9*#]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetPage:
    """Some lines of a table, and what reads those that follow; None at the end."""

    rows: Sequence[Sequence[str]]
    read_on: Callable[[], Awaitable["SheetPage"]] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A table whose first lines are read already, to be saved under this name."""

    name: str
    columns: Sequence[str]
    page: SheetPage


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some of a file, and what reads that which follows; None at the end."""

    content: bytes
    read_on: Callable[[], Awaitable["Piece"]] | None


async def send_sheet(request: Request, sheet: Sheet) -> None:
    """Write the whole of it, the header line first."""
    first = _render(sheet.page, (sheet.columns,))
    await send_file(request, sheet.name, CSV, first)


async def send_file(request: Request, name: str, media: str, piece: Piece) -> None:
    """Write the whole of a file that begins with this piece, to be saved under this name.
    TimeoutError of a reader who takes nothing."""
    request.setHeader(b"Content-Type", media.encode())
    request.setHeader(b"Content-Disposition", f'attachment; filename="{name}"'.encode())
    request.setHeader(b"Cache-Control", b"no-store")
    if request.method == b"HEAD":
        return
    outflow = _Outflow(request)
    request.write(piece.content)
    while piece.read_on is not None:
        await outflow.room()
        piece = await piece.read_on()
        request.write(piece.content)
    request.unregisterProducer()


def _render(page: SheetPage, before: Sequence[Sequence[str]] = ()) -> Piece:
    async def read_on() -> Piece:
        assert page.read_on is not None
        return _render(await page.read_on())

    return Piece(
        content=render_lines([*before, *page.rows]),
        read_on=None if page.read_on is None else read_on,
    )


def cells(log: CallLog, list_name: str, trunk: str) -> tuple[str, ...]:
    """A call's cells, in the order of COLUMNS."""
    return (
        str(log.attempt.id),
        log.attempt.number,
        machine_time(log.attempt.requested_at),
        machine_time(log.ended_at),
        str(log.wait_pre_ms),
        str(log.wait_after_ms),
        str(log.talk_ms),
        log.state.value,
        log.ext_status,
        list_name,
        trunk,
        str(log.attempt.retry_no),
        str(log.next_retry_s),
        str(log.cause),
        log.tech_cause,
        log.reason,
        log.channel,
    )


def render_lines(rows: Iterable[Iterable[str]]) -> bytes:
    """CSV lines in UTF-8, ended by CRLF (RFC 4180), no cell of which is a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([disarm(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def disarm(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet could run it."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


@implementer(IPushProducer)
class _Outflow:
    """Knows whether the connection has room."""

    def __init__(self, request: Request) -> None:
        assert isinstance(request, WebRequest)
        self._reactor = request.channel.site.reactor
        self._is_full = False
        self._waiting: Deferred[None] | None = None
        request.registerProducer(self, True)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def room(self) -> Deferred[None]:
        """Fires once more may be written; fails with TimeoutError if that takes too long."""
        waiting: Deferred[None] = Deferred()
        if self._is_full:
            self._waiting = waiting
            waiting.addTimeout(PATIENCE_S, self._reactor)
        else:
            waiting.callback(None)
        return waiting

    def pauseProducing(self) -> None:
        self._is_full = True

    def resumeProducing(self) -> None:
        self._is_full = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def stopProducing(self) -> None:
        """The reader has gone; whoever waits is cancelled with the request."""
        self._is_full = True
