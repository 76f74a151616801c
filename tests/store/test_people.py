"""What administrators do with users, classes and tokens, and users with their own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from core.errors import Forbidden, InvalidValue, NotFound, NotPossible
from core.operations import people
from core.operations.first import (
    DEMONSTRATION,
    KNOWN_TO_ALL,
    LASTS,
    FirstLink,
    check_exposure,
    is_empty,
    is_for_show,
    make_demonstration,
)
from core.operations.people import UserChange
from core.operations.system_log import read_log
from core.operations.tokens import add_token, revoke_token, show_tokens
from core.people import SYSTEM, Actor
from core.rules.keys import Key
from core.store.audit import LogFilter
from core.store.database import reading
from core.store.users import fetch_user_by_name, fetch_users
from tests.support.people import PASSWORD, QUICK, actor_of, make_user

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)

Work = Callable[[Engine, Actor], object]

#: Each operation on people, with the key it needs of one who does it to others.
NEEDS: dict[str, tuple[Work, str]] = {
    "show_users": (people.show_users, Key.ADMIN),
    "add_user": (
        lambda e, a: people.add_user(e, a, QUICK, "bea", PASSWORD, UserChange(), NOW),
        Key.ADMIN,
    ),
    "change_user": (lambda e, a: people.change_user(e, a, "anna", UserChange(), NOW), Key.ADMIN),
    "set_password": (
        lambda e, a: people.set_password(e, a, QUICK, "anna", PASSWORD, NOW),
        Key.ADMIN,
    ),
    "delete_user": (lambda e, a: people.delete_user(e, a, "anna", NOW), Key.ADMIN),
    "show_classes": (people.show_classes, Key.ADMIN),
    "add_class": (lambda e, a: people.add_class(e, a, "X", "RT", "", NOW), Key.ADMIN),
    "change_class": (lambda e, a: people.change_class(e, a, "ADMIN", "RT", NOW), Key.ADMIN),
    "delete_class": (lambda e, a: people.delete_class(e, a, "SPARE", NOW), Key.ADMIN),
    "show_tokens": (show_tokens, Key.ADMIN),
    "show_tokens of one": (lambda e, a: show_tokens(e, a, "anna"), Key.ADMIN),
    "add_token": (lambda e, a: add_token(e, a, "anna", "t", "RT", NOW), Key.ADMIN),
    "revoke_token": (lambda e, a: revoke_token(e, a, 1, NOW), Key.ADMIN),
    "read_log": (lambda e, a: read_log(e, a, LogFilter(), 9), Key.SYSLOG),
}


@pytest.mark.parametrize("name", NEEDS)
def test_what_is_done_to_others_needs_a_key(sqlite: Engine, name: str) -> None:
    work, key = NEEDS[name]
    make_user(sqlite, NOW)
    people.add_class(sqlite, SYSTEM, "SPARE", "RT", "", NOW)
    if name == "revoke_token":
        add_token(sqlite, SYSTEM, "anna", "t", "RT", NOW)
    others = [one for one in Key if one != key]
    with pytest.raises(Forbidden, match=f'eve does not hold the key "{key}"'):
        work(sqlite, actor_of("eve", *others, user_id=99))
    work(sqlite, actor_of("eve", key, user_id=99))


def test_a_user_is_shown_with_all_they_hold_and_no_password(database: Engine) -> None:
    make_user(database, NOW, keys="-SYSLOG ZÜRICH", real_name="Anna Ž", email="a@example.org")
    [view] = people.show_users(database, SYSTEM)
    assert (view.name, view.class_name, view.real_name) == ("anna", "ADMIN", "Anna Ž")
    assert view.own_keys == ("-SYSLOG", "ZÜRICH")
    assert "ZÜRICH" in view.keys
    assert "SYSLOG" not in view.keys
    assert "argon2" not in repr(view)


def test_the_default_classes_are_the_manual_s_administrator_and_one_who_looks_on(
    database: Engine,
) -> None:
    make_user(database, NOW)
    make_user(database, NOW, "bea", class_name=None)
    keys = {group.name: set(group.keys) for group in people.show_classes(database, SYSTEM)}
    assert keys["ADMIN"] > {"USER", "ADMIN", "RT", "SYSLOG"}
    assert keys["USER"] == {"USER", "RT", "REPORT", "V_WBT"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (UserChange(class_name="ADMINS"), 'no user class "ADMINS"'),
        (UserChange(keys="rt"), 'is "RT" meant'),
        (UserChange(keys="RT -RT"), "granted and revoked"),
        (UserChange(real_name="a\nb"), "real name"),
        (UserChange(email="x" * 300), "at most 255"),
    ],
)
def test_what_a_user_cannot_be_is_refused_and_nothing_is_stored(
    sqlite: Engine, change: UserChange, words: str
) -> None:
    with pytest.raises((InvalidValue, NotFound), match=words):
        people.add_user(sqlite, SYSTEM, QUICK, "anna", PASSWORD, change, NOW)
    with reading(sqlite) as conn:
        assert fetch_users(conn) == []


def test_names_are_given_once(database: Engine) -> None:
    make_user(database, NOW)
    with pytest.raises(NotPossible, match='there is a user "anna" already'):
        make_user(database, NOW)
    with pytest.raises(NotPossible, match='there is a user class "ADMIN" already'):
        people.add_class(database, SYSTEM, "ADMIN", "RT", "", NOW)


def test_a_user_who_is_not_there_is_named(sqlite: Engine) -> None:
    for work in (
        lambda: people.set_password(sqlite, SYSTEM, QUICK, "bea", PASSWORD, NOW),
        lambda: people.change_user(sqlite, SYSTEM, "bea", UserChange(), NOW),
        lambda: people.delete_user(sqlite, SYSTEM, "bea", NOW),
        lambda: add_token(sqlite, SYSTEM, "bea", "t", "RT", NOW),
        lambda: show_tokens(sqlite, SYSTEM, "bea"),
    ):
        with pytest.raises(NotFound, match='no user "bea"'):
            work()


def test_users_have_their_own_tokens_in_hand(database: Engine) -> None:
    make_user(database, NOW, class_name="USER")
    with reading(database) as conn:
        anna = actor_of("anna", "USER", "RT", user_id=fetch_user_by_name(conn, "anna").id)
    with pytest.raises(Forbidden, match='"ADMIN"'):
        people.set_password(database, anna, QUICK, "anna", "another horse", NOW)
    view, _secret = add_token(database, anna, "anna", "crm", "RT", NOW)
    assert show_tokens(database, anna, "anna") == [view]
    assert revoke_token(database, anna, view.id, NOW).revoked_at == NOW
    with pytest.raises(NotPossible, match='"crm", was revoked before'):
        revoke_token(database, anna, view.id, NOW)


def test_a_token_gets_no_key_that_its_user_lacks(database: Engine) -> None:
    make_user(database, NOW, class_name="USER")
    with pytest.raises(Forbidden, match='anna does not hold the key "LIST"') as caught:
        add_token(database, SYSTEM, "anna", "crm", "RT LIST", NOW)
    assert caught.value.key == "LIST"
    assert show_tokens(database, SYSTEM) == []


def test_a_token_cannot_make_one_that_opens_more(database: Engine) -> None:
    make_user(database, NOW)
    with reading(database) as conn:
        narrow = actor_of("anna", "RT", user_id=fetch_user_by_name(conn, "anna").id)
    with pytest.raises(Forbidden, match='"ADMIN"'):
        add_token(database, narrow, "anna", "wide", "ADMIN", NOW)


@pytest.mark.parametrize(
    ("name", "keys", "words"),
    [
        ("", "RT", "token"),
        (" crm", "RT", "token"),
        ("crm", "", "at least one key"),
        ("crm", "rt", 'is "RT" meant'),
    ],
)
def test_what_no_token_can_be_is_refused(sqlite: Engine, name: str, keys: str, words: str) -> None:
    make_user(sqlite, NOW)
    with pytest.raises(InvalidValue, match=words):
        add_token(sqlite, SYSTEM, "anna", name, keys, NOW)


def test_a_user_s_tokens_have_names_of_their_own(database: Engine) -> None:
    make_user(database, NOW)
    make_user(database, NOW, "bea")
    for user in ("anna", "bea"):
        add_token(database, SYSTEM, user, "crm", "RT", NOW)
    with pytest.raises(NotPossible, match='anna has a token "crm" already'):
        add_token(database, SYSTEM, "anna", "crm", "RT", NOW)


def test_every_change_of_people_is_in_the_log_without_secrets(database: Engine) -> None:
    make_user(database, NOW)
    people.change_user(database, SYSTEM, "anna", UserChange(is_enabled=False, keys="-RT"), NOW)
    people.set_password(database, SYSTEM, QUICK, "anna", "another horse", NOW)
    people.add_class(database, SYSTEM, "X", "RT", "", NOW)
    people.change_class(database, SYSTEM, "X", "LIST", NOW)
    people.delete_class(database, SYSTEM, "X", NOW)
    view, secret = add_token(database, SYSTEM, "anna", "crm", "LIST", NOW)
    revoke_token(database, SYSTEM, view.id, NOW)
    people.delete_user(database, SYSTEM, "anna", NOW)
    lines = read_log(database, SYSTEM, LogFilter(), 99)[::-1]
    assert [(line.action, line.subject, line.detail) for line in lines] == [
        ("user.add", "anna", "class: ADMIN"),
        ("user.change", "anna", "keys: -RT; enabled: False"),
        ("user.password", "anna", ""),
        ("class.add", "X", "keys: RT"),
        ("class.change", "X", "keys: RT → LIST"),
        ("class.delete", "X", ""),
        ("token.add", "crm", "for anna, keys: LIST"),
        ("token.revoke", "crm", "of anna"),
        ("user.delete", "anna", ""),
    ]
    for word in (PASSWORD, "another horse", secret):
        assert word not in repr(lines)


def test_the_first_link_makes_one_administrator_once(database: Engine) -> None:
    link = FirstLink(database, QUICK)
    secret = link.issue(NOW)
    assert secret is not None
    link.check(secret, NOW)
    with pytest.raises(InvalidValue):
        link.redeem(secret, SYSTEM, "anna", "short", NOW)
    link.redeem(secret, SYSTEM, "anna", PASSWORD, NOW)
    [anna] = people.show_users(database, SYSTEM)
    assert (anna.name, anna.class_name) == ("anna", "ADMIN")
    with pytest.raises(NotPossible, match="this link was used before"):
        link.redeem(secret, SYSTEM, "bea", PASSWORD, NOW)
    assert link.issue(NOW) is None
    people.delete_user(database, SYSTEM, "anna", NOW)
    with pytest.raises(NotPossible, match="this link was used before"):
        link.check(secret, NOW)


@pytest.mark.parametrize("way", ["late", "wrong", "empty", "never issued", "users"])
def test_no_other_link_opens_anything(sqlite: Engine, way: str) -> None:
    link = FirstLink(sqlite, QUICK)
    secret = "" if way == "never issued" else link.issue(NOW)
    assert secret is not None
    if way == "users":
        make_user(sqlite, NOW)
    shown = {"wrong": "x" * 43, "empty": ""}.get(way, secret)
    at = NOW + LASTS if way == "late" else NOW + LASTS - timedelta(seconds=1)
    with pytest.raises(NotPossible, match="this link was used before"):
        link.redeem(shown, SYSTEM, "bea", PASSWORD, at)


def test_a_demonstration_has_the_manual_s_users_and_says_what_it_is(database: Engine) -> None:
    with database.begin() as conn:
        conn.exec_driver_sql("UPDATE site SET is_demonstration = 0")
    assert is_empty(database)
    assert not is_for_show(database)
    make_demonstration(database, SYSTEM, QUICK, NOW)
    make_demonstration(database, SYSTEM, QUICK, NOW)
    assert is_for_show(database)
    assert not is_empty(database)
    with reading(database) as conn:
        users = {user.name: user for user in fetch_users(conn)}
    assert set(users) == set(DEMONSTRATION) == {"demoadmin", "demouser"}
    assert all(QUICK.check(user.password_hash, KNOWN_TO_ALL) for user in users.values())
    with database.begin() as conn:
        conn.exec_driver_sql("UPDATE site SET is_demonstration = 0")


def test_nothing_is_offered_beyond_the_machine_before_somebody_can_log_on(
    sqlite: Engine,
) -> None:
    with pytest.raises(NotPossible, match="nobody can log on yet"):
        check_exposure(sqlite, "0.0.0.0")
    make_user(sqlite, NOW)
    check_exposure(sqlite, "0.0.0.0")
    people.change_user(sqlite, SYSTEM, "anna", UserChange(is_enabled=False), NOW)
    with pytest.raises(NotPossible, match="nobody can log on yet"):
        check_exposure(sqlite, "0.0.0.0")


def test_a_demonstration_is_never_offered_beyond_the_machine(sqlite: Engine) -> None:
    make_demonstration(sqlite, SYSTEM, QUICK, NOW)
    with pytest.raises(NotPossible, match="this is a demonstration"):
        check_exposure(sqlite, "192.168.0.9")


def test_an_installation_with_users_becomes_no_demonstration(sqlite: Engine) -> None:
    make_user(sqlite, NOW)
    with pytest.raises(NotPossible, match="this installation has users"):
        make_demonstration(sqlite, SYSTEM, QUICK, NOW)
    assert not is_for_show(sqlite)
