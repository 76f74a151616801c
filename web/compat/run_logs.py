"""Manual 25.02, "Reports: logs by runs"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from core.operations.run_logs import MAX_RUNS, CallPage, count_calls, find_place, read_calls
from core.people import Actor
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.bookmarks import FRESH, Bookmark, Page
from web.compat.envelope import Listing, read_page
from web.compat.log_rows import log_row


async def logs(ground: Ground, asked: Asked) -> Reply:
    """A page of the calls of these runs."""
    start, items = read_page(asked)
    run_ids = asked.keys("id", MAX_RUNS)
    page = Page(reader=asked.actor.name, of=("runs", *run_ids), start=start)
    await ground.control.written()
    listing, ahead = await ground.queries.run(
        _read, asked.actor, page, run_ids, items, ground.bookmarks.find(page), ground.clock.now()
    )
    if ahead is not None:
        ground.bookmarks.keep(replace(page, start=start + listing.n_records), ahead)
    return listing


def _read(
    engine: Engine,
    actor: Actor,
    page: Page,
    run_ids: Sequence[int],
    items: int,
    mark: Bookmark | None,
    now: datetime,
) -> tuple[Listing, Bookmark | None]:
    """The page, and a bookmark where the next one begins."""
    place = mark.place if mark else find_place(engine, actor, run_ids, page.start)
    found = CallPage(calls=(), end=None)
    if place is not None:
        found = read_calls(engine, actor, run_ids, place, items)
    if mark is not None and now - mark.counted_at < FRESH:
        total, counted_at = mark.total, mark.counted_at
    else:
        total, counted_at = count_calls(engine, actor, run_ids), now
    known = page.start + len(found.calls) + bool(found.end)
    listing = Listing(
        results=[log_row(call) for call in found.calls],
        all_results=max(total, known) if found.calls else total,
        start_from=page.start,
        n_records=len(found.calls),
    )
    if found.end is None:
        return listing, None
    return listing, Bookmark(place=found.end, total=total, counted_at=counted_at)


LOGS: Operations = {"": logs}
