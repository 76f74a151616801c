"""Users and their classes: what an administrator does with them.

Source: manual 25.02, "Users", "Classes" and "Default users". Every change is in the system
log; a password never is.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue, NotFound, NotPossible
from core.operations.passwords import Passwords
from core.operations.permission import log_entry, require
from core.people import Actor, User, UserClass
from core.rules.credentials import check_new_name, check_password
from core.rules.keys import Key, Keyring, make_keyring, parse_keys, parse_user_keys
from core.store import users as stored
from core.store.audit import write_log
from core.store.database import reading
from core.store.schema import NAME
from core.store.secrets import end_sessions_of

#: The class of administrators and that of those who look on.
ADMIN_CLASS, USER_CLASS = "ADMIN", "USER"
#: The classes that are made when the first user needs one.
DEFAULT_CLASSES = {
    ADMIN_CLASS: UserClass(
        name=ADMIN_CLASS,
        description="Administrator",
        keys=parse_keys("USER RT REPORT ADMIN SYSLOG LIST CAMP COPY V_WBT CTRL_WBT OPHR"),
    ),
    USER_CLASS: UserClass(
        name=USER_CLASS,
        description="Sees what runs and what became of it",
        keys=parse_keys("USER RT REPORT V_WBT"),
    ),
}

_MAX_EMAIL = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class UserView:
    """A user as people see them, without a password; `keys` are all they hold."""

    name: str
    real_name: str
    email: str
    class_name: str
    own_keys: tuple[str, ...]
    keys: tuple[str, ...]
    has_master_key: bool
    is_enabled: bool
    logons: int
    last_logon_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UserChange:
    """What is to be said of a user; None leaves it as it is."""

    class_name: str | None = None
    keys: str | None = None
    real_name: str | None = None
    email: str | None = None
    has_master_key: bool | None = None
    is_enabled: bool | None = None


def show_users(engine: Engine, actor: Actor) -> list[UserView]:
    """All users, the oldest first. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with reading(engine) as conn:
        groups = {group.id: group for group in stored.fetch_classes(conn)}
        return [_view(user, groups[user.class_id]) for user in stored.fetch_users(conn)]


def add_user(
    engine: Engine,
    actor: Actor,
    passwords: Passwords,
    name: str,
    password: str,
    change: UserChange,
    now: datetime,
) -> None:
    """A new user, of class USER unless `change` says another. InvalidValue of a name or a
    password that may not be; NotPossible of a name that is taken. Needs ADMIN."""
    require(actor, Key.ADMIN)
    check_new_name(name)
    check_password(password, name)
    password_hash = passwords.hash(password)
    with engine.begin() as conn:
        create_user(conn, actor, name, password_hash, change, now)


def change_user(engine: Engine, actor: Actor, name: str, change: UserChange, now: datetime) -> None:
    """Change what is to be changed; who is disabled is logged off everywhere. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        user = stored.fetch_user_by_name(conn, name)
        changed = _apply(conn, user, change)
        stored.save_user(conn, changed)
        if not changed.is_enabled:
            end_sessions_of(conn, user.id)
        write_log(conn, log_entry(actor, now, "user.change", name, _describe(change)))


def set_password(
    engine: Engine,
    actor: Actor,
    passwords: Passwords,
    name: str,
    password: str,
    now: datetime,
) -> None:
    """Give the user another password; they are logged off everywhere. Needs ADMIN: whoever changes
    their own shows the old one (`Doorkeeper.change_password`), for a token that opens little must
    not become a password that opens all."""
    require(actor, Key.ADMIN)
    check_password(password, name)
    password_hash = passwords.hash(password)
    with engine.begin() as conn:
        user = stored.fetch_user_by_name(conn, name)
        stored.set_password_hash(conn, user.id, password_hash)
        end_sessions_of(conn, user.id)
        write_log(conn, log_entry(actor, now, "user.password", name))


def delete_user(engine: Engine, actor: Actor, name: str, now: datetime) -> None:
    """The user goes, with sessions and tokens; their name stays in what they made, and in the
    system log. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        stored.delete_user(conn, stored.fetch_user_by_name(conn, name).id)
        write_log(conn, log_entry(actor, now, "user.delete", name))


def show_classes(engine: Engine, actor: Actor) -> list[UserClass]:
    """All classes. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with reading(engine) as conn:
        return stored.fetch_classes(conn)


def add_class(
    engine: Engine, actor: Actor, name: str, keys: str, description: str, now: datetime
) -> None:
    """A new class; NotPossible of a name that is taken. Needs ADMIN."""
    require(actor, Key.ADMIN)
    if not name or name != name.strip() or len(name) > NAME or not name.isprintable():
        raise InvalidValue("user class", name, f"a name has 1 to {NAME} characters")
    group = UserClass(name=name, description=description, keys=parse_keys(keys))
    with engine.begin() as conn:
        with suppress(NotFound):
            stored.fetch_class_by_name(conn, name)
            raise NotPossible(f'there is a user class "{name}" already')
        stored.save_class(conn, group)
        write_log(conn, log_entry(actor, now, "class.add", name, f"keys: {keys}"))


def change_class(engine: Engine, actor: Actor, name: str, keys: str, now: datetime) -> None:
    """Give the class, and with it all its users, other keys. Needs ADMIN."""
    require(actor, Key.ADMIN)
    wanted = parse_keys(keys)
    with engine.begin() as conn:
        group = stored.fetch_class_by_name(conn, name)
        stored.save_class(conn, replace(group, keys=wanted))
        detail = f"keys: {' '.join(group.keys)} → {' '.join(wanted)}"
        write_log(conn, log_entry(actor, now, "class.change", name, detail))


def delete_class(engine: Engine, actor: Actor, name: str, now: datetime) -> None:
    """NotPossible while users are of it. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        stored.delete_class(conn, stored.fetch_class_by_name(conn, name))
        write_log(conn, log_entry(actor, now, "class.delete", name))


def create_user(
    conn: Connection,
    actor: Actor,
    name: str,
    password_hash: str,
    change: UserChange,
    now: datetime,
) -> None:
    """Store a new user whose name and password were checked before."""
    with suppress(NotFound):
        stored.fetch_user_by_name(conn, name)
        raise NotPossible(f'there is a user "{name}" already')
    wanted = replace(change, class_name=change.class_name or USER_CLASS)
    user = _apply(conn, User(name=name, class_id=0, password_hash=password_hash), wanted)
    stored.save_user(conn, user)
    write_log(conn, log_entry(actor, now, "user.add", name, _describe(wanted)))


def keyring_of(conn: Connection, user: User) -> Keyring:
    """All that the user holds now."""
    group = stored.fetch_class(conn, user.class_id)
    return make_keyring(group.keys, user.keys, is_master=user.has_master_key)


def _apply(conn: Connection, user: User, change: UserChange) -> User:
    if change.class_name is not None:
        user = replace(user, class_id=_find_class(conn, change.class_name).id)
    if change.keys is not None:
        user = replace(user, keys=parse_user_keys(change.keys))
    for field, most in (("real_name", NAME), ("email", _MAX_EMAIL)):
        value = getattr(change, field)
        if value is not None and (len(value) > most or not value.isprintable()):
            expected = f"write one line of at most {most} characters"
            raise InvalidValue(field.replace("_", " "), value[:40], expected)
    named = ("real_name", "email", "has_master_key", "is_enabled")
    given = {field: getattr(change, field) for field in named}
    return replace(user, **{field: value for field, value in given.items() if value is not None})


def _find_class(conn: Connection, name: str) -> UserClass:
    """The class; one of the manual's own is made if it is not there yet."""
    try:
        return stored.fetch_class_by_name(conn, name)
    except NotFound:
        if name not in DEFAULT_CLASSES:
            raise
        return stored.save_class(conn, DEFAULT_CLASSES[name])


def _view(user: User, group: UserClass) -> UserView:
    ring = make_keyring(group.keys, user.keys, is_master=user.has_master_key)
    return UserView(
        name=user.name,
        real_name=user.real_name,
        email=user.email,
        class_name=group.name,
        own_keys=user.keys,
        keys=tuple(sorted(ring.keys)),
        has_master_key=user.has_master_key,
        is_enabled=user.is_enabled,
        logons=user.logons,
        last_logon_at=user.last_logon_at,
    )


def _describe(change: UserChange) -> str:
    """What was said of a user, in words."""
    named = {
        "class": change.class_name,
        "keys": change.keys,
        "real name": change.real_name,
        "e-mail": change.email,
        "master key": change.has_master_key,
        "enabled": change.is_enabled,
    }
    return "; ".join(f"{name}: {value}" for name, value in named.items() if value is not None)
