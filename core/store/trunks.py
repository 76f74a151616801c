"""Trunks in the database; what the simulated PBX does on one is kept as JSON."""

import msgspec
from sqlalchemy import Connection, RowMapping, select

from core.errors import NotFound
from core.model import Simulation, Trunk
from core.store.rows import fields_of, save, values_of
from core.store.schema import trunk

#: Most trunks an installation may have.
LIMIT = 10_000


def fetch_trunks(conn: Connection) -> list[Trunk]:
    rows = conn.execute(select(trunk).order_by(trunk.c.id).limit(LIMIT)).mappings()
    return [make_trunk(row) for row in rows]


def fetch_trunk(conn: Connection, trunk_id: int) -> Trunk:
    """NotFound if there is none of this id."""
    row = conn.execute(select(trunk).where(trunk.c.id == trunk_id)).mappings().first()
    if row is None:
        raise NotFound("trunk", trunk_id)
    return make_trunk(row)


def save_trunk(conn: Connection, value: Trunk) -> Trunk:
    """Insert (id 0) or update; the stored trunk."""
    columns = values_of(value)
    if value.simulation is not None:
        columns["simulation"] = msgspec.json.encode(value.simulation).decode()
    return save(conn, trunk, value, columns)


def make_trunk(row: RowMapping) -> Trunk:
    text = row["simulation"]
    simulation = msgspec.json.decode(text, type=Simulation) if text else None
    return Trunk(**{**fields_of(row), "simulation": simulation})
