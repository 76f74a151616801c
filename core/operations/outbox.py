"""What a person may see and do with notifications that did not reach their server: those of
campaigns that they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine

from core.operations.permission import log_entry, require
from core.operations.unseen import hidden_campaigns
from core.people import Actor
from core.rules.keys import Key
from core.store import outbox
from core.store.audit import write_log
from core.store.database import reading
from core.store.outbox import KeptLetter


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxView:
    """How many notifications wait and how many are dead, and some of the one kind or the
    other, the oldest first."""

    waiting: int
    dead: int
    letters: tuple[KeptLetter, ...]


def fetch_outbox(engine: Engine, actor: Actor, *, dead: bool, limit: int) -> OutboxView:
    """With at most `limit` of the dead letters, or else of those that wait. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with reading(engine) as conn:
        seen = _seen(conn, actor)
        return OutboxView(
            waiting=outbox.count_letters(conn, dead=False, seen=seen),
            dead=outbox.count_letters(conn, dead=True, seen=seen),
            letters=tuple(outbox.fetch_letters(conn, dead=dead, limit=limit, seen=seen)),
        )


def retry(engine: Engine, actor: Actor, letter_ids: Sequence[int], now: datetime) -> int:
    """Have these letters, or without ids all dead ones, sent at once to the URL that their
    campaign has now; how many. NotFound of an id that is none. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        count = outbox.revive(conn, letter_ids, now, _seen(conn, actor))
        write_log(conn, log_entry(actor, now, "outbox.retry", detail=_these(letter_ids, count)))
    return count


def drop(engine: Engine, actor: Actor, letter_ids: Sequence[int], now: datetime) -> int:
    """Give up these letters, or without ids all dead ones, for good; how many. NotFound of an
    id that is none. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with engine.begin() as conn:
        count = outbox.remove(conn, letter_ids, _seen(conn, actor))
        write_log(conn, log_entry(actor, now, "outbox.drop", detail=_these(letter_ids, count)))
    return count


def _seen(conn: Connection, actor: Actor) -> ColumnElement[bool]:
    return outbox.seen_letters(hidden_campaigns(conn, actor), actor.name)


def _these(letter_ids: Sequence[int], count: int) -> str:
    return ", ".join(map(str, letter_ids)) if letter_ids else f"all dead ones: {count}"
