"""The installation's own key, whether it is for show, and who may change what is configured."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update

from core.store.schema import site


def fetch_site_key(conn: Connection) -> str:
    """8 hex digits, made with the schema; they never change."""
    return str(conn.execute(select(site.c.site_key).limit(1)).scalar_one())


def is_demonstration(conn: Connection) -> bool:
    """Whether its users' passwords are known to everybody."""
    return bool(conn.execute(select(site.c.is_demonstration).limit(1)).scalar_one())


def set_demonstration(conn: Connection) -> None:
    """From now on it is for show, until its database is thrown away."""
    conn.execute(update(site).values(is_demonstration=True))


@contextmanager
def configuring(engine: Engine) -> Iterator[Connection]:
    """A transaction that may change what is configured, one at a time: what it found right is
    still so when it saves. SQLite has one writer at a time anyway."""
    with engine.begin() as conn:
        conn.execute(select(site.c.id).with_for_update())
        yield conn
