"""The schema, its migrations, and what its columns keep."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from core.errors import InvalidValue, SchemaOutdated
from core.model import CallList, Record, Server
from core.store.database import check_schema, open_database, reading, upgrade
from core.store.lists import (
    fetch_list_by_name,
    fetch_lists,
    fetch_records,
    save_list,
    save_record,
)
from core.store.schema import metadata, record, run
from core.store.servers import fetch_servers, save_server
from core.store.site import fetch_site_key
from tests.support.mariadb import MariaDB
from tests.support.store_site import NOW, furnish

HOSTILE = "Zoë 😀 \"double\" 'single' \\ `back` %s :name ? -- ; DROP TABLE record; 漢字 𝔘"


def test_migrations_make_what_the_tables_say(empty_database: Engine) -> None:
    upgrade(empty_database)
    with empty_database.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migrated_database_passes_and_migrates_again(database: Engine) -> None:
    with reading(database) as conn:
        key = fetch_site_key(conn)
    upgrade(database)
    check_schema(database)
    with reading(database) as conn:
        assert fetch_site_key(conn) == key
    assert len(bytes.fromhex(key)) == 4


def test_an_empty_database_is_refused_with_the_command(empty_database: Engine) -> None:
    with pytest.raises(SchemaOutdated, match=r"no schema yet.*run `whipbird migrate`"):
        check_schema(empty_database)


def test_a_newer_schema_is_refused_and_left_alone(empty_database: Engine) -> None:
    upgrade(empty_database)
    with empty_database.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for act in (check_schema, upgrade):
        with pytest.raises(SchemaOutdated, match=r"version 9999, made by a newer Whipbird"):
            act(empty_database)
    with reading(empty_database) as conn:
        assert conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


@pytest.mark.mariadb
def test_a_database_of_another_character_set_is_refused(mariadb_server: MariaDB) -> None:
    mariadb_server.execute("CREATE OR REPLACE DATABASE western CHARACTER SET latin1")
    engine = open_database(mariadb_server.url_of("western"))
    with pytest.raises(InvalidValue, match="ALTER DATABASE `western` CHARACTER SET utf8mb4"):
        upgrade(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("whipbird.db", "sqlite:///PATH"),
        ("postgresql://u@h/d", "sqlite:///PATH"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
    ],
)
def test_a_url_of_no_use_is_named(url: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        open_database(url)


def test_a_refused_url_hides_its_password() -> None:
    with pytest.raises(InvalidValue) as caught:
        open_database("oracle://u:hush@h/d")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        datetime(2026, 10, 25, 1, 30, 0, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_moments_keep_microseconds_and_are_utc(database: Engine, moment: datetime) -> None:
    site = furnish(database)
    local = moment.astimezone(timezone(timedelta(hours=-7)))
    with database.begin() as conn:
        conn.execute(run.update().values(ended_at=local))
        found = conn.execute(select(run.c.ended_at).where(run.c.id == site.run.id)).scalar_one()
    assert found == moment
    assert found.tzinfo is UTC


def test_names_that_differ_in_case_are_two(database: Engine) -> None:
    with database.begin() as conn:
        upper = save_list(conn, CallList(name="People"))
        lower = save_list(conn, CallList(name="people"))
        accent = save_list(conn, CallList(name="péople"))
        assert fetch_list_by_name(conn, "people") == lower
        assert fetch_lists(conn) == [upper, lower, accent]


def test_a_name_given_twice_is_refused(database: Engine) -> None:
    with database.begin() as conn:
        save_list(conn, CallList(name="people"))
    with pytest.raises(IntegrityError), database.begin() as conn:
        save_list(conn, CallList(name="people"))


def test_hostile_text_comes_back_as_it_was(database: Engine) -> None:
    inputs = {"A": HOSTILE, "B": "  blanks  ", "C": "\u2028\ufeff"}
    with database.begin() as conn:
        server = save_server(conn, Server(name=HOSTILE, login=HOSTILE, password="p"))
        call_list = save_list(conn, CallList(name="people"))
        save_record(conn, Record(list_id=call_list.id, number="1", inputs=inputs))
    with reading(database) as conn:
        assert fetch_servers(conn) == [server]
        [found] = fetch_records(conn, call_list.id, after_id=0, limit=9)
    assert found.inputs == inputs
    assert found.outputs == {}


def test_a_hundred_attributes_of_900_bytes_fit(database: Engine) -> None:
    inputs = {f"NAME_{i}": "😀" * 225 for i in range(100)}
    with database.begin() as conn:
        call_list = save_list(conn, CallList(name="people"))
        save_record(conn, Record(list_id=call_list.id, number="1", inputs=inputs, outputs=inputs))
    with reading(database) as conn:
        [found] = fetch_records(conn, call_list.id, after_id=0, limit=9)
    assert found.inputs == found.outputs == inputs


def test_a_record_of_no_list_is_refused(database: Engine) -> None:
    with pytest.raises(IntegrityError), database.begin() as conn:
        conn.execute(insert(record).values(list_id=999_999, number="1"))
