"""Who is at the door, on each kind of database."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from core.errors import Forbidden, NotRecognised, TooManyAttempts
from core.operations.doorkeeper import IDLE, LONGEST, RECALLED, Doorkeeper
from core.operations.passwords import Passwords
from core.operations.people import (
    UserChange,
    add_class,
    change_class,
    change_user,
    delete_user,
    set_password,
)
from core.operations.throttle import FREE_OF_ADDRESS, FREE_OF_USER
from core.operations.tokens import add_token, revoke_token, show_tokens
from core.people import SYSTEM, Face, LogEntry
from core.rules.keys import Key
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading
from core.store.schema import session as session_table
from core.store.users import fetch_user_by_name
from tests.support.people import PASSWORD, QUICK, MovingClock, basic, make_user
from tests.support.store_site import count

HERE = "10.0.0.7"
START = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(START)


@pytest.fixture
def door(database: Engine, clock: MovingClock) -> Doorkeeper:
    """With one user, anna, an administrator."""
    make_user(database, clock.now())
    return Doorkeeper(database, clock, QUICK, control_tokens=["3db6e6b81bfe8a", "Grün"])


def lines(database: Engine, action: str = "") -> list[LogEntry]:
    with reading(database) as conn:
        return fetch_log(conn, LogFilter(action=action), 100)


def is_wrong(door: Doorkeeper, name: str, password: str = "wrong", address: str = HERE) -> bool:
    try:
        door.log_in(name, password, address)
    except NotRecognised as error:
        return str(error) == "the name or the password is wrong"
    return False


def test_a_right_password_begins_a_session(database: Engine, door: Doorkeeper) -> None:
    login = door.log_in("anna", PASSWORD, HERE)
    assert (login.actor.name, login.actor.address, login.actor.face) == ("anna", HERE, Face.WEB)
    assert login.actor.ring.holds(Key.ADMIN)
    assert len(login.secret) == 43
    assert door.find(login.secret, HERE) == login.actor
    with reading(database) as conn:
        user = fetch_user_by_name(conn, "anna")
        [kept] = conn.execute(session_table.select()).mappings()
    assert (user.logons, user.last_logon_at) == (1, START)
    assert login.secret not in map(str, kept.values())
    [line] = lines(database, "login")
    assert (line.who, line.address, line.face) == ("anna", HERE, Face.WEB)


def test_two_sessions_have_two_secrets(door: Doorkeeper) -> None:
    assert door.log_in("anna", PASSWORD, HERE).secret != door.log_in("anna", PASSWORD, HERE).secret


def test_unknown_users_wrong_passwords_and_disabled_users_sound_alike(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    assert is_wrong(door, "anna")
    assert is_wrong(door, "hunter2-typed-in-the-wrong-field")
    assert is_wrong(door, "")
    change_user(database, SYSTEM, "anna", UserChange(is_enabled=False), clock.now())
    assert is_wrong(door, "anna", PASSWORD)
    bad = lines(database, "login.bad")
    assert [(line.who, line.detail) for line in bad] == [
        ("anna", "disabled"),
        ("-", "unknown name"),
        ("-", "unknown name"),
        ("anna", ""),
    ]
    assert "hunter2" not in repr(lines(database))


class Counting(PasswordHasher):
    """Counts how often argon2 has worked."""

    checks = 0

    def verify(self, *arguments: str | bytes) -> bool:
        self.checks += 1
        return super().verify(*arguments)


def test_whoever_is_wrong_costs_one_check_of_a_password(sqlite: Engine, clock: MovingClock) -> None:
    make_user(sqlite, clock.now())
    make_user(sqlite, clock.now(), "bea")
    change_user(sqlite, SYSTEM, "bea", UserChange(is_enabled=False), clock.now())
    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    door = Doorkeeper(sqlite, clock, Passwords(hasher))
    for number, name in enumerate(("anna", "nobody", "bea"), 1):
        assert is_wrong(door, name)
        assert hasher.checks == number


def test_a_user_without_the_key_user_does_not_log_on(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    change_user(database, SYSTEM, "anna", UserChange(keys="-USER"), clock.now())
    with pytest.raises(Forbidden, match='"USER"') as caught:
        door.log_in("anna", PASSWORD, HERE)
    assert caught.value.key == Key.USER
    assert door.authenticate_basic(basic("anna"), HERE, Face.DIALECT).name == "anna"


def test_guessing_one_user_s_password_is_slowed_from_everywhere(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    for n in range(FREE_OF_USER):
        assert is_wrong(door, "anna", address=f"10.0.1.{n}")
    with pytest.raises(TooManyAttempts):
        door.log_in("anna", PASSWORD, "10.0.2.1")
    [line] = lines(database, "login.throttled")
    assert (line.who, line.detail) == ("anna", "the next try in 2 s at the earliest")
    clock.advance(seconds=2)
    door.log_in("anna", PASSWORD, "10.0.2.1")
    assert is_wrong(door, "anna")


def test_guessing_from_one_address_is_slowed_whoever_it_is_for(door: Doorkeeper) -> None:
    for n in range(FREE_OF_ADDRESS):
        assert is_wrong(door, f"user{n}")
    with pytest.raises(TooManyAttempts):
        door.log_in("anna", PASSWORD, HERE)
    door.log_in("anna", PASSWORD, "10.0.0.8")


def test_a_session_ends_when_it_is_idle(door: Doorkeeper, clock: MovingClock) -> None:
    secret = door.log_in("anna", PASSWORD, HERE).secret
    clock.at = START + IDLE - timedelta(seconds=1)
    assert door.find(secret, HERE) is not None
    clock.advance(hours=IDLE / timedelta(hours=1))
    assert door.find(secret, HERE) is None


def test_a_session_in_use_ends_after_a_week(door: Doorkeeper, clock: MovingClock) -> None:
    secret = door.log_in("anna", PASSWORD, HERE).secret
    while clock.at + timedelta(hours=6) < START + LONGEST:
        clock.advance(hours=6)
        assert door.find(secret, HERE) is not None
    clock.at = START + LONGEST
    assert door.find(secret, HERE) is None


def test_old_sessions_are_forgotten_at_the_next_log_on(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    door.log_in("anna", PASSWORD, HERE)
    clock.advance(days=1)
    door.log_in("anna", PASSWORD, HERE)
    with reading(database) as conn:
        assert count(conn, session_table) == 1


def test_logging_out_ends_this_session_only(database: Engine, door: Doorkeeper) -> None:
    one, other = (door.log_in("anna", PASSWORD, HERE).secret for _ in range(2))
    door.log_out(one, HERE)
    door.log_out("nobody's", HERE)
    assert door.find(one, HERE) is None
    assert door.find(other, HERE) is not None
    assert [line.who for line in lines(database, "logout")] == ["anna"]


def test_no_secret_is_no_session(door: Doorkeeper) -> None:
    assert door.find("", HERE) is None
    assert door.find("x" * 43, HERE) is None


@pytest.mark.parametrize("way", ["password", "disable", "delete", "USER"])
def test_a_user_s_sessions_end_with_what_they_stood_on(
    database: Engine, door: Doorkeeper, clock: MovingClock, way: str
) -> None:
    secret = door.log_in("anna", PASSWORD, HERE).secret
    now = clock.now()
    match way:
        case "password":
            set_password(database, SYSTEM, QUICK, "anna", "another horse", now)
        case "disable":
            change_user(database, SYSTEM, "anna", UserChange(is_enabled=False), now)
        case "delete":
            delete_user(database, SYSTEM, "anna", now)
        case _:
            change_user(database, SYSTEM, "anna", UserChange(keys="-USER"), now)
    assert door.find(secret, HERE) is None


def test_a_user_who_is_enabled_again_has_to_log_on_again(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    secret = door.log_in("anna", PASSWORD, HERE).secret
    for is_enabled in (False, True):
        change_user(database, SYSTEM, "anna", UserChange(is_enabled=is_enabled), clock.now())
    assert door.find(secret, HERE) is None


def test_keys_count_from_the_next_request_on(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    secret = door.log_in("anna", PASSWORD, HERE).secret
    change_class(database, SYSTEM, "ADMIN", "USER RT", clock.now())
    found = door.find(secret, HERE)
    assert found is not None
    assert found.ring.keys == {"USER", "RT"}


def test_a_hash_of_older_parameters_is_replaced_at_log_on(
    database: Engine, clock: MovingClock
) -> None:
    make_user(database, clock.now())
    newer = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    Doorkeeper(database, clock, newer).log_in("anna", PASSWORD, HERE)
    with reading(database) as conn:
        kept = fetch_user_by_name(conn, "anna").password_hash
    assert not newer.is_outdated(kept)
    assert newer.check(kept, PASSWORD)


def test_basic_is_recognised_and_recalled_without_argon2(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    header = basic("anna")
    assert door.recall_basic(header, HERE, Face.DIALECT) is None
    actor = door.authenticate_basic(header, HERE, Face.DIALECT)
    assert (actor.name, actor.face, actor.address) == ("anna", Face.DIALECT, HERE)
    again = door.recall_basic(header, "10.9.9.9", Face.API)
    assert again is not None
    assert (again.name, again.address, again.face) == ("anna", "10.9.9.9", Face.API)
    assert door.recall_basic(basic("anna", "wrong"), HERE, Face.DIALECT) is None
    waited = door.authenticate_basic(header, HERE, Face.DIALECT)
    assert waited == actor
    assert [line.face for line in lines(database, "login")] == [Face.DIALECT], "and not twice"
    clock.at += RECALLED
    assert door.recall_basic(header, HERE, Face.DIALECT) is None


@pytest.mark.parametrize("way", ["password", "disable", "delete"])
def test_what_was_recalled_is_forgotten_with_the_password(
    database: Engine, door: Doorkeeper, clock: MovingClock, way: str
) -> None:
    header = basic("anna")
    door.authenticate_basic(header, HERE, Face.DIALECT)
    if way == "password":
        set_password(database, SYSTEM, QUICK, "anna", "another horse", clock.now())
    elif way == "disable":
        change_user(database, SYSTEM, "anna", UserChange(is_enabled=False), clock.now())
    else:
        delete_user(database, SYSTEM, "anna", clock.now())
    assert door.recall_basic(header, HERE, Face.DIALECT) is None


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Basic YW5uYQ==", "Bearer YTpi", "Basic /w==", "Basic " + "é"],
)
def test_a_header_that_is_none_is_nobody(door: Doorkeeper, header: str) -> None:
    with pytest.raises(NotRecognised, match="by HTTP Basic"):
        door.authenticate_basic(header, HERE, Face.DIALECT)


def test_a_password_may_hold_colons_and_any_letter(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    set_password(database, SYSTEM, QUICK, "anna", "grün:weiß:漢", clock.now())
    header = basic("anna", "grün:weiß:漢").replace("Basic", "bAsIc")
    assert door.authenticate_basic(header, HERE, Face.API).name == "anna"


def test_basic_is_slowed_like_the_pages(door: Doorkeeper) -> None:
    for _ in range(FREE_OF_USER):
        with pytest.raises(NotRecognised):
            door.authenticate_basic(basic("anna", "wrong"), HERE, Face.DIALECT)
    with pytest.raises(TooManyAttempts):
        door.authenticate_basic(basic("anna"), HERE, Face.DIALECT)


def token(database: Engine, clock: MovingClock, keys: str = "RT LIST") -> tuple[int, str]:
    view, secret = add_token(database, SYSTEM, "anna", "crm", keys, clock.now())
    return view.id, secret


def test_a_token_acts_for_its_user_with_its_own_keys(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    _id, secret = token(database, clock)
    actor = door.authenticate_token(secret, HERE, Face.API)
    assert (actor.name, actor.ring.keys, actor.ring.is_master) == ("anna", {"RT", "LIST"}, False)
    [shown] = show_tokens(database, SYSTEM)
    assert shown.last_used_at == START
    assert secret.startswith(shown.prefix)
    assert len(shown.prefix) < 12


def test_a_token_holds_no_key_that_its_user_has_lost(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    _id, secret = token(database, clock)
    change_user(database, SYSTEM, "anna", UserChange(keys="-LIST"), clock.now())
    assert door.authenticate_token(secret, HERE, Face.API).ring.keys == {"RT"}


@pytest.mark.parametrize("way", ["revoke", "disable", "delete", "guess"])
def test_a_token_that_is_gone_is_nobody_s(
    database: Engine, door: Doorkeeper, clock: MovingClock, way: str
) -> None:
    token_id, secret = token(database, clock)
    if way == "revoke":
        revoke_token(database, SYSTEM, token_id, clock.now())
    elif way == "disable":
        change_user(database, SYSTEM, "anna", UserChange(is_enabled=False), clock.now())
    elif way == "delete":
        delete_user(database, SYSTEM, "anna", clock.now())
    else:
        secret = secret.swapcase()
    with pytest.raises(NotRecognised, match="this token"):
        door.authenticate_token(secret, HERE, Face.API)


@pytest.mark.parametrize("text", ["3db6e6b81bfe8a", "Grün"])
def test_a_configured_token_may_control_and_no_more(door: Doorkeeper, text: str) -> None:
    actor = door.authenticate_token(text, HERE, Face.DIALECT)
    assert (actor.name, actor.user_id) == ("control token", None)
    assert actor.ring.holds(Key.CTRL_WBT)
    assert actor.ring.opens_all
    assert not actor.ring.holds(Key.ADMIN)
    for guess, face in ((text.upper(), Face.DIALECT), (text, Face.API)):
        with pytest.raises(NotRecognised):
            door.authenticate_token(guess, HERE, face)


def test_more_guesses_at_once_than_can_wait_are_turned_away(
    database: Engine, clock: MovingClock
) -> None:
    class Reentrant(Passwords):
        """While one password is checked, QUEUE more come in."""

        turned_away = 0

        def check(self, password_hash: str, password: str) -> bool:
            door._waiting += 100
            try:
                door.log_in("anna", PASSWORD, HERE)
            except TooManyAttempts:
                self.turned_away += 1
            door._waiting -= 100
            return super().check(password_hash, password)

    make_user(database, clock.now())
    passwords = Reentrant(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    door = Doorkeeper(database, clock, passwords)
    door.log_in("anna", PASSWORD, HERE)
    assert passwords.turned_away == 1


def test_a_feature_key_of_a_class_reaches_its_users(
    database: Engine, door: Doorkeeper, clock: MovingClock
) -> None:
    add_class(database, SYSTEM, "ZURICH", "USER ZÜRICH", "the team", clock.now())
    change_user(database, SYSTEM, "anna", UserChange(class_name="ZURICH"), clock.now())
    assert door.log_in("anna", PASSWORD, HERE).actor.ring.keys == {"USER", "ZÜRICH"}
