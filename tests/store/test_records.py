"""Rows that another program spoilt: each is a record with a fault, and holds up no other."""

from io import StringIO

import pytest
from sqlalchemy import Engine

from core.errors import InvalidValue
from core.model import CallList, Record
from core.operations.list_export import export_csv
from core.people import SYSTEM
from core.store.blacklists import fetch_blacklist_entries
from core.store.database import reading
from core.store.lists import fetch_records, insert_records, save_list
from core.store.types import parse_attributes
from tests.support.store_site import NOW

SPOILT = {
    '{"NAME":"Ann","AGE":7}': 'attribute AGE "7": a value is text, in quotes',
    '{"AGE":null}': 'attribute AGE "null": a value is text, in quotes',
    '["NAME"]': 'attributes "["NAME"]": they are a JSON object, {"NAME": "value"}',
    "NAME=Ann": 'attributes "NAME=Ann": they are a JSON object, {"NAME": "value"}',
}


@pytest.mark.parametrize("text", SPOILT)
def test_attributes_that_are_not_text_are_refused_with_their_reason(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        parse_attributes(text)
    assert str(refusal.value) == SPOILT[text]


@pytest.mark.parametrize("text", SPOILT)
def test_a_record_with_a_fault_comes_between_the_others(database: Engine, text: str) -> None:
    with database.begin() as conn:
        key = save_list(conn, CallList(name="people")).id
        insert_records(conn, [(key, "100", '{"A":"x"}'), (key, "101", text), (key, "102", None)])
    with reading(database) as conn:
        first, spoilt, last = fetch_records(conn, key, after_id=0, limit=9)
        listed = fetch_blacklist_entries(conn, [key], ["101"])
    assert (first.inputs, first.fault, last.number) == ({"A": "x"}, "", "102")
    assert spoilt == Record(id=spoilt.id, list_id=key, number="101", fault=SPOILT[text])
    assert listed == {"101": [{}]}


def test_an_export_does_not_leave_out_what_it_cannot_read(database: Engine) -> None:
    with database.begin() as conn:
        key = save_list(conn, CallList(name="people")).id
        insert_records(conn, [(key, "101", '{"AGE":7}')])
    with pytest.raises(InvalidValue, match='"101": attribute AGE "7"'):
        export_csv(database, SYSTEM, "people", StringIO(), NOW)
