"""Manual 25.02: "Users and security", "Users", "Classes", "The security model", and in place of
"Password security", which stores some passwords as plain text, that none is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from core.errors import NotPossible, NotRecognised
from core.operations.doorkeeper import Doorkeeper
from core.operations.people import UserChange, change_user, delete_class, show_users
from core.people import SYSTEM
from core.rules.keys import Key, Keyring, make_keyring, may_see, parse_keys, parse_user_keys
from core.store.database import reading
from core.store.users import fetch_user_by_name
from tests.support.people import PASSWORD, QUICK, MovingClock, make_user

ADMIN_CLASS = "USER ADMIN RT SYSLOG"
NOW = datetime(2015, 4, 22, 17, 24, tzinfo=UTC)
HERE = "10.10.5.100"


def test_a_keyring_is_the_class_s_keys_and_the_user_s_own() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("REPORT Zurich"))
    assert ring.keys == {"USER", "ADMIN", "RT", "SYSLOG", "REPORT", "Zurich"}


def test_a_key_with_a_minus_sign_is_revoked_if_the_class_has_it() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("-SYSLOG"))
    assert ring.keys == {"USER", "ADMIN", "RT"}


def test_a_key_with_a_minus_sign_is_ignored_otherwise() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("-LIST"))
    assert ring.keys == {"USER", "ADMIN", "RT", "SYSLOG"}


def test_the_master_key_bypasses_all_checks() -> None:
    master = make_keyring((), (), is_master=True)
    assert all(master.holds(key) for key in (*Key, "any feature"))
    assert may_see(master, "boss", security_key="SECRET", created_by="anna")


def test_an_element_is_visible_to_the_key_holder_and_to_its_creator() -> None:
    holder, other = Keyring(keys=frozenset({"ZURICH"})), Keyring(keys=frozenset({"USER"}))
    assert may_see(holder, "bea", security_key="ZURICH", created_by="anna")
    assert may_see(other, "anna", security_key="ZURICH", created_by="anna")
    assert not may_see(other, "bea", security_key="ZURICH", created_by="anna")


def test_an_element_without_a_key_is_visible_to_everyone() -> None:
    assert may_see(Keyring(), "bea", security_key="", created_by="anna")


def test_the_reserved_keys_are_the_manual_s() -> None:
    table = "USER RT REPORT ADMIN SYSLOG LIST CAMP COPY LICKEY V_WBT CTRL_WBT OPHR DEBUG_AMI"
    assert [key.value for key in Key] == table.split()


def test_all_other_words_are_feature_keys() -> None:
    assert parse_keys("TEAM-7 Zürich x") == ("TEAM-7", "Zürich", "x")


def test_successful_log_ons_are_counted_with_the_time_of_the_last(sqlite: Engine) -> None:
    clock = MovingClock(NOW)
    make_user(sqlite, NOW, "demoadmin")
    door = Doorkeeper(sqlite, clock, QUICK)
    door.log_in("demoadmin", PASSWORD, HERE)
    clock.advance(hours=1)
    door.log_in("demoadmin", PASSWORD, HERE)
    with pytest.raises(NotRecognised):
        door.log_in("demoadmin", "wrong", HERE)
    [user] = show_users(sqlite, SYSTEM)
    assert (user.logons, user.last_logon_at) == (2, NOW + timedelta(hours=1))


def test_a_user_who_is_not_enabled_does_not_log_on_and_is_not_deleted(sqlite: Engine) -> None:
    make_user(sqlite, NOW, "demoadmin")
    change_user(sqlite, SYSTEM, "demoadmin", UserChange(is_enabled=False), NOW)
    with pytest.raises(NotRecognised):
        Doorkeeper(sqlite, MovingClock(NOW), QUICK).log_in("demoadmin", PASSWORD, HERE)
    assert [user.name for user in show_users(sqlite, SYSTEM)] == ["demoadmin"]


def test_any_user_has_a_class_which_stays_as_long(sqlite: Engine) -> None:
    make_user(sqlite, NOW, "demouser", class_name=None)
    assert [user.class_name for user in show_users(sqlite, SYSTEM)] == ["USER"]
    with pytest.raises(NotPossible, match="give them another class first"):
        delete_class(sqlite, SYSTEM, "USER", NOW)


def test_no_password_is_stored_as_plain_text_and_the_same_one_twice_differs(sqlite: Engine) -> None:
    for name in ("one", "two"):
        make_user(sqlite, NOW, name)
    with reading(sqlite) as conn:
        one, two = (fetch_user_by_name(conn, name).password_hash for name in ("one", "two"))
    assert one.startswith("$argon2id$")
    assert PASSWORD not in one
    assert one != two
