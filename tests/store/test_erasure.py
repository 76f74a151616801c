"""What is stored of a person, and what is left of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from core.errors import NotPossible
from core.model import CallList, Record
from core.operations.persons import Erasure, erase_person, preview_erasure
from core.people import SYSTEM
from core.rules.notifications import Notification
from core.store.audit import LogFilter, fetch_log
from core.store.automatic import add_automatic_record, hand_over
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.lists import fetch_records, save_list, save_record
from core.store.past_calls import insert_calls
from core.store.schema import metadata
from tests.support.store_site import NOW, Site, closed, furnish, placed

LATER = NOW + timedelta(hours=1)
NUMBER = "+4930123"


def stored_texts(conn: Connection) -> str:
    """All that is in the database, as one text."""
    rows = (row for table in metadata.sorted_tables for row in conn.execute(select(table)))
    return "\n".join(map(str, rows))


def know(database: Engine) -> Site:
    """One person, with NUMBER in every place that Whipbird keeps numbers in."""
    site = furnish(database, records=3)
    with database.begin() as conn:
        people, black = site.call_list.id, save_list(conn, CallList(name="black")).id
        save_campaign(conn, replace(site.campaign, black_list_ids=(black,)))
        inputs = {"NAME": "Anna Person"}
        main = save_record(conn, Record(list_id=people, number=NUMBER, inputs=inputs))
        further = {"MULTINUM2": "+49 (30) 123", "NAME": "Anna Person"}
        other = save_record(conn, Record(list_id=people, number="555", inputs=further))
        save_record(conn, Record(list_id=people, number="777", inputs={"MULTINUM1": "49"}))
        save_record(conn, Record(list_id=black, number=NUMBER, inputs={"REASON": "asked"}))
        for key, record_id, number in ((1, main, NUMBER), (2, other, "555")):
            attempt = replace(site.attempt(key), record_id=record_id, number=number)
            end = closed(attempt, retry=replace(site.retry(), record_id=record_id))
            letter = Notification(url="http://crm/", body=f"num={NUMBER}&I_NAME=Anna+Person")
            named = replace(end.log, channel=f"Local/{NUMBER}@out-1;1")
            insert_calls(conn, [attempt])
            entry = replace(end, log=named, notify=letter, outputs={"SAID": "Anna Person"})
            write_entries(conn, [placed(attempt), entry])
        stranger = site.attempt(3, record=1)
        write_entries(conn, [placed(stranger), closed(stranger)])
        add_automatic_record(conn, site.campaign, NUMBER, inputs, now=NOW)
    return site


EXPECTED = Erasure(
    number=NUMBER, is_erased=True, records=3, calls=2, letters=2, retries=2, waiting=1,
    lists=("calls/AUTO", "people"), kept_entries=1, kept_black_lists=("black",),
)  # fmt: skip


def test_what_would_be_erased_is_told_and_nothing_is_changed(database: Engine) -> None:
    know(database)
    with reading(database) as conn:
        before = stored_texts(conn)
    told = preview_erasure(database, SYSTEM, "+49 30 123")
    assert told == replace(EXPECTED, is_erased=False)
    with reading(database) as conn:
        assert stored_texts(conn) == before


def test_after_it_nothing_but_the_black_list_knows_the_number(database: Engine) -> None:
    know(database)
    assert erase_person(database, SYSTEM, NUMBER, LATER) == EXPECTED
    with reading(database) as conn:
        left = stored_texts(conn)
    assert left.count("30123") == left.count("asked") == 1
    assert "Anna" not in left
    assert "555" not in left
    assert "'777'" in left


def test_calls_stay_under_one_pseudonym(database: Engine) -> None:
    site = know(database)
    erase_person(database, SYSTEM, NUMBER, LATER)
    with reading(database) as conn:
        rows = conn.exec_driver_sql("SELECT id, number, channel FROM call_log ORDER BY id").all()
    pseudonym = f"erased-{site.record_ids[-1] + 1}"
    assert [tuple(row) for row in rows] == [
        (1, pseudonym, ""), (2, pseudonym, ""), (3, "101", "PJSIP/carrier-0001"),
    ]  # fmt: skip


def test_a_black_list_forgets_the_number_only_when_asked(database: Engine) -> None:
    know(database)
    told = erase_person(database, SYSTEM, NUMBER, LATER, keeps_black_lists=False)
    assert (told.records, told.kept_entries) == (4, 0)
    with reading(database) as conn:
        assert "30123" not in stored_texts(conn)


def test_twice_finds_nothing_more(database: Engine) -> None:
    know(database)
    erase_person(database, SYSTEM, NUMBER, LATER)
    again = erase_person(database, SYSTEM, NUMBER, LATER)
    assert (again.records, again.calls, again.kept_entries) == (0, 0, 1)


def test_while_a_call_is_under_way_nothing_is_erased(database: Engine) -> None:
    site = know(database)
    with database.begin() as conn:
        [main] = [
            r.id for r in fetch_records(conn, site.call_list.id, after_id=0, limit=99)
            if r.number == NUMBER
        ]  # fmt: skip
        again = replace(site.attempt(9, attempt_no=1), record_id=main, number=NUMBER)
        write_entries(conn, [placed(again)])
        before = stored_texts(conn)
    with pytest.raises(NotPossible, match=r"a call to \+4930123 is under way: try again"):
        erase_person(database, SYSTEM, NUMBER, LATER)
    with reading(database) as conn:
        assert stored_texts(conn) == before


def test_scheduled_calls_are_dropped_and_retries_come_to_their_end_at_once(
    database: Engine,
) -> None:
    know(database)
    erase_person(database, SYSTEM, NUMBER, LATER)
    with database.begin() as conn:
        assert hand_over(conn) == []
        due = conn.exec_driver_sql("SELECT DISTINCT due_at FROM retry").scalars().all()
    assert len(due) == 1


def test_the_system_log_tells_that_but_not_who(database: Engine) -> None:
    know(database)
    erase_person(database, SYSTEM, NUMBER, LATER)
    with reading(database) as conn:
        [entry] = fetch_log(conn, LogFilter(action="person.erase"), 9)
    assert (entry.who, entry.at, entry.subject) == ("system", LATER, "")
    assert entry.detail == "3 records, 2 calls"
