"""Who uses Whipbird: users and their classes, sessions, tokens, and what they were seen to do.

Plain values, the same for store, operations and faces. An id of 0 means "not stored yet".
Names and meanings follow the manual's "Users and security" (25.02).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.rules.keys import Keyring


class Face(StrEnum):
    """The way by which something was asked."""

    #: The command line, on the machine itself.
    CLI = "cli"
    #: The pages.
    WEB = "web"
    #: Whipbird's own API.
    API = "api"
    #: The WombatDialer dialect.
    DIALECT = "dialect"
    #: The dialer, by itself.
    DIALER = "dialer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts. `address` is the network address, or on the command line the name of the
    machine's user. `user_id` is None for one who is no user: the machine itself, or a token
    of control calls."""

    name: str
    ring: Keyring
    face: Face
    address: str = ""
    user_id: int | None = None


#: Who is not known, and may do nothing.
NOBODY = Actor(name="-", ring=Keyring(), face=Face.WEB)
#: The name of what Whipbird or the machine's own operator does; no user may have it.
SYSTEM_NAME = "system"
#: Whoever works on the machine itself, where the database lies open.
SYSTEM = Actor(name=SYSTEM_NAME, ring=Keyring(is_master=True), face=Face.CLI)


@dataclass(frozen=True, kw_only=True, slots=True)
class UserClass:
    """A set of keys that is granted to all users of the class."""

    id: int = 0
    name: str
    description: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person who can log on. `keys` are their own, on top of their class's, those to be
    revoked with a minus sign. `password_hash` is argon2's text, empty for one who cannot log
    on with a password. `comment` and `token` are free."""

    id: int = 0
    name: str
    class_id: int
    password_hash: str = field(default="", repr=False)
    real_name: str = ""
    email: str = ""
    is_enabled: bool = True
    has_master_key: bool = False
    keys: tuple[str, ...] = ()
    comment: str = ""
    token: str = ""
    logons: int = 0
    last_logon_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginSession:
    """A browser that is logged on. What its cookie holds is kept as a SHA-256 only."""

    id: int = 0
    user_id: int
    secret_hash: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """A token that acts for its user with some of the user's keys. It is kept as a SHA-256;
    `prefix` is its beginning, by which people tell it."""

    id: int = 0
    user_id: int
    name: str
    prefix: str
    secret_hash: str = field(repr=False)
    keys: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """A line of the system log: who did what to what. `detail` says the rest in words, old
    and new values included."""

    id: int = 0
    at: datetime
    who: str
    face: Face
    address: str
    action: str
    subject: str = ""
    detail: str = ""
