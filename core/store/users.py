"""Users and their classes in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from core.errors import NotFound, NotPossible
from core.people import User, UserClass
from core.store.rows import save, values_of
from core.store.schema import api_token, session, user, user_class

#: Most users, and most classes, shown at once.
LIMIT = 10_000


def fetch_classes(conn: Connection) -> list[UserClass]:
    rows = conn.execute(select(user_class).order_by(user_class.c.id).limit(LIMIT)).mappings()
    return [_class(row) for row in rows]


def fetch_class_by_name(conn: Connection, name: str) -> UserClass:
    """NotFound if there is none of this name."""
    row = conn.execute(select(user_class).where(user_class.c.name == name)).mappings().first()
    if row is None:
        raise NotFound("user class", name)
    return _class(row)


def fetch_class(conn: Connection, class_id: int) -> UserClass:
    """NotFound if there is none of this id."""
    row = conn.execute(select(user_class).where(user_class.c.id == class_id)).mappings().first()
    if row is None:
        raise NotFound("user class", class_id)
    return _class(row)


def save_class(conn: Connection, value: UserClass) -> UserClass:
    """Insert (id 0) or update; the stored class."""
    return save(conn, user_class, value, _columns(value))


def delete_class(conn: Connection, value: UserClass) -> None:
    """NotPossible while users are of it."""
    query = select(func.count()).select_from(user).where(user.c.class_id == value.id)
    if count := conn.execute(query).scalar_one():
        raise NotPossible(f'class "{value.name}" has {count} users: give them another class first')
    conn.execute(delete(user_class).where(user_class.c.id == value.id))


def fetch_users(conn: Connection) -> list[User]:
    rows = conn.execute(select(user).order_by(user.c.id).limit(LIMIT)).mappings()
    return [_user(row) for row in rows]


def fetch_user_by_name(conn: Connection, name: str) -> User:
    """NotFound if there is none of this name."""
    row = conn.execute(select(user).where(user.c.name == name)).mappings().first()
    if row is None:
        raise NotFound("user", name)
    return _user(row)


def fetch_user(conn: Connection, user_id: int) -> User:
    """NotFound if there is none of this id."""
    row = conn.execute(select(user).where(user.c.id == user_id)).mappings().first()
    if row is None:
        raise NotFound("user", user_id)
    return _user(row)


def save_user(conn: Connection, value: User) -> User:
    """Insert (id 0) or update; the stored user."""
    return save(conn, user, value, _columns(value))


def delete_user(conn: Connection, user_id: int) -> None:
    """Their sessions and tokens go with them."""
    for table in (session, api_token):
        conn.execute(delete(table).where(table.c.user_id == user_id))
    conn.execute(delete(user).where(user.c.id == user_id))


def note_logon(conn: Connection, user_id: int, now: datetime) -> None:
    """Count a successful log-on."""
    conn.execute(
        update(user).where(user.c.id == user_id).values(logons=user.c.logons + 1, last_logon_at=now)
    )


def set_password_hash(conn: Connection, user_id: int, password_hash: str) -> None:
    conn.execute(update(user).where(user.c.id == user_id).values(password_hash=password_hash))


def has_users(conn: Connection) -> bool:
    """Whether anybody can log on."""
    query = select(user.c.id).where(user.c.is_enabled, user.c.password_hash != "").limit(1)
    return conn.execute(query).first() is not None


def _class(row: RowMapping) -> UserClass:
    return UserClass(**{**row, "keys": tuple(row["keys"].split())})


def _user(row: RowMapping) -> User:
    return User(**{**row, "keys": tuple(row["keys"].split())})


def _columns(value: User | UserClass) -> dict[str, Any]:
    return values_of(value) | {"keys": " ".join(value.keys)}
