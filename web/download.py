"""Calls as CSV: read page by page in threads, sent as fast as the reader takes it.

Spreadsheets run cells that begin with `=`, `+`, `-`, `@` (in Japan the wide ones, too) or a control
character as formulas (CWE-1236); such cells get an apostrophe in front. A telephone number's own
`+` stays: digits alone are no formula.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import Request
from zope.interface import implementer

from core.model import CallLog
from web.ui.words import machine_time

#: Calls read at a time.
PAGE = 1000

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
    read_on: Callable[[], Deferred["SheetPage"]] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A table whose first lines are read already, to be saved under this name."""

    name: str
    columns: Sequence[str]
    page: SheetPage


async def send_sheet(request: Request, sheet: Sheet) -> None:
    """Write the whole of it, the header line first."""
    request.setHeader(b"Content-Type", b"text/csv; charset=utf-8; header=present")
    request.setHeader(b"Content-Disposition", f'attachment; filename="{sheet.name}"'.encode())
    request.setHeader(b"Cache-Control", b"no-store")
    outflow, page = _Outflow(request), sheet.page
    request.write(render_lines([sheet.columns, *page.rows]))
    while page.read_on is not None:
        await outflow.room()
        page = await page.read_on()
        request.write(render_lines(page.rows))
    request.unregisterProducer()


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
        self._is_full = False
        self._waiting: Deferred[None] | None = None
        request.registerProducer(self, True)

    def room(self) -> Deferred[None]:
        """Fires once more may be written; never, when the reader has gone."""
        waiting: Deferred[None] = Deferred()
        if self._is_full:
            self._waiting = waiting
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
