"""The calls of a list that are over, the newest first, found by key."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, func, or_, select

from core.model import CallLog
from core.store.reports import make_call_log
from core.store.schema import call_log


def fetch_newest_logs(
    conn: Connection,
    list_id: int,
    *,
    text: str = "",
    campaign_ids: Collection[int] | None = None,
    before_id: int | None = None,
    limit: int,
) -> list[CallLog]:
    """The calls to the list's numbers with ids below `before_id`, the newest first. With a
    `text`, only those whose number, state or extended status has it; of `campaign_ids` only,
    unless they are None."""
    query = select(call_log).where(*_these(list_id, text, campaign_ids))
    if before_id is not None:
        query = query.where(call_log.c.id < before_id)
    rows = conn.execute(query.order_by(call_log.c.id.desc()).limit(limit))
    return [make_call_log(row) for row in rows]


def find_list_log_id(
    conn: Connection,
    list_id: int,
    position: int,
    *,
    text: str = "",
    campaign_ids: Collection[int] | None = None,
) -> int:
    """The id of the call at this position, the newest being 0; 0 if there is none."""
    query = select(call_log.c.id).where(*_these(list_id, text, campaign_ids))
    found = conn.execute(query.order_by(call_log.c.id.desc()).offset(position).limit(1))
    return found.scalar() or 0


def count_list_logs(
    conn: Connection,
    list_id: int,
    *,
    text: str = "",
    campaign_ids: Collection[int] | None = None,
    most: int,
) -> int:
    """How many calls there are, `most` if there are more."""
    these = _these(list_id, text, campaign_ids)
    some = select(call_log.c.id).where(*these).limit(most).subquery()
    return conn.execute(select(func.count()).select_from(some)).scalar_one()


def _these(
    list_id: int, text: str, campaign_ids: Collection[int] | None
) -> list[ColumnElement[bool]]:
    log = call_log.c
    found: list[ColumnElement[bool]] = [log.list_id == list_id]
    if campaign_ids is not None:
        found.append(log.campaign_id.in_(campaign_ids))
    if text:
        texts = (log.number, log.state, log.ext_status)
        found.append(or_(*(column.icontains(text, autoescape=True) for column in texts)))
    return found
