"""Requests that may be sent twice and are done once: each brings a key of its sender's, under
which its answer is kept for a day.

The key is taken before the work begins, so that of two at once one is refused. Only what was done
is kept: a refused request changed nothing, and may be put right and sent again under its key.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from core.errors import InvalidValue, NotPossible
from core.people import Actor
from core.store.kept_answers import (
    KeptAnswer,
    add_request,
    find_request,
    forget_old,
    forget_request,
    save_answer,
)

#: How long an answer is kept.
KEPT = timedelta(hours=24)
#: Longest key, in characters.
MAX_LENGTH = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A request that nobody sent before; `id` is where its answer belongs."""

    id: int


def begin(
    engine: Engine, actor: Actor, key: str, fingerprint: str, now: datetime
) -> Begun | KeptAnswer:
    """Take the key, or find what was answered to it. `fingerprint` tells one request from
    another.

    InvalidValue of a key that is none or was used for another request; NotPossible while the
    request is being worked on, and of one that was cut short.
    """
    if not (key.isascii() and key.isprintable() and " " not in key and 0 < len(key) <= MAX_LENGTH):
        expected = f"write 1 to {MAX_LENGTH} visible ASCII characters"
        raise InvalidValue("Idempotency-Key", key[:MAX_LENGTH], expected)
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    with engine.begin() as conn:
        forget_old(conn, now - KEPT)
        request_id = add_request(conn, actor.name, key_hash, fingerprint, now)
        if request_id is not None:
            return Begun(id=request_id)
        found = find_request(conn, actor.name, key_hash)
    if found.fingerprint != fingerprint:
        raise InvalidValue("Idempotency-Key", key, "it was used for another request: take another")
    if found.status is None:
        raise NotPossible(
            "a request of this Idempotency-Key is being worked on, or was cut short: wait, look "
            "what became of it, and take another key if it is to be done again"
        )
    return found


def keep(engine: Engine, actor: Actor, begun: Begun, status: int, headers: str, body: str) -> None:
    """What was answered to the actor."""
    with engine.begin() as conn:
        save_answer(conn, actor.name, begun.id, status, headers, body)


def give_back(engine: Engine, actor: Actor, begun: Begun) -> None:
    """The actor may use the key again: nothing was done."""
    with engine.begin() as conn:
        forget_request(conn, actor.name, begun.id)
