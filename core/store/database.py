"""Opening the database, and keeping its schema at the version the code needs."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from core.errors import InvalidValue, SchemaOutdated
from core.settings import mask_password

#: How long SQLite waits for another writer, in milliseconds.
BUSY_TIMEOUT_MS = 30_000

_DRIVERS = ("sqlite", "mysql+pymysql", "mariadb+pymysql")
_EXPECTED = "write sqlite:///PATH or mysql+pymysql://USER:PASSWORD@HOST/DATABASE"
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """An engine for `url`. It connects when it is first used; a SQLite file's directory is
    made. InvalidValue for a URL that is none, or of a database Whipbird does not know."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InvalidValue("database url", mask_password(url), _EXPECTED) from None
    shown = parsed.render_as_string(hide_password=True)
    if parsed.drivername not in _DRIVERS:
        raise InvalidValue("database url", shown, _EXPECTED)
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise InvalidValue("database url", shown, "SQLite needs a file: sqlite:///PATH")
        _make_directory(Path(parsed.database).parent)
        return _open_sqlite(url)
    try:
        return create_engine(
            parsed.update_query_dict({"charset": "utf8mb4"}),
            pool_pre_ping=True,
            pool_recycle=1800,
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": 5, "read_timeout": 60, "write_timeout": 60},
        )
    except NoSuchModuleError:
        raise InvalidValue("database url", shown, _EXPECTED) from None


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = f"a directory that can be made and written ({error.strerror})"
        raise InvalidValue("database directory", path, expected) from None


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # Python's driver begins transactions only before writes; ours begin where we say.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def reading(engine: Engine) -> AbstractContextManager[Connection]:
    """A transaction that only reads. `engine.begin()` is one that may write: on SQLite it
    waits its turn at the beginning instead of failing half-way."""
    return engine.execution_options(sqlite_begin="DEFERRED").begin()


def upgrade(engine: Engine) -> None:
    """Create the schema, or bring it to the version the code needs. What is stored stays.

    SchemaOutdated of a database that a newer Whipbird made."""
    with engine.begin() as conn:
        _check_character_set(conn)
        _check_known(_fetch_version(conn))
        config = _alembic()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def _check_character_set(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        return
    found = conn.exec_driver_sql("SELECT @@character_set_database").scalar_one()
    if found != "utf8mb4":
        name = conn.engine.url.database
        raise InvalidValue(
            "database character set",
            found,
            f"run ALTER DATABASE `{name}` CHARACTER SET utf8mb4, or names and attributes suffer",
        )


def shown_url(engine: Engine) -> str:
    """Where the database is, for people: a SQLite file by its whole path, no password."""
    if engine.dialect.name == "sqlite":
        return str(Path(str(engine.url.database)).resolve())
    return engine.url.render_as_string(hide_password=True)


def check_schema(engine: Engine) -> None:
    """SchemaOutdated, with what mends it, if the schema is not the code's."""
    with reading(engine) as conn:
        current = _fetch_version(conn)
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    if current == head:
        return
    _check_known(current)
    has = f"version {current}" if current else "no schema yet"
    raise SchemaOutdated(
        f"the database {shown_url(engine)} has {has}, this Whipbird needs version {head}: "
        "run `whipbird migrate`"
    )


def _fetch_version(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _check_known(version: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaOutdated(
            f"the database has version {version}, made by a newer Whipbird than this, which knows "
            f"versions up to {max(known)}: install that one"
        )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
