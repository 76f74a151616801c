"""Parts of a campaign that have an order, such as its lists and its rules.

Each part has an id of its own. It keeps it while its campaign is saved with it again, wherever
it stands then, and when it is changed at its place; no other part ever gets it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select

from core.errors import NotFound

#: The columns that say where a part stands, not what it is.
_PLACE = ("id", "campaign_id", "idx")


def fetch_sequences(
    conn: Connection, table: Table, campaign_ids: Collection[int]
) -> dict[int, list[RowMapping]]:
    """The rows of each campaign in their order; one that has none is not a key."""
    query = select(table).where(table.c.campaign_id.in_(campaign_ids))
    rows = conn.execute(query.order_by(table.c.campaign_id, table.c.idx)).mappings().all()
    return {key: list(found) for key, found in groupby(rows, lambda row: int(row["campaign_id"]))}


def fetch_part_ids(conn: Connection, table: Table, campaign_id: int) -> tuple[int, ...]:
    """The ids of the campaign's parts in their order."""
    query = select(table.c.id).where(table.c.campaign_id == campaign_id).order_by(table.c.idx)
    return tuple(conn.execute(query).scalars())


def save_sequence(
    conn: Connection,
    table: Table,
    campaign_id: int,
    rows: Sequence[Mapping[str, Any]],
    ids: Sequence[int] | None = None,
) -> None:
    """Make `rows` all that the campaign has, in this order; they name neither campaign nor
    place. `ids` are theirs, 0 of a new one; without them each row keeps the id it is likely to
    have had. NotFound of an id that the campaign does not have."""
    stored = fetch_sequences(conn, table, [campaign_id]).get(campaign_id, [])
    before = [(int(row["id"]), _content(row)) for row in stored]
    kept = list(_keep(before, rows)) if ids is None else list(ids)
    after = [(key, dict(row)) for key, row in zip(kept, rows, strict=True)]
    if after == before:
        return
    known = {key for key, _row in before}
    if lost := [key for key in kept if key and key not in known]:
        raise NotFound(table.name.replace("_", "-"), lost[0])
    conn.execute(delete(table).where(table.c.campaign_id == campaign_id))
    for idx, (key, row) in enumerate(after, 1):
        own = {"id": key} if key else {}
        conn.execute(insert(table).values(campaign_id=campaign_id, idx=idx, **own, **row))


def _content(row: RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if name not in _PLACE}


def _keep(
    before: Sequence[tuple[int, Mapping[str, Any]]], rows: Sequence[Mapping[str, Any]]
) -> Iterator[int]:
    """The id of each row: that of the same row at its place, of the same elsewhere, of the one
    at its place that is no more, or 0."""
    same: dict[int, int] = {
        place: key
        for place, ((key, old), row) in enumerate(zip(before, rows, strict=False))
        if old == row
    }
    free = [one for one in before if one[0] not in same.values()]
    for place, row in enumerate(rows):
        if place not in same and (found := next((o for o in free if o[1] == row), None)):
            free.remove(found)
            same[place] = found[0]
    left = {key for key, _row in free}
    for place in range(len(rows)):
        at_place = before[place][0] if place < len(before) else 0
        yield same.get(place, at_place if at_place in left else 0)
