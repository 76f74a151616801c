"""The installation's own key."""

from sqlalchemy import Connection, select

from core.store.schema import site


def fetch_site_key(conn: Connection) -> str:
    """8 hex digits, made with the schema; they never change."""
    return str(conn.execute(select(site.c.site_key).limit(1)).scalar_one())
