"""From each schema to the next, with rows in place."""

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

import core.store
from core.model import Campaign, Part
from core.rules.caps import PastCall
from core.rules.notifications import LetterKind
from core.store.attempts import fetch_open_attempts
from core.store.campaigns import fetch_campaigns, fetch_parts, save_campaign
from core.store.database import check_schema, reading, upgrade
from core.store.journal import write_entries
from core.store.lists import fetch_records
from core.store.outbox import fetch_due
from core.store.past_calls import fetch_past_calls
from core.store.reports import fetch_logs, fetch_trunk_counts
from core.store.runs import fetch_run
from tests.support.store_site import closed

MIGRATIONS = Path(core.store.__file__).parent / "migrations"
NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
AT = "'2026-03-02 09:00:00.123456'"

#: A site as version 0001 kept it: a call under way and one that is over.
ROWS_0001 = (
    "INSERT INTO server VALUES (1, 'pbx', 'FAKEAMI', 'h', 5038, 'l', 'p', 50, 5)",
    "INSERT INTO trunk VALUES (1, 1, 'out', 'PJSIP/x', 10, 100, 1000, NULL)",
    "INSERT INTO end_point VALUES (1, 1, 'desk', 's', 'desk', 10)",
    "INSERT INTO call_list VALUES (1, 'people')",
    """INSERT INTO record VALUES (1, 1, '100', '{"A":"b"}', NULL), (2, 1, '101', NULL, NULL)""",
    "INSERT INTO campaign VALUES (1, 'calls', 10, 'RUNNABLE', 0, 100, 30000, 0, '', '')",
    "INSERT INTO campaign_trunk VALUES (1, 1)",
    "INSERT INTO campaign_end_point VALUES (1, 1)",
    "INSERT INTO campaign_list VALUES (1, 1, 1)",
    f"INSERT INTO run VALUES (1, 1, 'RUNNING', {AT}, NULL, 2, 1, '')",
    "INSERT INTO run_list VALUES (1, 1, 1, 2, 0)",
    f"INSERT INTO attempt VALUES (2, 1, 1, 2, 1, 1, 1, 1, 0, 0, '101', 'wb-2', {AT})",
    f"""INSERT INTO call_log VALUES (1, 1, 1, 1, 1, 1, 1, 1, 0, 0, '100', 'wb-1', {AT},
        'RS_BUSY', '', 1, 2, 3, 0, 'PJSIP/c', 17, 'SIP 486', 'busy', {AT})""",
)


def migrate(database: Engine, version: str) -> None:
    with database.begin() as conn:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = conn
        command.upgrade(config, version)


def furnish_0001(database: Engine) -> None:
    migrate(database, "0001")
    with database.begin() as conn:
        for statement in ROWS_0001:
            conn.execute(text(statement.replace(":", "\\:")))


def keys_of(conn: Connection, table: str) -> dict[str, object]:
    """Names of the keys and indexes of a table, each with what it is on."""
    found = inspect(conn)
    keys: dict[str, object] = {}
    for kind in (found.get_foreign_keys(table), found.get_unique_constraints(table)):
        keys |= {
            str(key["name"]): key.get("constrained_columns") or key.get("column_names")
            for key in kind
        }
    return keys | {str(i["name"]): i["column_names"] for i in found.get_indexes(table)}


def test_a_campaign_of_before_gets_the_model_s_defaults(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    upgrade(empty_database)
    check_schema(empty_database)
    with reading(empty_database) as conn:
        assert fetch_campaigns(conn) == [
            Campaign(id=1, name="calls", trunk_ids=(1,), endpoint_ids=(1,), list_ids=(1,))
        ]


def test_no_row_is_lost_or_changed_on_the_way_to_0002(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    tables = ("server", "trunk", "end_point", "call_list", "record", "run", "run_list")
    tables = (*tables, "attempt", "call_log", "campaign_trunk", "site")
    before = {name: rows_of(empty_database, name) for name in tables}
    migrate(empty_database, "0002")
    assert {name: rows_of(empty_database, name) for name in tables} == before
    upgrade(empty_database)
    with reading(empty_database) as conn:
        [under_way] = fetch_open_attempts(conn, 1)
        [over] = fetch_logs(conn, 1, after_id=0, limit=9)
        assert (under_way.id, under_way.trunk_id, under_way.requested_at) == (2, 1, NOW)
        assert (over.attempt.id, over.attempt.server_id, over.tech_cause) == (1, 1, "SIP 486")
        assert [r.number for r in fetch_records(conn, 1, after_id=0, limit=9)] == ["100", "101"]
        assert fetch_run(conn, 1).lists[0].highwater == 2


def rows_of(database: Engine, table: str) -> list[tuple[object, ...]]:
    with reading(database) as conn:
        return [tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1")]


def test_tables_made_anew_keep_their_keys_and_indexes(empty_database: Engine) -> None:
    migrate(empty_database, "0001")
    with reading(empty_database) as conn:
        before = {table: keys_of(conn, table) for table in ("attempt", "call_log")}
    upgrade(empty_database)
    new = {"ix_call_log_list_id_id": ["list_id", "id"]}
    with reading(empty_database) as conn:
        after = {table: keys_of(conn, table) for table in ("attempt", "call_log")}
    assert after["attempt"] == before["attempt"]
    assert after["call_log"].items() >= new.items()
    assert {name: key for name, key in after["call_log"].items() if name not in new} == {
        name: key
        for name, key in before["call_log"].items()
        # MariaDB lets its own index of a foreign key go once there is a better one.
        if name != "fk_call_log_list_id" or name in after["call_log"]
    }
    assert "uq_attempt_run_id_record_id_attempt_no" in before["attempt"]
    assert "fk_call_log_trunk_id" in before["call_log"]
    assert "ix_call_log_run_id_id" in before["call_log"]


def test_the_calls_of_before_count(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    talk = "'+393', 'wb-3', :at, 'TERMINATED', '', 1, 2, 3000, 0, '', 16, '', '', :at"
    unsent = "'+394', 'wb-4', :at, 'RS_ERROR', '', 0, 0, 0, 10, '', 0, '', 'not sent: :x', :at"
    with empty_database.begin() as conn:
        for number, row in ((3, talk), (4, unsent)):
            values = row.replace(":x", "gone").replace(":at", AT)
            conn.exec_driver_sql(
                f"INSERT INTO call_log VALUES ({number},1,1,1,1,1,1,1,{number},0, {values})"
            )
    upgrade(empty_database)
    with reading(empty_database) as conn:
        found = fetch_past_calls(conn, ["100", "101", "393", "394"], NOW)
    assert found == {
        "100": [(1, PastCall(placed_at=NOW, talked_until=NOW))],
        "101": [(2, PastCall(placed_at=NOW, is_open=True))],
        "393": [(3, PastCall(placed_at=NOW, talked_until=NOW))],
    }


def test_the_run_of_before_goes_on_afterwards(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    upgrade(empty_database)
    with empty_database.begin() as conn:
        [campaign] = fetch_campaigns(conn)
        save_campaign(conn, campaign)
        [under_way] = fetch_open_attempts(conn, 1)
        write_entries(conn, [closed(under_way)])
        assert fetch_open_attempts(conn, 1) == []
        assert [count.count for count in fetch_trunk_counts(conn, 1)] == [2]


def test_a_letter_of_before_is_still_a_notification_of_its_call(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    migrate(empty_database, "0003")
    with empty_database.begin() as conn:
        values = f"7, 1, 1, 'http://crm.example/', 'num=1', 2, {AT}, {AT}, 'down', 0"
        conn.execute(text(f"INSERT INTO outbox VALUES ({values})".replace(":", "\\:")))
        before = keys_of(conn, "outbox")
    upgrade(empty_database)
    with reading(empty_database) as conn:
        assert before.items() <= keys_of(conn, "outbox").items()
        [letter] = fetch_due(conn, NOW, limit=9)
    assert (letter.id, letter.call_id, letter.kind) == (7, 1, LetterKind.NOTIFY)
    assert (letter.url, letter.body, letter.attempts) == ("http://crm.example/", "num=1", 2)


def test_lists_and_rules_of_before_get_ids_in_their_order(empty_database: Engine) -> None:
    furnish_0001(empty_database)
    migrate(empty_database, "0018")  # before their ids
    rule = "'RS_BUSY', '', {attempts}, 60, 'FIXED'"
    with empty_database.begin() as conn:
        for idx in (2, 1):
            values = rule.format(attempts=idx)
            conn.exec_driver_sql(f"INSERT INTO reschedule_rule VALUES (1, {idx}, {values})")
        before = keys_of(conn, "campaign_list")
    upgrade(empty_database)
    with empty_database.begin() as conn:
        [campaign] = fetch_campaigns(conn)
        assert campaign.list_ids == (1,)
        assert [rule.max_attempts for rule in campaign.reschedule_rules] == [1, 2]
        assert fetch_parts(conn, Part.RESCHEDULE, 1) == (1, 2)
        after = keys_of(conn, "campaign_list")
        assert {name: after.get(name) for name in before} == before
        save_campaign(conn, campaign)
        assert fetch_parts(conn, Part.RESCHEDULE, 1) == (1, 2)
