"""Databases for tests: the schema is made once and copied."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from core.store.database import open_database, upgrade


def fresh_sqlite(path: Path) -> Engine:
    """A new SQLite file, empty but for its schema."""
    path.write_bytes(_schema())
    return open_database(f"sqlite:///{path}")


@cache
def _schema() -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory, "whipbird.db")
        engine = open_database(f"sqlite:///{path}")
        upgrade(engine)
        engine.dispose()
        return path.read_bytes()
