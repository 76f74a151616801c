"""The calls that trunks placed of late: what their rates count after a restart."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, select

from core.model import Trunk
from core.store.schema import attempt, call_log

#: Calls read at a time.
PAGE = 1000


def fetch_recent_calls(
    conn: Connection, trunks: Sequence[Trunk], now: datetime
) -> Mapping[int, tuple[datetime, ...]]:
    """When the trunks placed the calls of their last periods, by the trunk's id, in order. Calls
    have their ids in the order in which they were placed, so none is read from before the longest
    period but the last of its page."""
    starts = {trunk.id: now - timedelta(milliseconds=trunk.period_ms) for trunk in trunks}
    if not starts:
        return {}
    found: dict[int, list[datetime]] = defaultdict(list)
    for table in (attempt, call_log):
        for trunk_id, placed_at in _newest(conn, table, min(starts.values())):
            if trunk_id in starts and placed_at > starts[trunk_id]:
                found[trunk_id].append(placed_at)
    return {trunk_id: tuple(sorted(moments)) for trunk_id, moments in found.items()}


def _newest(
    conn: Connection, table: Table, start: datetime
) -> Iterator[tuple[int | None, datetime]]:
    columns = select(table.c.id, table.c.trunk_id, table.c.requested_at)
    newest_first = columns.order_by(table.c.id.desc()).limit(PAGE)
    page = conn.execute(newest_first).all()
    while page:
        for row in page:
            yield row.trunk_id, row.requested_at
        if page[-1].requested_at <= start:
            return
        page = conn.execute(newest_first.where(table.c.id < page[-1].id)).all()
