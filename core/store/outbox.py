"""The outbox: letters that are still to be sent, and those that were given up.

A letter gets in with the log row of its call, or the new state of its run, in one transaction,
and goes when its delivery is confirmed. What failed too often, or for good, stays as dead until a
person decides.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from core.errors import NotFound
from core.rules.notifications import LetterKind, Notification
from core.store.schema import campaign, outbox, webhook

#: Whose letters wait in one line: what it is, and its id.
Sender = tuple[Literal["campaign", "webhook"], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A notification to be sent, after `attempts` that failed, a campaign's or a webhook's.
    `call_id` is None if it tells of no call; `secret` is the campaign's or the webhook's, by whose
    `message_id` a receiver knows it again."""

    id: int
    campaign_id: int | None
    webhook_id: int | None = None
    call_id: int | None
    message_id: str = ""
    kind: LetterKind = LetterKind.NOTIFY
    url: str
    subject: str = ""
    body: str
    attempts: int
    created_at: datetime
    secret: str = field(default="", repr=False)

    @property
    def sender(self) -> Sender:
        if self.webhook_id is not None:
            return "webhook", self.webhook_id
        assert self.campaign_id is not None
        return "campaign", self.campaign_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A letter that was not delivered: what is now true of it. A dead one is not sent again."""

    letter_id: int
    attempts: int
    due_at: datetime
    last_error: str
    dead: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptLetter:
    """A letter as people look at it; one of `campaign` and `webhook` is a name, the other
    empty."""

    id: int
    campaign: str
    webhook: str
    message_id: str
    call_id: int | None
    kind: LetterKind
    url: str
    subject: str
    body: str
    attempts: int
    created_at: datetime
    due_at: datetime
    last_error: str
    dead: bool


#: The columns that say whose letters they are.
_SENDERS: Mapping[Literal["campaign", "webhook"], Column[int]] = {
    "campaign": outbox.c.campaign_id,
    "webhook": outbox.c.webhook_id,
}

_LIVE = outbox.c.dead == false()
_ALL = true()
_DELETE = delete(outbox).where(outbox.c.id == bindparam("of_letter"))
_UPDATE = update(outbox).where(outbox.c.id == bindparam("of_letter"))
_UPDATE = _UPDATE.values({n: bindparam(n) for n in ("attempts", "due_at", "last_error", "dead")})


def letter_row(
    notification: Notification,
    *,
    campaign_id: int | None,
    at: datetime,
    call_id: int | None = None,
) -> dict[str, Any]:
    """A new letter, due at once, about a call or about a run."""
    return {
        "campaign_id": campaign_id,
        "webhook_id": None,
        "call_id": call_id,
        "message_id": "",
        "kind": notification.kind,
        "url": notification.url,
        "subject": notification.subject,
        "body": notification.body,
        "attempts": 0,
        "due_at": at,
        "created_at": at,
        "last_error": "",
        "dead": False,
    }


def fetch_due(
    conn: Connection,
    now: datetime,
    *,
    limit: int,
    held: frozenset[int] = frozenset(),
    full: frozenset[Sender] = frozenset(),
) -> list[Letter]:
    """Up to `limit` letters of each sender that are due, the earliest first, without those in
    `held` and senders in `full`. However many wait, only these are read."""
    due: list[Letter] = []
    for sender in _senders(conn):
        if sender not in full:
            due += _fetch_of(conn, sender, now, limit)
    return [letter for letter in due if letter.id not in held]


def _senders(conn: Connection) -> Iterator[Sender]:
    """All that have letters."""
    for kind, column in _SENDERS.items():
        key = _next(conn, column, 0)
        while key is not None:
            yield kind, key
            key = _next(conn, column, key)


def _next(conn: Connection, column: Column[int], after_id: int) -> int | None:
    query = select(func.min(column)).where(_LIVE, column > after_id)
    found: int | None = conn.execute(query).scalar_one()
    return found


def _fetch_of(conn: Connection, sender: Sender, now: datetime, limit: int) -> list[Letter]:
    """A webhook's letters go where it is now, and none while it is disabled."""
    table, (kind, key) = outbox.c, sender
    query = (
        select(
            table.id,
            table.campaign_id,
            table.webhook_id,
            table.call_id,
            table.message_id,
            table.kind,
            func.coalesce(webhook.c.url, table.url).label("url"),
            table.subject,
            table.body,
            table.attempts,
            table.created_at,
            func.coalesce(webhook.c.secret, campaign.c.http_secret).label("secret"),
        )
        .outerjoin(campaign, campaign.c.id == table.campaign_id)
        .outerjoin(webhook, webhook.c.id == table.webhook_id)
        .where(_LIVE, _SENDERS[kind] == key, table.due_at <= now)
        .where(func.coalesce(webhook.c.is_enabled, true()))
        .order_by(table.due_at)
        .limit(limit)
    )
    return [
        Letter(**{**row, "kind": LetterKind(row["kind"])}) for row in conn.execute(query).mappings()
    ]


def settle(conn: Connection, delivered: Sequence[int], failed: Sequence[Failed]) -> None:
    """Forget the letters that were delivered, by id, and note what became of the others."""
    if delivered:
        conn.execute(_DELETE, [{"of_letter": letter_id} for letter_id in delivered])
    if failed:
        rows = [
            {
                "of_letter": one.letter_id,
                "attempts": one.attempts,
                "due_at": one.due_at,
                "last_error": one.last_error,
                "dead": one.dead,
            }
            for one in failed
        ]
        conn.execute(_UPDATE, rows)


def seen_letters(hidden_campaigns: Collection[str], name: str) -> ColumnElement[bool]:
    """Which letters somebody of this name sees: of campaigns none that is hidden from them; of
    webhooks, if any is, only of those that act for them, for who knows what the others tell."""
    if not hidden_campaigns:
        return true()
    hidden = select(campaign.c.id).where(campaign.c.name.in_(hidden_campaigns))
    own = select(webhook.c.id).where(webhook.c.acts_for == name)
    return or_(outbox.c.campaign_id.not_in(hidden), outbox.c.webhook_id.in_(own))


def count_letters(conn: Connection, *, dead: bool, seen: ColumnElement[bool] = _ALL) -> int:
    query = select(func.count()).select_from(outbox).where(outbox.c.dead == dead, seen)
    return conn.execute(query).scalar_one()


def count_letters_of(conn: Connection, webhook_id: int, *, dead: bool) -> int:
    """How many letters of the webhook wait, or are dead."""
    query = select(func.count()).select_from(outbox)
    these = (outbox.c.dead == dead, outbox.c.webhook_id == webhook_id)
    return conn.execute(query.where(*these)).scalar_one()


def fetch_letters(
    conn: Connection, *, dead: bool, limit: int, seen: ColumnElement[bool] = _ALL
) -> list[KeptLetter]:
    """The dead letters or the waiting ones among those that are seen, the oldest first."""
    kept = [column for column in outbox.c if column.name not in ("campaign_id", "webhook_id")]
    query = (
        select(
            *kept,
            func.coalesce(campaign.c.name, "").label("campaign"),
            func.coalesce(webhook.c.name, "").label("webhook"),
        )
        .outerjoin(campaign, campaign.c.id == outbox.c.campaign_id)
        .outerjoin(webhook, webhook.c.id == outbox.c.webhook_id)
        .where(outbox.c.dead == dead, seen)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [
        KeptLetter(**{**row, "kind": LetterKind(row["kind"])})
        for row in conn.execute(query).mappings()
    ]


def revive(
    conn: Connection, letter_ids: Sequence[int], now: datetime, seen: ColumnElement[bool] = _ALL
) -> int:
    """Make these letters, or without ids all dead ones that are seen, due at once, as if they had
    never failed, those about the life-cycle of calls at the URL that their campaign has now if it
    has one; how many. NotFound of an id that is none."""
    own = select(func.nullif(campaign.c.http_notify, ""))
    url = own.where(campaign.c.id == outbox.c.campaign_id).scalar_subquery()
    is_of_call = outbox.c.kind == LetterKind.NOTIFY
    values = {
        "url": case((is_of_call, func.coalesce(url, outbox.c.url)), else_=outbox.c.url),
        "attempts": 0,
        "due_at": now,
        "dead": False,
    }
    these = _these(conn, seen, letter_ids)
    return conn.execute(update(outbox).where(*these).values(values)).rowcount


def remove(conn: Connection, letter_ids: Sequence[int], seen: ColumnElement[bool] = _ALL) -> int:
    """Delete these letters, or without ids all dead ones that are seen; how many. NotFound of an
    id that is none."""
    return conn.execute(delete(outbox).where(*_these(conn, seen, letter_ids))).rowcount


def _these(
    conn: Connection, seen: ColumnElement[bool], letter_ids: Sequence[int]
) -> tuple[ColumnElement[bool], ...]:
    if not letter_ids:
        return outbox.c.dead == true(), seen
    these = outbox.c.id.in_(letter_ids), seen
    known = set(conn.execute(select(outbox.c.id).where(*these)).scalars())
    for letter_id in letter_ids:
        if letter_id not in known:
            raise NotFound("letter", letter_id)
    return these
