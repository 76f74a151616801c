"""Fixtures with a real database: `database` is each kind in turn, empty but for its schema."""

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.store.database import open_database, upgrade
from core.store.schema import metadata
from tests.support.databases import fresh_sqlite
from tests.support.mariadb import MariaDB, find_server

_KEPT = {"site"}


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A MariaDB server of our own, started when a test first asks for it."""
    if find_server() is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("MariaDB is not installed: apt-get install mariadb-server")
    server = MariaDB()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _mariadb_engine(mariadb_server: MariaDB) -> Iterator[Engine]:
    engine = open_database(mariadb_server.url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def mariadb(_mariadb_engine: Engine) -> Engine:
    """MariaDB, emptied."""
    with _mariadb_engine.begin() as conn:
        conn.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in metadata.sorted_tables:
            if table.name not in _KEPT:
                conn.exec_driver_sql(f"DELETE FROM {table.name}")
        conn.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
    return _mariadb_engine


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite file, fresh."""
    engine = fresh_sqlite(tmp_path / "whipbird.db")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database(request: pytest.FixtureRequest) -> Engine:
    """Each kind of database in turn."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each kind in turn, without a schema."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        server: MariaDB = request.getfixturevalue("mariadb_server")
        server.execute("CREATE OR REPLACE DATABASE empty CHARACTER SET utf8mb4")
        engine = open_database(server.url_of("empty"))
    yield engine
    engine.dispose()


@pytest.fixture
def leaky_driver() -> Iterator[None]:
    """pymysql leaves the socket of a refused connection to the garbage collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
