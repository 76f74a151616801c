"""Who is at the door: users by password, browsers by session, programs by token.

Every face comes here to learn who acts. What they may then do is `permission`'s to say. The
methods block: call them from threads, and those that check a password from a thread of their
own, for each takes a tenth of a second.
"""

import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, Engine

from core.errors import Forbidden, InvalidValue, NotFound, NotRecognised, TooManyAttempts
from core.operations.passwords import Passwords
from core.operations.permission import log_entry
from core.operations.throttle import Caution
from core.people import Actor, Face, LogEntry, LoginSession, User
from core.ports import Clock
from core.rules.credentials import check_password
from core.rules.keys import CONTROL_KEYS, Key, Keyring, make_keyring
from core.store.audit import write_log
from core.store.database import reading
from core.store.secrets import (
    end_old_sessions,
    end_session,
    end_sessions_of,
    find_session,
    find_token,
    hash_secret,
    save_session,
    touch_session,
    touch_token,
)
from core.store.users import (
    fetch_class,
    fetch_user,
    fetch_user_by_name,
    note_logon,
    set_password_hash,
)

#: How long a session lasts without a request, and at most.
IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
#: How exactly a session's and a token's last use is noted.
SEEN = timedelta(minutes=1)
#: How long a right name and password are known again without argon2.
RECALLED = timedelta(hours=12)
#: Most names and passwords that are known again, the latest.
CAPACITY = 1000
#: Most log-ons that wait for their turn at a time.
QUEUE = 20

_WRONG = "the name or the password is wrong"
_CONTROL = "control token"


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A browser that has just logged on: what its cookie holds, and who it is."""

    secret: str
    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recalled:
    user_id: int
    password_hash: str
    until: datetime


class Doorkeeper:
    """One for the whole server. `control_tokens` are those that the configuration gives to
    the control calls of the WombatDialer dialect."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        passwords: Passwords,
        *,
        control_tokens: Sequence[str] = (),
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._passwords = passwords
        self._control = tuple(token.encode() for token in control_tokens)
        self._caution = Caution()
        self._recalled: OrderedDict[bytes, _Recalled] = OrderedDict()
        self._secret = secrets.token_bytes(32)
        self._waiting = 0
        self._counting, self._checking = Lock(), Lock()

    # With a password

    def log_in(self, name: str, password: str, address: str) -> Login:
        """Begin a session. NotRecognised, TooManyAttempts, or Forbidden of a user without the
        key USER."""
        user = self._check_password(name, password, address, Face.WEB)
        now, secret = self._clock.now(), secrets.token_urlsafe(32)
        with self._engine.begin() as conn:
            actor = _actor(conn, user, Face.WEB, address)
            _require_user_key(actor)
            end_old_sessions(conn, seen_before=now - IDLE, made_before=now - LONGEST)
            session = LoginSession(
                user_id=user.id,
                secret_hash=hash_secret(secret),
                created_at=now,
                seen_at=now,
                address=address,
            )
            save_session(conn, session)
            note_logon(conn, user.id, now)
            write_log(conn, log_entry(actor, now, "login"))
        return Login(secret=secret, actor=actor)

    def authenticate_basic(self, header: str, address: str, face: Face) -> Actor:
        """Who sends this Authorization header of HTTP Basic. NotRecognised, also of a header
        that is none; TooManyAttempts. Once is enough, also for requests that waited for this one:
        `recall_basic` knows them again."""
        if (recalled := self.recall_basic(header, address, face)) is not None:
            return recalled
        name, password = _parse_basic(header)
        user = self._check_password(name, password, address, face)
        now = self._clock.now()
        with self._engine.begin() as conn:
            actor = _actor(conn, user, face, address)
            note_logon(conn, user.id, now)
            write_log(conn, log_entry(actor, now, "login"))
            known = _Recalled(
                user_id=user.id,
                password_hash=fetch_user(conn, user.id).password_hash,
                until=now + RECALLED,
            )
        with self._counting:
            self._recalled[self._digest(header)] = known
            while len(self._recalled) > CAPACITY:
                self._recalled.popitem(last=False)
        return actor

    def recall_basic(self, header: str, address: str, face: Face) -> Actor | None:
        """The same, quickly, of one who was recognised before and whose password is still the
        same; None of all others."""
        known = self._recalled.get(self._digest(header))
        if known is None or self._clock.now() >= known.until:
            return None
        with reading(self._engine) as conn:
            try:
                user = fetch_user(conn, known.user_id)
            except NotFound:
                return None
            is_same = user.is_enabled and user.password_hash == known.password_hash
            return _actor(conn, user, face, address) if is_same else None

    def _digest(self, header: str) -> bytes:
        return hmac.digest(self._secret, header.encode("utf-8", "surrogateescape"), "sha256")

    def _check_password(self, name: str, password: str, address: str, face: Face) -> User:
        """The user. One at a time: guesses that come together are still counted in turn."""
        with self._counting:
            if self._waiting >= QUEUE:
                raise TooManyAttempts(timedelta(seconds=1))
            self._waiting += 1
        try:
            with self._checking:
                return self._check_in_turn(name, password, address, face)
        finally:
            with self._counting:
                self._waiting -= 1

    def _check_in_turn(self, name: str, password: str, address: str, face: Face) -> User:
        now = self._clock.now()
        self._caution.check(name, address, now)
        user = self._find_user(name)
        password_hash = user.password_hash if user is not None and user.is_enabled else ""
        if user is None or not self._passwords.check(password_hash, password):
            if user is None:
                self._passwords.check("", password)
            self._note_failure(user, address, face, self._caution.note_failure(name, address, now))
            raise NotRecognised(_WRONG)
        self._caution.note_success(name, address)
        if self._passwords.is_outdated(user.password_hash):
            with self._engine.begin() as conn:
                set_password_hash(conn, user.id, self._passwords.hash(password))
        return user

    def _find_user(self, name: str) -> User | None:
        with reading(self._engine) as conn:
            try:
                return fetch_user_by_name(conn, name)
            except NotFound:
                return None

    def _note_failure(self, user: User | None, address: str, face: Face, wait: timedelta) -> None:
        """An unknown name is not written down: it may be a password in the wrong field."""
        who = user.name if user else "-"
        actor = Actor(name=who, ring=Keyring(), face=face, address=address)
        now = self._clock.now()
        why = "" if user and user.is_enabled else "disabled" if user else "unknown name"
        lines: list[LogEntry] = [log_entry(actor, now, "login.bad", detail=why)]
        if wait:
            detail = f"the next try in {wait.total_seconds():.0f} s at the earliest"
            lines.append(log_entry(actor, now, "login.throttled", detail=detail))
        with self._engine.begin() as conn:
            write_log(conn, *lines)

    # With a session

    def find(self, secret: str, address: str) -> Actor | None:
        """Who holds this session; None if it is over, or its user may not log on any more."""
        if not secret:
            return None
        now = self._clock.now()
        with reading(self._engine) as conn:
            session = find_session(conn, secret)
            if session is None or now >= min(session.seen_at + IDLE, session.created_at + LONGEST):
                return None
            user = fetch_user(conn, session.user_id)
            actor = _actor(conn, user, Face.WEB, address)
        if not user.is_enabled or not actor.ring.holds(Key.USER):
            return None
        if now - session.seen_at >= SEEN:
            with self._engine.begin() as conn:
                touch_session(conn, session.id, now)
        return actor

    def change_password(self, secret: str, old: str, new: str, address: str) -> int:
        """Give the user who holds this session another password, and log them off in all other
        browsers, how many is returned. InvalidValue of a wrong `old` one, TooManyAttempts as for
        any other guess; InvalidValue of a `new` one that may not be, NotRecognised without a
        session."""
        actor = self.find(secret, address)
        if actor is None:
            raise NotRecognised("log on first")
        check_password(new, actor.name)
        if new == old:
            raise InvalidValue("password", "***", "choose another than the old one")
        try:
            user = self._check_password(actor.name, old, address, Face.WEB)
        except NotRecognised:
            raise InvalidValue("old password", "***", "it is another one") from None
        password_hash = self._passwords.hash(new)
        with self._engine.begin() as conn:
            session = find_session(conn, secret)
            set_password_hash(conn, user.id, password_hash)
            ended = end_sessions_of(conn, user.id, but=session.id if session else 0)
            detail = f"{ended} other sessions ended"
            log = log_entry(actor, self._clock.now(), "user.password", user.name, detail)
            write_log(conn, log)
        return ended

    def log_out(self, secret: str, address: str) -> None:
        """End the session, if there is one."""
        with self._engine.begin() as conn:
            session = find_session(conn, secret)
            if session is None:
                return
            user = fetch_user(conn, session.user_id)
            end_session(conn, session.id)
            actor = _actor(conn, user, Face.WEB, address)
            write_log(conn, log_entry(actor, self._clock.now(), "logout"))

    # With a token

    def authenticate_token(self, token: str, address: str, face: Face) -> Actor:
        """Whom this token acts for: a user, with as much of their keys as the token has, or, in
        the dialect, the control calls' own actor. NotRecognised."""
        if face is Face.DIALECT and self._is_of_control(token):
            ring = Keyring(keys=CONTROL_KEYS, opens_all=True)
            return Actor(name=_CONTROL, ring=ring, face=face, address=address)
        now = self._clock.now()
        with reading(self._engine) as conn:
            found = find_token(conn, token)
            if found is None or found.revoked_at is not None:
                raise NotRecognised("this token is not known, or was revoked")
            user = fetch_user(conn, found.user_id)
            if not user.is_enabled:
                raise NotRecognised("this token's user is disabled")
            whole = _actor(conn, user, face, address)
        if found.last_used_at is None or now - found.last_used_at >= SEEN:
            with self._engine.begin() as conn:
                touch_token(conn, found.id, now)
        return Actor(
            name=whole.name,
            ring=whole.ring.narrowed(found.keys),
            face=face,
            address=address,
            user_id=user.id,
        )

    def _is_of_control(self, token: str) -> bool:
        return any(hmac.compare_digest(token.encode(), known) for known in self._control)


def _actor(conn: Connection, user: User, face: Face, address: str) -> Actor:
    ring = make_keyring(
        fetch_class(conn, user.class_id).keys, user.keys, is_master=user.has_master_key
    )
    return Actor(name=user.name, ring=ring, face=face, address=address, user_id=user.id)


def _require_user_key(actor: Actor) -> None:
    if not actor.ring.holds(Key.USER):
        text = f'{actor.name} does not hold the key "{Key.USER}" that all who log on need'
        raise Forbidden(text, key=Key.USER)


def _parse_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    name, colon, password = text.partition(":")
    if scheme.casefold() != "basic" or not colon:
        raise NotRecognised("send a name and a password by HTTP Basic")
    return name, password
