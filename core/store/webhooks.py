"""Webhooks in the database, and the letters that calls and runs make for them.

A letter gets into the outbox in one transaction with the log row of its call, or the new state
of its run. A webhook is told of what the user it acts for may see at that moment.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, true, update

from core.errors import NotFound
from core.model import Webhook
from core.people import SYSTEM_NAME
from core.ports.commands import CallClosed, JournalEntry, RunProgressed
from core.rules.keys import Key, Keyring, make_keyring, may_see
from core.rules.news import TOPICS, CallEnded, Topic
from core.rules.notifications import LetterKind, Notification
from core.rules.webhooks import PATIENCE, Tellable, message_id_of, render_message
from core.store.outbox import letter_row
from core.store.rows import fields_of, save, values_of
from core.store.schema import campaign, outbox, webhook
from core.store.users import fetch_class, fetch_user_by_name

#: Most webhooks.
LIMIT = 1000

_ENABLED = select(webhook).where(webhook.c.is_enabled == true()).limit(LIMIT)


def fetch_webhooks(conn: Connection) -> list[Webhook]:
    rows = conn.execute(select(webhook).order_by(webhook.c.name).limit(LIMIT)).mappings()
    return [_webhook(row) for row in rows]


def fetch_webhook(conn: Connection, name: str) -> Webhook:
    """NotFound if there is none of this name."""
    row = conn.execute(select(webhook).where(webhook.c.name == name)).mappings().first()
    if row is None:
        raise NotFound("webhook", name)
    return _webhook(row)


def save_webhook(conn: Connection, value: Webhook) -> Webhook:
    """Insert (id 0) or update; the stored webhook."""
    columns = values_of(value) | {
        "topics": " ".join(value.topics),
        "campaign_ids": " ".join(map(str, value.campaign_ids)),
        "keys": None if value.keys is None else " ".join(value.keys),
    }
    return save(conn, webhook, value, columns)


def delete_webhook(conn: Connection, value: Webhook) -> None:
    """What it was still to be told goes with it."""
    conn.execute(delete(outbox).where(outbox.c.webhook_id == value.id))
    conn.execute(delete(webhook).where(webhook.c.id == value.id))


def _webhook(row: RowMapping) -> Webhook:
    values = fields_of(row)
    return Webhook(
        **values
        | {
            "topics": tuple(Topic(word) for word in values["topics"].split()),
            "campaign_ids": tuple(map(int, values["campaign_ids"].split())),
            "keys": None if values["keys"] is None else tuple(values["keys"].split()),
        }
    )


# What they are told


def webhook_letters(conn: Connection, entries: Sequence[JournalEntry]) -> list[dict[str, Any]]:
    """All that webhooks are to be told of these entries, as rows of the outbox."""
    told = [news for entry in entries if (news := _news_of(entry)) is not None]
    if not told:
        return []
    listeners = list(_listeners(conn))
    if not listeners:
        return []
    protected = _protected(conn, {news.campaign_id for news in told})
    return [row for news in told for row in _letters_of(news, listeners, protected)]


def _news_of(entry: JournalEntry) -> Tellable | None:
    return entry.news if isinstance(entry, CallClosed | RunProgressed) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listener:
    """A webhook, and what whoever it acts for holds now."""

    webhook: Webhook
    ring: Keyring

    def hears(self, news: Tellable, protection: tuple[str, str]) -> bool:
        hook, (key, made_by) = self.webhook, protection
        return (
            (not hook.topics or TOPICS[type(news)] in hook.topics)
            and (not hook.campaign_ids or news.campaign_id in hook.campaign_ids)
            and may_see(self.ring, hook.acts_for, security_key=key, created_by=made_by)
        )


def _listeners(conn: Connection) -> Iterator[_Listener]:
    for row in conn.execute(_ENABLED).mappings().all():
        found = _webhook(row)
        ring = _ring_of(conn, found)
        if ring.holds(Key.RT):
            yield _Listener(webhook=found, ring=ring)


def _ring_of(conn: Connection, value: Webhook) -> Keyring:
    """As much of the user's keyring as the webhook has; empty if there is no such user."""
    if value.acts_for == SYSTEM_NAME:
        return Keyring(is_master=True)
    try:
        user = fetch_user_by_name(conn, value.acts_for)
    except NotFound:
        return Keyring()
    if not user.is_enabled:
        return Keyring()
    keys = fetch_class(conn, user.class_id).keys
    ring = make_keyring(keys, user.keys, is_master=user.has_master_key)
    return ring if value.keys is None else ring.narrowed(value.keys)


def _protected(conn: Connection, campaign_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """The security key and the maker of each campaign."""
    columns = (campaign.c.id, campaign.c.security_key, campaign.c.created_by)
    rows = conn.execute(select(*columns).where(campaign.c.id.in_(campaign_ids)))
    return {row.id: (row.security_key, row.created_by) for row in rows}


def _letters_of(
    news: Tellable,
    listeners: Sequence[_Listener],
    protected: Mapping[int, tuple[str, str]],
) -> Iterator[dict[str, Any]]:
    protection = protected.get(news.campaign_id)
    hearing = [one for one in listeners if protection and one.hears(news, protection)]
    if not hearing:
        return
    body, call_id = render_message(news), news.call_id if isinstance(news, CallEnded) else None
    for listener in hearing:
        yield message_row(listener.webhook, message_id_of(news), body, at=news.at, call_id=call_id)


def message_row(
    value: Webhook, message_id: str, body: str, *, at: datetime, call_id: int | None = None
) -> dict[str, Any]:
    """A new letter to the webhook, due at once."""
    message = Notification(kind=LetterKind.WEBHOOK, url=value.url, body=body)
    row = letter_row(message, campaign_id=None, at=at, call_id=call_id)
    return row | {"webhook_id": value.id, "message_id": message_id}


# How they fare


def note_deliveries(
    conn: Connection, served: Collection[int], failing: Collection[int], now: datetime
) -> list[Webhook]:
    """Webhooks whose servers took something are well; those whose servers have taken nothing for
    too long are disabled: which. Both are ids."""
    ids, since = webhook.c.id, webhook.c.failing_since
    if served:
        well = update(webhook).where(ids.in_(served), since.is_not(None))
        conn.execute(well.values(failing_since=None))
    if not (ill := set(failing) - set(served)):
        return []
    conn.execute(update(webhook).where(ids.in_(ill), since.is_(None)).values(failing_since=now))
    query = select(webhook).where(
        ids.in_(ill), webhook.c.is_enabled == true(), since <= now - PATIENCE
    )
    lost = [_webhook(row) for row in conn.execute(query).mappings()]
    hours = f"{PATIENCE.total_seconds() / 3600:.0f}"
    why = f"its server has taken nothing for {hours} hours"
    disabled = [replace(one, is_enabled=False, why_disabled=why) for one in lost]
    for one in disabled:
        save_webhook(conn, one)
    return disabled
