"""Users, classes, sessions, tokens and the system log: what is saved is what is found."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound, NotPossible
from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.people import ApiToken, Face, LogEntry, LoginSession, User, UserClass
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.stamps import UNSTAMPED, made
from core.store.audit import LogFilter, fetch_log, write_log
from core.store.campaigns import fetch_campaign, save_campaign
from core.store.database import reading
from core.store.endpoints import fetch_endpoint, save_endpoint
from core.store.lists import fetch_list_by_name, save_list
from core.store.opening_hours import fetch_opening_hours, save_opening_hours
from core.store.secrets import (
    end_old_sessions,
    end_sessions_of,
    fetch_token,
    fetch_tokens,
    find_session,
    find_token,
    hash_secret,
    save_session,
    save_token,
    touch_session,
    touch_token,
)
from core.store.servers import fetch_server, save_server
from core.store.site import is_demonstration, set_demonstration
from core.store.trunks import fetch_trunk, save_trunk
from core.store.users import (
    delete_class,
    delete_user,
    fetch_class,
    fetch_class_by_name,
    fetch_classes,
    fetch_user,
    fetch_user_by_name,
    fetch_users,
    has_users,
    note_logon,
    save_class,
    save_user,
    set_password_hash,
)
from tests.support.store_site import NOW, count

MINUTE = timedelta(minutes=1)


def people(database: Engine) -> tuple[UserClass, User]:
    with database.begin() as conn:
        group = save_class(conn, UserClass(name="USER", description="Monitor", keys=("USER", "RT")))
        user = User(
            name="Anna",
            class_id=group.id,
            password_hash="$argon2id$x",
            real_name="Anna Žižka",
            email="anna@example.org",
            keys=("-RT", "ZÜRICH"),
            comment="first",
            token="7",
        )
        return group, save_user(conn, user)


def test_users_and_classes_are_found_as_they_were_saved(database: Engine) -> None:
    group, user = people(database)
    with reading(database) as conn:
        assert fetch_class_by_name(conn, "USER") == fetch_class(conn, group.id) == group
        assert fetch_user_by_name(conn, "Anna") == fetch_user(conn, user.id) == user
        assert (fetch_classes(conn), fetch_users(conn)) == ([group], [user])
        for miss in (lambda: fetch_user_by_name(conn, "anna"), lambda: fetch_user(conn, 99)):
            with pytest.raises(NotFound, match="no user"):
                miss()
        with pytest.raises(NotFound, match="no user class"):
            fetch_class_by_name(conn, "user")


def test_two_users_cannot_have_one_name(database: Engine) -> None:
    _group, user = people(database)
    with pytest.raises(IntegrityError), database.begin() as conn:
        save_user(conn, replace(user, id=0))


def test_a_class_in_use_stays(database: Engine) -> None:
    group, user = people(database)
    with database.begin() as conn:
        with pytest.raises(NotPossible, match='class "USER" has 1 users'):
            delete_class(conn, group)
        delete_user(conn, user.id)
        delete_class(conn, group)
        assert fetch_classes(conn) == []


def test_logons_are_counted_and_passwords_replaced(database: Engine) -> None:
    _group, user = people(database)
    with database.begin() as conn:
        note_logon(conn, user.id, NOW)
        note_logon(conn, user.id, NOW + MINUTE)
        set_password_hash(conn, user.id, "$new")
        found = fetch_user(conn, user.id)
    assert found == replace(user, logons=2, last_logon_at=NOW + MINUTE, password_hash="$new")


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"password_hash": ""}])
def test_only_who_can_log_on_counts_as_a_user(database: Engine, change: dict[str, object]) -> None:
    with reading(database) as conn:
        assert not has_users(conn)
    _group, user = people(database)
    with database.begin() as conn:
        assert has_users(conn)
        save_user(conn, replace(user, **change))
        assert not has_users(conn)


def session_of(user: User, secret: str, minutes_ago: int = 0) -> LoginSession:
    at = NOW - minutes_ago * MINUTE
    return LoginSession(
        user_id=user.id,
        secret_hash=hash_secret(secret),
        created_at=at,
        seen_at=at,
        address="10.0.0.7",
    )


def test_a_session_is_found_by_its_secret_alone(database: Engine) -> None:
    _group, user = people(database)
    with database.begin() as conn:
        saved = save_session(conn, session_of(user, "one"))
        touch_session(conn, saved.id, NOW + MINUTE)
        assert find_session(conn, "one") == replace(saved, seen_at=NOW + MINUTE)
        assert find_session(conn, saved.secret_hash) is None


def test_old_sessions_go_by_either_limit(database: Engine) -> None:
    _group, user = people(database)
    with database.begin() as conn:
        for secret, made_ago, seen_ago in (("fresh", 9, 1), ("idle", 9, 9), ("old", 90, 1)):
            kept = save_session(conn, session_of(user, secret, made_ago))
            touch_session(conn, kept.id, NOW - seen_ago * MINUTE)
        end_old_sessions(conn, seen_before=NOW - 5 * MINUTE, made_before=NOW - 60 * MINUTE)
        left = [secret for secret in ("fresh", "idle", "old") if find_session(conn, secret)]
        assert left == ["fresh"]
        assert end_sessions_of(conn, user.id) == 1


def test_a_token_is_kept_as_a_hash_and_found_by_its_secret(database: Engine) -> None:
    _group, user = people(database)
    token = ApiToken(
        user_id=user.id,
        name="crm",
        prefix="wb_abc",
        secret_hash=hash_secret("wb_abcdef"),
        keys=("LIST", "RT"),
        created_at=NOW,
    )
    with database.begin() as conn:
        saved = save_token(conn, token)
        touch_token(conn, saved.id, NOW + MINUTE)
        used = replace(saved, last_used_at=NOW + MINUTE)
        assert find_token(conn, "wb_abcdef") == fetch_token(conn, saved.id) == used
        assert fetch_tokens(conn) == fetch_tokens(conn, user.id) == [used]
        assert fetch_tokens(conn, user.id + 1) == []
        assert find_token(conn, "wb_abcdeg") is None
        with pytest.raises(NotFound, match="no token"):
            fetch_token(conn, 99)


def test_with_a_user_go_their_sessions_and_tokens(database: Engine) -> None:
    from core.store.schema import api_token, session

    _group, user = people(database)
    with database.begin() as conn:
        save_session(conn, session_of(user, "one"))
        delete_user(conn, user.id)
        assert (count(conn, session), count(conn, api_token), fetch_users(conn)) == (0, 0, [])


def entry(minute: int, **changes: object) -> LogEntry:
    line = LogEntry(
        at=NOW + minute * MINUTE, who="anna", face=Face.WEB, address="10.0.0.7", action="login"
    )
    return replace(line, **changes)


def test_the_system_log_is_read_from_its_end_and_filtered(database: Engine) -> None:
    with database.begin() as conn:
        write_log(conn)
        write_log(conn, entry(0), entry(1, who="bea"), entry(2, action="logout"))
        write_log(conn, entry(3, subject="x", detail="capacity: 10 → 20", face=Face.CLI))

        def minutes(limit: int = 9, **wanted: object) -> list[int]:
            found = fetch_log(conn, LogFilter(**wanted), limit)  # type: ignore[arg-type]
            return [int((line.at - NOW) / MINUTE) for line in found]

        assert minutes() == [3, 2, 1, 0]
        assert minutes(2) == [3, 2]
        assert minutes(who="anna") == [3, 2, 0]
        assert minutes(action="login") == [3, 1, 0]
        assert minutes(since=NOW + MINUTE, until=NOW + 3 * MINUTE) == [2, 1]
        newest = fetch_log(conn, LogFilter(), 1)[0]
        assert minutes(before_id=newest.id) == [2, 1, 0]
        assert (newest.face, newest.detail) == (Face.CLI, "capacity: 10 → 20")


def test_a_line_that_is_too_long_is_cut(database: Engine) -> None:
    with database.begin() as conn:
        write_log(conn, entry(0, who="w" * 999, subject="s" * 999, detail="ü" * 9999))
        [line] = fetch_log(conn, LogFilter(), 9)
    assert (len(line.who), len(line.subject), len(line.detail)) == (190, 255, 2000)


def test_elements_keep_their_key_and_stamp(database: Engine) -> None:
    stamp = made("anna", NOW).touched("bea", NOW + MINUTE)
    marks = {"security_key": "ZÜRICH", "stamp": stamp}
    with database.begin() as conn:
        server = save_server(conn, Server(name="pbx", **marks))
        trunk = save_trunk(
            conn, Trunk(server_id=server.id, name="out", dial_string="x/${num}", **marks)
        )
        point = save_endpoint(
            conn, EndPoint(server_id=server.id, name="p", extension="s", context="c", **marks)
        )
        numbers = save_list(conn, CallList(name="people", **marks))
        hours = save_opening_hours(
            conn, OpeningHours(name="office", default=DefaultMode.OPEN, **marks)
        )
        campaign = save_campaign(conn, Campaign(name="calls", **marks))
    with reading(database) as conn:
        found = (
            fetch_server(conn, server.id),
            fetch_trunk(conn, trunk.id),
            fetch_endpoint(conn, point.id),
            fetch_list_by_name(conn, numbers.name),
            fetch_opening_hours(conn, hours.id),
            fetch_campaign(conn, campaign.id),
        )
    assert [(one.security_key, one.stamp) for one in found] == [("ZÜRICH", stamp)] * 6


def test_what_was_made_before_has_no_stamp(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_server(conn, Server(name="pbx"))
        assert fetch_server(conn, saved.id).stamp == UNSTAMPED


def test_an_installation_is_no_demonstration_unless_it_was_made_one(sqlite: Engine) -> None:
    with sqlite.begin() as conn:
        assert is_demonstration(conn) is False
        set_demonstration(conn)
        assert is_demonstration(conn) is True
