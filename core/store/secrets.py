"""Sessions and API tokens in the database: found by the SHA-256 of what their holder shows."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, or_, select, update

from core.errors import NotFound
from core.people import ApiToken, LoginSession
from core.store.rows import save, values_of
from core.store.schema import api_token, session

#: Most tokens shown at once.
LIMIT = 10_000


def hash_secret(secret: str) -> str:
    """How a secret of 256 random bits is kept; there is nothing to guess, so it needs no
    slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def save_session(conn: Connection, value: LoginSession) -> LoginSession:
    """Insert; the stored session."""
    return save(conn, session, value, values_of(value))


def find_session(conn: Connection, secret: str) -> LoginSession | None:
    query = select(session).where(session.c.secret_hash == hash_secret(secret))
    row = conn.execute(query).mappings().first()
    return LoginSession(**row) if row else None


def touch_session(conn: Connection, session_id: int, now: datetime) -> None:
    conn.execute(update(session).where(session.c.id == session_id).values(seen_at=now))


def end_session(conn: Connection, session_id: int) -> None:
    conn.execute(delete(session).where(session.c.id == session_id))


def end_sessions_of(conn: Connection, user_id: int, *, but: int = 0) -> int:
    """Log the user off everywhere, `but` in one session; how many sessions that were."""
    mine = delete(session).where(session.c.user_id == user_id, session.c.id != but)
    return conn.execute(mine).rowcount


def end_old_sessions(conn: Connection, *, seen_before: datetime, made_before: datetime) -> None:
    """Forget sessions nobody can use any more."""
    old = or_(session.c.seen_at < seen_before, session.c.created_at < made_before)
    conn.execute(delete(session).where(old))


def save_token(conn: Connection, value: ApiToken) -> ApiToken:
    """Insert (id 0) or update; the stored token."""
    return save(conn, api_token, value, values_of(value) | {"keys": " ".join(value.keys)})


def find_token(conn: Connection, secret: str) -> ApiToken | None:
    """Revoked ones too."""
    query = select(api_token).where(api_token.c.secret_hash == hash_secret(secret))
    row = conn.execute(query).mappings().first()
    return _token(row) if row else None


def fetch_tokens(conn: Connection, user_id: int | None = None) -> list[ApiToken]:
    """A user's tokens or all, the oldest first, revoked ones too."""
    query = select(api_token).order_by(api_token.c.id).limit(LIMIT)
    if user_id is not None:
        query = query.where(api_token.c.user_id == user_id)
    return [_token(row) for row in conn.execute(query).mappings()]


def fetch_token(conn: Connection, token_id: int) -> ApiToken:
    """NotFound if there is none of this id."""
    row = conn.execute(select(api_token).where(api_token.c.id == token_id)).mappings().first()
    if row is None:
        raise NotFound("token", token_id)
    return _token(row)


def touch_token(conn: Connection, token_id: int, now: datetime) -> None:
    conn.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(**{**row, "keys": tuple(row["keys"].split())})
