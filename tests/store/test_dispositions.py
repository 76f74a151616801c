"""Disposition rules are kept; what they make of calls comes with the log row, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from core.model import CallList, Campaign
from core.ports.commands import CallClosed
from core.rules.disposition import (
    Addition,
    AttributeMode,
    DispositionRule,
    Effect,
    Recall,
    Verb,
)
from core.rules.notifications import LetterKind, Notification
from core.rules.states import CallState
from core.store.campaigns import fetch_campaign, save_campaign
from core.store.database import reading
from core.store.journal import is_written, write_entries
from core.store.lists import fetch_list_by_name, fetch_records, lock_list, save_list
from core.store.outbox import fetch_due
from core.store.runs import create_run
from core.store.schema import call_log, outbox, record, waiting_record
from tests.store.test_indexes import statements, whole_tables
from tests.support.store_site import NOW, Site, closed, count, furnish, placed

ASK = Notification(kind=LetterKind.GET, url="http://x/" + "y" * 7990)
MAIL = Notification(kind=LetterKind.MAIL, url="mailto:a@b.ch", subject="Zoë 😀", body="c\nd\n")


def ended(site: Site, *effects: Effect, id: int = 1, record: int = 0) -> CallClosed:
    return replace(closed(site.attempt(id, record=record)), effects=effects)


def other_list(conn: Connection, name: str = "other") -> int:
    return save_list(conn, CallList(name=name)).id


def contents(conn: Connection, list_id: int) -> list[tuple[str, dict[str, str]]]:
    found = fetch_records(conn, list_id, after_id=0, limit=99)
    return [(one.number, dict(one.inputs)) for one in found]


def test_rules_are_kept_in_their_order_with_all_they_say(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        target = save_campaign(conn, Campaign(name="target"))
        rules = (
            DispositionRule(
                state=CallState.TERMINATED,
                ext_status="VM",
                with_retries_pending=True,
                verb=Verb.EMAIL,
                destination="${ATTREMAIL}",
                text="Zoë 😀\n${NUM}",
            ),
            DispositionRule(
                state=CallState.RS_BUSY,
                verb=Verb.ADD_BLACKLIST,
                list_id=site.call_list.id,
                defer_s=3_000_000_000,
                attribute_mode=AttributeMode.OUTBOUND,
                attributes=(("Z", "1"), ("A", "${NUM}:2")),
            ),
            DispositionRule(state=CallState.RS_LOST, verb=Verb.RECALL, target_id=target.id),
        )
        saved = save_campaign(conn, replace(site.campaign, disposition_rules=rules))
        assert fetch_campaign(conn, saved.id).disposition_rules == rules
        save_campaign(conn, replace(saved, disposition_rules=rules[1:]))
        assert fetch_campaign(conn, saved.id).disposition_rules == rules[1:]


def test_effects_come_with_the_log_row_in_the_order_of_the_calls(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        first, second = other_list(conn, "first"), other_list(conn, "second")
        one = Addition(list_id=second, number="100", inputs={"A": "Zoë"})
        two = Addition(list_id=first, number="101", inputs={})
        three = Addition(list_id=second, number="101", inputs={})
        write_entries(conn, [ended(site, one, ASK), ended(site, two, MAIL, three, id=2, record=1)])
        assert contents(conn, first) == [("101", {})]
        assert contents(conn, second) == [("100", {"A": "Zoë"}), ("101", {})]
        letters = fetch_due(conn, NOW.replace(hour=23), limit=9)
    assert [(x.kind, x.call_id, x.url, x.subject, x.body) for x in letters] == [
        (LetterKind.GET, 1, ASK.url, "", ""),
        (LetterKind.MAIL, 2, MAIL.url, MAIL.subject, MAIL.body),
    ]


def test_effects_of_what_is_not_committed_are_never_seen(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        key = other_list(conn)
        write_entries(conn, [ended(site)])
    addition = Addition(list_id=key, number="1", inputs={})
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [ended(site, addition, ASK, id=2, record=1), ended(site)])
    with reading(database) as conn:
        assert (contents(conn, key), count(conn, outbox), count(conn, call_log)) == ([], 0, 1)


def test_a_call_that_is_written_is_known_so_that_its_effects_are_not_doubled(
    database: Engine,
) -> None:
    site = furnish(database)
    with database.begin() as conn:
        entry = ended(site, Addition(list_id=other_list(conn), number="1", inputs={}), ASK)
        assert not is_written(conn, entry)
        write_entries(conn, [placed(site.attempt()), entry])
        assert is_written(conn, entry)


def test_a_list_that_is_gone_takes_nothing_but_the_log_row_is_written(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        before = count(conn, record)
        assert lock_list(conn, site.call_list.id)
        assert not lock_list(conn, 9_999)
        write_entries(conn, [ended(site, Addition(list_id=9_999, number="1", inputs={}), ASK)])
        assert (count(conn, record), count(conn, call_log), count(conn, outbox)) == (before, 1, 1)


def test_no_statement_of_an_effect_reads_a_whole_table(database: Engine) -> None:
    site = furnish(database, records=2000)
    with database.begin() as conn:
        key = other_list(conn)
        if conn.dialect.name != "sqlite":
            conn.exec_driver_sql("ANALYZE TABLE record, call_list")
        with statements(conn) as seen:
            write_entries(conn, [ended(site, Addition(list_id=key, number="1", inputs={}), ASK)])
        assert len(seen) == 5
        for statement, values in seen:
            assert whole_tables(conn, statement, values) == [], statement


def recall(campaign: Campaign, number: str = "100", minutes: int = 1) -> Recall:
    after = timedelta(minutes=minutes)
    return Recall(campaign_id=campaign.id, number=number, inputs={"A": "b"}, after=after)


def test_a_recall_goes_to_the_other_campaign_s_automatic_list(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        other = save_campaign(conn, Campaign(name="other"))
        create_run(conn, other, NOW)
        entries = [
            ended(site, recall(other)),
            ended(site, recall(other, "101", 2), id=2, record=1),
        ]
        write_entries(conn, entries)
        found = fetch_list_by_name(conn, "other/AUTO")
        assert contents(conn, found.id) == [("100", {"A": "b"}), ("101", {"A": "b"})]
        due = conn.execute(select(waiting_record.c.due_at).order_by("record_id")).scalars().all()
    end = entries[0].log.ended_at
    assert due == [end + timedelta(minutes=1), end + timedelta(minutes=2)]


def test_a_recall_on_a_campaign_without_a_run_waits_for_its_next_one(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        idle = save_campaign(conn, Campaign(name="idle"))
        write_entries(conn, [ended(site), ended(site, recall(idle), id=7, record=1)])
        assert contents(conn, fetch_list_by_name(conn, "idle/AUTO").id) == [("100", {"A": "b"})]
        assert (count(conn, waiting_record), count(conn, call_log)) == (1, 2)
