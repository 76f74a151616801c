"""API tokens: made by administrators for anybody, and by users for themselves.

A token acts for its user with some of the user's keys. It is shown once and kept as a hash;
the system log names it, and never shows it.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from core.errors import Forbidden, InvalidValue, NotPossible
from core.operations.people import keyring_of
from core.operations.permission import log_entry, require
from core.people import Actor, ApiToken
from core.rules.keys import Key, parse_keys
from core.store import secrets as stored
from core.store.audit import write_log
from core.store.database import reading
from core.store.schema import NAME
from core.store.secrets import hash_secret
from core.store.users import fetch_user, fetch_user_by_name, fetch_users

#: How a token begins, so that one that leaks is recognised; and how much of it is shown.
MARK, SHOWN = "wb_", 9


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenView:
    """A token as people see it; of the token itself only its beginning."""

    id: int
    user: str
    name: str
    prefix: str
    keys: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def show_tokens(engine: Engine, actor: Actor, user_name: str | None = None) -> list[TokenView]:
    """The user's tokens, or everybody's, revoked ones too. Needs ADMIN, unless they are the
    actor's own."""
    if user_name is None or user_name != actor.name or actor.user_id is None:
        require(actor, Key.ADMIN)
    with reading(engine) as conn:
        names = {user.id: user.name for user in fetch_users(conn)}
        user_id = None
        if user_name is not None:
            user_id = fetch_user_by_name(conn, user_name).id
        found = stored.fetch_tokens(conn, user_id)
    return [_token_view(token, names[token.user_id]) for token in found]


def add_token(
    engine: Engine, actor: Actor, user_name: str, name: str, keys: str, now: datetime
) -> tuple[TokenView, str]:
    """A new token that acts for the user with these keys, all of which the user must hold; and
    the token itself, which is shown this once. Needs ADMIN, unless it is for the actor."""
    if user_name != actor.name or actor.user_id is None:
        require(actor, Key.ADMIN)
    if not name or name != name.strip() or len(name) > NAME or not name.isprintable():
        raise InvalidValue("token", name, f"a name has 1 to {NAME} characters")
    wanted = parse_keys(keys)
    if not wanted:
        raise InvalidValue("keys", keys, "name at least one key that the token needs")
    secret = MARK + secrets.token_urlsafe(32)
    with engine.begin() as conn:
        user = fetch_user_by_name(conn, user_name)
        ring = actor.ring if actor.user_id == user.id else keyring_of(conn, user)
        for key in wanted:
            if not ring.holds(key):
                text = f'{user_name} does not hold the key "{key}", so no token of theirs can'
                raise Forbidden(text, key=key)
        if any(one.name == name for one in stored.fetch_tokens(conn, user.id)):
            raise NotPossible(f'{user_name} has a token "{name}" already')
        token = ApiToken(
            user_id=user.id,
            name=name,
            prefix=secret[:SHOWN],
            secret_hash=hash_secret(secret),
            keys=wanted,
            created_at=now,
        )
        saved = stored.save_token(conn, token)
        detail = f"for {user_name}, keys: {' '.join(wanted)}"
        write_log(conn, log_entry(actor, now, "token.add", name, detail))
    return _token_view(saved, user_name), secret


def revoke_token(engine: Engine, actor: Actor, token_id: int, now: datetime) -> TokenView:
    """From now on it opens nothing. Needs ADMIN, unless it is the actor's own; NotPossible of
    one that was revoked before."""
    with engine.begin() as conn:
        token = stored.fetch_token(conn, token_id)
        if token.user_id != actor.user_id:
            require(actor, Key.ADMIN)
        if token.revoked_at is not None:
            raise NotPossible(f'token {token_id}, "{token.name}", was revoked before')
        revoked = stored.save_token(conn, replace(token, revoked_at=now))
        user_name = fetch_user(conn, token.user_id).name
        write_log(conn, log_entry(actor, now, "token.revoke", token.name, f"of {user_name}"))
    return _token_view(revoked, user_name)


def _token_view(token: ApiToken, user_name: str) -> TokenView:
    return TokenView(
        id=token.id,
        user=user_name,
        name=token.name,
        prefix=token.prefix,
        keys=token.keys,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )
