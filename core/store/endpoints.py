"""End-points in the database."""

from sqlalchemy import Connection, RowMapping, select

from core.errors import NotFound
from core.model import EndPoint
from core.store.rows import fields_of, save, values_of
from core.store.schema import end_point

#: Most end-points an installation may have.
LIMIT = 10_000


def fetch_endpoints(conn: Connection) -> list[EndPoint]:
    rows = conn.execute(select(end_point).order_by(end_point.c.id).limit(LIMIT)).mappings()
    return [make_endpoint(row) for row in rows]


def fetch_endpoint(conn: Connection, endpoint_id: int) -> EndPoint:
    """NotFound if there is none of this id."""
    row = conn.execute(select(end_point).where(end_point.c.id == endpoint_id)).mappings().first()
    if row is None:
        raise NotFound("end-point", endpoint_id)
    return make_endpoint(row)


def save_endpoint(conn: Connection, value: EndPoint) -> EndPoint:
    """Insert (id 0) or update; the stored end-point."""
    return save(conn, end_point, value, values_of(value))


def make_endpoint(row: RowMapping) -> EndPoint:
    return EndPoint(**fields_of(row))
