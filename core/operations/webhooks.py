"""Webhooks: who is told of calls that are over and of runs, wherever they are.

A webhook acts for whoever made it, or changed it last, with the keys they showed then: it is told
of what they may see. Its secret is shown once.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert

from core.errors import InvalidValue, NotPossible
from core.model import Webhook
from core.operations.permission import log_entry, require, require_visible, visible
from core.people import Actor
from core.rules.keys import Key
from core.rules.news import Topic
from core.rules.notifications import check_url
from core.rules.stamps import made
from core.rules.webhooks import (
    SECRET_BYTES,
    WEBHOOK_TOPICS,
    check_secret,
    render_ping,
    write_secret,
)
from core.store import webhooks as stored
from core.store.audit import write_log
from core.store.campaign_heads import fetch_campaign_heads
from core.store.campaigns import fetch_campaign_by_name
from core.store.database import reading
from core.store.outbox import count_letters_of
from core.store.schema import NAME, outbox

#: Most webhooks: each is asked about at every call's end.
MOST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookView:
    """A webhook as people see it, without its secret. Empty `topics` and `campaigns` are all.
    `waiting` and `dead` count what it is still to be told, and what was given up;
    `failing_since` is when its server last began to take nothing."""

    name: str
    url: str
    topics: tuple[Topic, ...]
    campaigns: tuple[str, ...]
    acts_for: str
    is_enabled: bool
    why_disabled: str
    failing_since: datetime | None
    waiting: int
    dead: int
    created_at: datetime | None
    created_by: str
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookChange:
    """What is to be; None leaves a part as it is. `secret` "" is a new one."""

    url: str | None = None
    topics: tuple[str, ...] | None = None
    campaigns: tuple[str, ...] | None = None
    secret: str | None = None
    is_enabled: bool | None = None


def show_webhooks(engine: Engine, actor: Actor) -> list[WebhookView]:
    """All of them, by name. Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    with reading(engine) as conn:
        names = _names(conn, actor)
        return [_view(conn, one, names) for one in stored.fetch_webhooks(conn)]


def find_webhook(engine: Engine, actor: Actor, name: str) -> WebhookView:
    """NotFound. Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    with reading(engine) as conn:
        return _view(conn, stored.fetch_webhook(conn, name), _names(conn, actor))


def add_webhook(
    engine: Engine, actor: Actor, name: str, wanted: WebhookChange, now: datetime
) -> tuple[WebhookView, str]:
    """A new webhook, and its secret, which is shown this once. InvalidValue; NotFound of a
    campaign; NotPossible of a name that is taken. Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    if not name or name != name.strip() or len(name) > NAME or not name.isprintable():
        raise InvalidValue("webhook", name, f"a name has 1 to {NAME} characters")
    with engine.begin() as conn:
        known = stored.fetch_webhooks(conn)
        if any(one.name == name for one in known):
            raise NotPossible(f'there is a webhook "{name}" already')
        if len(known) >= MOST:
            raise NotPossible(f"there are {MOST} webhooks already, which is the most; remove one")
        new = Webhook(name=name, url="", secret="", acts_for="", stamp=made(actor.name, now))
        whole = replace(wanted, url=wanted.url or "", secret=wanted.secret or "")
        saved = stored.save_webhook(conn, _changed(conn, actor, new, whole))
        write_log(conn, log_entry(actor, now, "webhook.add", name, saved.url))
        return _view(conn, saved, _names(conn, actor)), saved.secret


def change_webhook(
    engine: Engine, actor: Actor, name: str, change: WebhookChange, now: datetime
) -> tuple[WebhookView, str]:
    """The webhook as it is now, which acts for the actor from now on; and its secret if that is
    new, or else "". Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    with engine.begin() as conn:
        before = stored.fetch_webhook(conn, name)
        stamp = before.stamp.touched(actor.name, now)
        after = _changed(conn, actor, replace(before, stamp=stamp), change)
        stored.save_webhook(conn, after)
        said = [
            word
            for word, is_so in (
                (f"url {after.url}", after.url != before.url),
                ("another secret", after.secret != before.secret),
                ("enabled", after.is_enabled and not before.is_enabled),
                ("disabled", before.is_enabled and not after.is_enabled),
            )
            if is_so
        ]
        write_log(conn, log_entry(actor, now, "webhook.change", name, ", ".join(said)))
        is_new = after.secret != before.secret
        return _view(conn, after, _names(conn, actor)), after.secret if is_new else ""


def remove_webhook(engine: Engine, actor: Actor, name: str, now: datetime) -> None:
    """What it was still to be told is dropped. NotFound. Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    with engine.begin() as conn:
        stored.delete_webhook(conn, stored.fetch_webhook(conn, name))
        write_log(conn, log_entry(actor, now, "webhook.remove", name))


def ping_webhook(engine: Engine, actor: Actor, name: str, now: datetime) -> str:
    """Tell the webhook that messages arrive, in the way of all others; the message's id.
    NotFound; NotPossible of one that is disabled. Needs ADMIN and RT."""
    require(actor, Key.ADMIN, Key.RT)
    message_id = f"ping-{secrets.token_hex(8)}"
    with engine.begin() as conn:
        found = stored.fetch_webhook(conn, name)
        if not found.is_enabled:
            raise NotPossible(f'webhook "{name}" is disabled: enable it first')
        row = stored.message_row(found, message_id, render_ping(now), at=now)
        conn.execute(insert(outbox), row)
        write_log(conn, log_entry(actor, now, "webhook.ping", name, message_id))
    return message_id


def _changed(conn: Connection, actor: Actor, value: Webhook, change: WebhookChange) -> Webhook:
    if change.url is not None:
        value = replace(value, url=check_url(change.url))
    if change.topics is not None:
        value = replace(value, topics=_check_topics(change.topics))
    if change.campaigns is not None:
        value = replace(value, campaign_ids=_find_campaigns(conn, actor, change.campaigns))
    if change.secret is not None:
        new = change.secret or write_secret(secrets.token_bytes(SECRET_BYTES))
        value = replace(value, secret=check_secret(new))
    if change.is_enabled is not None:
        value = replace(value, is_enabled=change.is_enabled, why_disabled="", failing_since=None)
    keys = None if actor.ring.is_master else tuple(sorted(actor.ring.keys))
    return replace(value, acts_for=actor.name, keys=keys)


def _check_topics(words: Sequence[str]) -> tuple[Topic, ...]:
    for word in words:
        if word not in WEBHOOK_TOPICS:
            raise InvalidValue("topics", word, f"write one of {', '.join(WEBHOOK_TOPICS)}")
    return tuple(topic for topic in WEBHOOK_TOPICS if topic in words)


def _find_campaigns(conn: Connection, actor: Actor, names: Sequence[str]) -> tuple[int, ...]:
    found = []
    for name in dict.fromkeys(names):
        campaign = fetch_campaign_by_name(conn, name)
        require_visible(actor, campaign, "campaign", name)
        found.append(campaign.id)
    return tuple(found)


def _names(conn: Connection, actor: Actor) -> dict[int, str]:
    """The campaigns that the actor may see."""
    return {head.id: head.name for head in visible(actor, fetch_campaign_heads(conn))}


def _view(conn: Connection, value: Webhook, names: Mapping[int, str]) -> WebhookView:
    return WebhookView(
        name=value.name,
        url=value.url,
        topics=value.topics,
        campaigns=tuple(names[key] for key in value.campaign_ids if key in names),
        acts_for=value.acts_for,
        is_enabled=value.is_enabled,
        why_disabled=value.why_disabled,
        failing_since=value.failing_since,
        waiting=count_letters_of(conn, value.id, dead=False),
        dead=count_letters_of(conn, value.id, dead=True),
        created_at=value.stamp.created_at,
        created_by=value.stamp.created_by,
        changed_at=value.stamp.changed_at,
        changed_by=value.stamp.changed_by,
    )
