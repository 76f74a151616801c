"""Which elements have a security key: far fewer than there are elements."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from core.rules.stamps import Stamp
from core.store.schema import call_list, campaign, end_point, server, trunk

#: Most protected elements of a kind.
LIMIT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtectedName:
    """The name of an element that has a security key."""

    name: str
    security_key: str
    stamp: Stamp


def fetch_protected_campaigns(conn: Connection) -> list[ProtectedName]:
    return list(_fetch(conn, campaign))


def fetch_protected_servers(conn: Connection) -> list[ProtectedName]:
    return list(_fetch(conn, server))


def fetch_protected_lists(conn: Connection) -> list[ProtectedName]:
    return list(_fetch(conn, call_list))


def fetch_protected_trunks(conn: Connection) -> list[ProtectedName]:
    return list(_fetch(conn, trunk))


def fetch_protected_endpoints(conn: Connection) -> list[ProtectedName]:
    return list(_fetch(conn, end_point))


def _fetch(conn: Connection, table: Table) -> Iterator[ProtectedName]:
    query = select(table.c.name, table.c.security_key, table.c.created_by)
    for row in conn.execute(query.where(table.c.security_key != "").limit(LIMIT)):
        yield ProtectedName(
            name=row.name, security_key=row.security_key, stamp=Stamp(created_by=row.created_by)
        )
