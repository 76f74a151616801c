"""How an installation gets its first users: by a link that works once, or for show.

An installation without users lets nobody in. The one-time link is printed in the server's log,
which only the machine's operator reads. It is kept in memory: a restart makes another.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Engine

from core.errors import NotPossible
from core.operations.passwords import Passwords
from core.operations.people import ADMIN_CLASS, USER_CLASS, UserChange, create_user
from core.operations.permission import require
from core.people import Actor
from core.rules.credentials import check_new_name, check_password
from core.rules.keys import Key
from core.store.database import reading
from core.store.site import is_demonstration, set_demonstration
from core.store.users import fetch_users, has_users

#: How long a link works.
LASTS = timedelta(hours=1)
#: The manual's "Default users", with their classes.
DEMONSTRATION = {"demoadmin": ADMIN_CLASS, "demouser": USER_CLASS}
#: The password of all of them, which is no secret.
KNOWN_TO_ALL = "demo"

_GONE = (
    "this link was used before, is too old, or is not ours; a new one is in the log after a "
    "restart, and `whipbird user add NAME --admin` does the same"
)


class FirstLink:
    """Lets whoever has its secret make the first administrator, once."""

    def __init__(self, engine: Engine, passwords: Passwords) -> None:
        self._engine = engine
        self._passwords = passwords
        self._secret = ""
        self._until: datetime | None = None
        self._lock = Lock()

    def issue(self, now: datetime) -> str | None:
        """The link's secret; None of an installation that has users."""
        if not is_empty(self._engine):
            return None
        self._secret, self._until = secrets.token_urlsafe(32), now + LASTS
        return self._secret

    def check(self, secret: str, now: datetime) -> None:
        """NotPossible unless the link still works."""
        is_ours = hmac.compare_digest(secret.encode(), self._secret.encode())
        is_in_time = self._until is not None and now < self._until
        if not (self._secret and is_ours and is_in_time and is_empty(self._engine)):
            raise NotPossible(_GONE)

    def redeem(self, secret: str, actor: Actor, name: str, password: str, now: datetime) -> None:
        """Make the first administrator. NotPossible as above, InvalidValue of a name or a
        password that may not be; the link works on then."""
        check_new_name(name)
        check_password(password, name)
        with self._lock:
            self.check(secret, now)
            password_hash = self._passwords.hash(password)
            change = UserChange(class_name=ADMIN_CLASS)
            with self._engine.begin() as conn:
                create_user(conn, actor, name, password_hash, change, now)
            self._secret = ""


def is_empty(engine: Engine) -> bool:
    """Whether nobody can log on yet."""
    with reading(engine) as conn:
        return not has_users(conn)


def is_for_show(engine: Engine) -> bool:
    """Whether everybody knows the passwords of this installation."""
    with reading(engine) as conn:
        return is_demonstration(conn)


def check_exposure(engine: Engine, host: str) -> None:
    """NotPossible for a server that others reach at `host` before anybody can log on, or whose
    passwords everybody knows."""
    if is_for_show(engine):
        raise NotPossible(
            f'web.host "{host}": this is a demonstration, whose passwords everybody knows; write '
            "127.0.0.1, or begin with a database of its own"
        )
    if is_empty(engine):
        raise NotPossible(
            f'web.host "{host}": nobody can log on yet; run `whipbird user add NAME --admin` '
            "first, or write 127.0.0.1"
        )


def make_demonstration(engine: Engine, actor: Actor, passwords: Passwords, now: datetime) -> None:
    """Give an installation without users those of the manual, whose password everybody knows,
    and mark it for good. One that is marked stays as it is; NotPossible of one that has users.
    Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        if is_demonstration(conn):
            return
        if fetch_users(conn):
            raise NotPossible("this installation has users: it is no demonstration")
        set_demonstration(conn)
        for name, class_name in DEMONSTRATION.items():
            change = UserChange(class_name=class_name)
            password_hash = passwords.hash(KNOWN_TO_ALL)
            create_user(conn, actor, name, password_hash, change, now)
