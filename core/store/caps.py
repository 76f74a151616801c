"""Caps in the database."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, or_, select, true

from core.rules.caps import Cap, DayKind
from core.store.rows import save, values_of
from core.store.schema import cap

#: Most caps an installation may have.
LIMIT = 1000


def fetch_caps(conn: Connection) -> list[Cap]:
    rows = conn.execute(select(cap).order_by(cap.c.id).limit(LIMIT)).mappings()
    return [make_cap(row) for row in rows]


def fetch_caps_of(conn: Connection, cap_ids: Collection[int]) -> tuple[Cap, ...]:
    """These caps, and all site-wide ones."""
    query = select(cap).where(or_(cap.c.is_site_wide == true(), cap.c.id.in_(cap_ids)))
    rows = conn.execute(query.order_by(cap.c.id).limit(LIMIT)).mappings()
    return tuple(make_cap(row) for row in rows)


def save_cap(conn: Connection, value: Cap) -> Cap:
    """Insert (id 0) or update; the stored cap."""
    return save(conn, cap, value, values_of(value))


def make_cap(row: RowMapping) -> Cap:
    return Cap(**{**row, "day": DayKind(row["day"])})
