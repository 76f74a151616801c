"""Answers that are kept for a while, for a client that asks the same once more.

A row without an answer is a request that is being worked on, or was cut short.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.store.schema import kept_answer

#: Most answers forgotten at a time.
LIMIT = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptAnswer:
    """A request, by its sender's name and key, and what was answered; `status` None: nothing
    yet. `fingerprint` is the SHA-256 of all that was asked, in hexadecimal."""

    id: int
    fingerprint: str
    status: int | None
    headers: str
    body: str


def add_request(
    conn: Connection, actor: str, key_hash: str, fingerprint: str, now: datetime
) -> int | None:
    """The id of the new row; None if the sender has one of this key already."""
    row = {
        "actor": actor,
        "key_hash": key_hash,
        "fingerprint": fingerprint,
        "asked_at": now,
        "headers": "",
        "body": "",
    }
    try:
        with conn.begin_nested():
            key = conn.execute(insert(kept_answer).values(row)).inserted_primary_key
    except IntegrityError:
        return None
    assert key is not None
    return int(key[0])


def find_request(conn: Connection, actor: str, key_hash: str) -> KeptAnswer:
    table = kept_answer.c
    row = conn.execute(
        select(table.id, table.fingerprint, table.status, table.headers, table.body).where(
            table.actor == actor, table.key_hash == key_hash
        )
    ).one()
    return KeptAnswer(**row._mapping)


def save_answer(
    conn: Connection, actor: str, request_id: int, status: int, headers: str, body: str
) -> None:
    values = {"status": status, "headers": headers, "body": body}
    conn.execute(update(kept_answer).where(*_of(actor, request_id)).values(values))


def forget_request(conn: Connection, actor: str, request_id: int) -> None:
    conn.execute(delete(kept_answer).where(*_of(actor, request_id)))


def _of(actor: str, request_id: int) -> tuple[ColumnElement[bool], ...]:
    return kept_answer.c.id == request_id, kept_answer.c.actor == actor


def forget_old(conn: Connection, before: datetime) -> None:
    """Forget the oldest LIMIT of what was asked before."""
    old = select(kept_answer.c.id).where(kept_answer.c.asked_at < before)
    ids = conn.execute(old.order_by(kept_answer.c.asked_at).limit(LIMIT)).scalars().all()
    if ids:
        conn.execute(delete(kept_answer).where(kept_answer.c.id.in_(ids)))


def forget_answers_with(conn: Connection, text: str) -> None:
    """Forget every answer in which the text stands."""
    conn.execute(delete(kept_answer).where(kept_answer.c.body.contains(text, autoescape=True)))
