"""Servers in the database."""

from sqlalchemy import Connection, RowMapping, select

from core.errors import NotFound
from core.model import Server, ServerType
from core.store.rows import fields_of, save, values_of
from core.store.schema import server

#: Most servers an installation may have.
LIMIT = 1000


def fetch_servers(conn: Connection) -> list[Server]:
    rows = conn.execute(select(server).order_by(server.c.id).limit(LIMIT)).mappings()
    return [make_server(row) for row in rows]


def fetch_server(conn: Connection, server_id: int) -> Server:
    """NotFound if there is none of this id."""
    row = conn.execute(select(server).where(server.c.id == server_id)).mappings().first()
    if row is None:
        raise NotFound("server", server_id)
    return make_server(row)


def save_server(conn: Connection, value: Server) -> Server:
    """Insert (id 0) or update; the stored server."""
    return save(conn, server, value, values_of(value))


def make_server(row: RowMapping) -> Server:
    return Server(**{**fields_of(row), "type": ServerType(row["type"])})
