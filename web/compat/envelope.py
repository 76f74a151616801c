"""What the JSON faces of the dialect put around their answers.

Source: manual 25.02, "The JSON configuration API" and "The JSON Live and Reporting API". The
keys stand in the order of the manual's examples.
"""

from collections.abc import Sequence

import msgspec

from web.compat.asked import Asked, Reply

#: Rows of a page unless the request says otherwise, and at most.
ITEMS, MOST_ITEMS = 100, 1000
#: The farthest beginning of a page.
_FAR = 2**53


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`status` is OK, or ERROR with the reason in `error`; `time_ms` is how long it took."""

    status: str = "OK"
    error: str = ""
    time_ms: int = 0


class Listing(Envelope, frozen=True, kw_only=True, rename="camel"):
    """A page of rows: `n_records` of `all_results`, from `start_from` on."""

    results: Sequence[object] = ()
    all_results: int = 0
    start_from: int = 0
    n_records: int = 0


class Panel(Envelope, frozen=True, kw_only=True, rename="camel"):
    """One object."""

    result: "Result"


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the manual's pages ask of their server begins so; nothing of it says more here."""

    request_id: str = ""
    lock_until_complete: bool = True
    response_status: str = "OK"
    response_message: str = ""
    to_panel: str = "API_CALL"
    response_log: None = None


def seal(reply: Reply, seconds: float) -> Reply:
    """The reply, with how long it took if it tells that."""
    if isinstance(reply, Envelope):
        return msgspec.structs.replace(reply, time_ms=round(seconds * 1000))
    return reply


def read_page(asked: Asked) -> tuple[int, int]:
    """Where a page begins, and how many rows it has: MOST_ITEMS at most, however many are
    asked for."""
    start = asked.whole("from", 0, _FAR, 0)
    return start, min(asked.whole("items", 0, _FAR, ITEMS), MOST_ITEMS)
