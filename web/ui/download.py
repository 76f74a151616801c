"""A run's calls as CSV: read page by page in threads, sent as fast as the reader takes it.

Spreadsheets run cells that begin with `=`, `+`, `-`, `@` or a control character as formulas
(CWE-1236); such cells get an apostrophe in front. A telephone number's own `+` stays: digits
alone are no formula.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import Request
from zope.interface import implementer

from core.operations.reports import LogLine, LogPage
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

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"\+[0-9*#]+")


async def send_logs(request: Request, fetch: Callable[[int], Deferred[LogPage]]) -> None:
    """Write all pages that `fetch` (after which attempt id) gives, the header line first.

    An error before the first page reaches the caller with nothing written yet.
    """
    page = await fetch(0)
    outflow = _Outflow(request)
    request.write(render_lines([COLUMNS]))
    while True:
        request.write(render_lines(map(cells, page.lines)))
        if page.next_after is None:
            break
        await outflow.room()
        page = await fetch(page.next_after)
    request.unregisterProducer()


def cells(line: LogLine) -> tuple[str, ...]:
    """A call's cells, in the order of COLUMNS."""
    log = line.log
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
        line.list_name,
        line.trunk,
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
