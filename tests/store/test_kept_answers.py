"""A request that is sent twice is done once; a key is its sender's own, for a day."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from core.errors import InvalidValue, NotPossible
from core.operations.persons import erase_person
from core.operations.repeats import KEPT, Begun, begin, give_back, keep
from core.people import SYSTEM
from core.store.kept_answers import KeptAnswer, find_request, forget_old
from core.store.schema import kept_answer
from tests.store.test_indexes import statements, whole_tables
from tests.support.people import actor_of
from tests.support.store_site import NOW, count

ROWS = 10_000
ANNA, BEN = actor_of("anna"), actor_of("ben")


def begun(database: Engine, key: str = "k", fingerprint: str = "f") -> Begun:
    found = begin(database, ANNA, key, fingerprint, NOW)
    assert isinstance(found, Begun)
    return found


def test_what_was_answered_is_answered_again(database: Engine) -> None:
    keep(database, ANNA, begun(database), 201, "[]", '{"name": "Zoë 😀"}')
    found = begin(database, ANNA, "k", "f", NOW + KEPT)
    assert isinstance(found, KeptAnswer)
    assert (found.status, found.headers, found.body) == (201, "[]", '{"name": "Zoë 😀"}')


def test_a_key_is_its_senders_own(database: Engine) -> None:
    keep(database, ANNA, begun(database), 201, "[]", "secret")
    assert isinstance(begin(database, BEN, "k", "f", NOW), Begun)
    keep(database, BEN, begun(database, "other"), 200, "[]", "forged")
    with pytest.raises(NotPossible):
        begin(database, ANNA, "other", "f", NOW)


def test_of_two_at_once_one_is_refused(database: Engine) -> None:
    begun(database)
    with pytest.raises(NotPossible, match="is being worked on, or was cut short"):
        begin(database, ANNA, "k", "f", NOW)


def test_a_key_stands_for_one_request(database: Engine) -> None:
    keep(database, ANNA, begun(database), 200, "[]", "")
    with pytest.raises(InvalidValue, match="used for another request: take another"):
        begin(database, ANNA, "k", "g", NOW)


def test_a_key_that_was_given_back_is_free(database: Engine) -> None:
    give_back(database, ANNA, begun(database))
    assert isinstance(begin(database, ANNA, "k", "g", NOW), Begun)


def test_an_answer_is_forgotten_after_a_day(database: Engine) -> None:
    keep(database, ANNA, begun(database), 200, "[]", "")
    later = NOW + KEPT + timedelta(microseconds=1)
    assert isinstance(begin(database, ANNA, "k", "g", later), Begun)


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "a\x00", "k" * 256])
def test_a_key_that_is_none_is_refused(database: Engine, key: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 255 visible ASCII characters"):
        begin(database, ANNA, key, "f", NOW)


def test_an_answer_that_names_an_erased_person_goes(database: Engine) -> None:
    keep(database, ANNA, begun(database), 200, "[]", '{"number": "+41919605566"}')
    keep(database, ANNA, begun(database, "k2"), 200, "[]", '{"number": "+41919605567"}')
    erase_person(database, SYSTEM, "+41919605566", NOW)
    assert isinstance(begin(database, ANNA, "k", "f", NOW), Begun)
    assert isinstance(begin(database, ANNA, "k2", "f", NOW), KeptAnswer)


def test_old_answers_are_found_by_their_index(database: Engine) -> None:
    texts = {"fingerprint": "f", "headers": "", "body": "", "status": 200}
    with database.begin() as conn:
        rows = [
            {"actor": "anna", "key_hash": str(n), "asked_at": NOW + timedelta(seconds=n), **texts}
            for n in range(ROWS)
        ]
        conn.execute(insert(kept_answer), rows)
        if conn.dialect.name != "sqlite":
            conn.exec_driver_sql("ANALYZE TABLE kept_answer")
        with statements(conn) as run:
            forget_old(conn, NOW + timedelta(seconds=9))
            find_request(conn, "anna", "99")
        assert count(conn, kept_answer) == ROWS - 9
        assert [found for one in run for found in whole_tables(conn, *one)] == []
