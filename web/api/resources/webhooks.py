"""Webhooks: servers that are told of calls that are over and of runs."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.operations import webhooks as work
from core.rules.keys import Key
from core.rules.notifications import MAX_URL
from web.api.kinds import Moment, Name, show
from web.api.operation import Ask, Made, Tag
from web.api.paging import Page, Paged, cut

TAG = Tag(
    name="Webhooks",
    text="Servers that are told of calls that are over and of runs: each message once it is in "
    "the database, and again until it arrives.",
)

#: `call.ended`, `run.changed`.
Topics = Annotated[tuple[str, ...], Meta(max_length=10)]
Campaigns = Annotated[tuple[Name, ...], Meta(max_length=1000)]
Url = Annotated[str, Meta(min_length=1, max_length=MAX_URL)]
Secret = Annotated[str, Meta(max_length=100)]

_NEEDS = (Key.ADMIN, Key.RT)


class WebhookShown(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook. No `topics` and no `campaigns` are all of them. It is told of what the user
    `acts_for` may see. `waiting` counts messages that are still to be taken, `dead` those that
    were given up; `failing_since` is when the server began to take nothing."""

    name: str
    url: str
    topics: tuple[str, ...]
    campaigns: tuple[str, ...]
    acts_for: str
    is_enabled: bool
    why_disabled: str
    failing_since: Moment | None
    waiting: int
    dead: int
    created_at: Moment | None
    created_by: str
    changed_at: Moment | None
    changed_by: str


class WebhookKept(WebhookShown, frozen=True, kw_only=True):
    """A webhook with its secret, which is shown when it is new, and is empty otherwise."""

    secret: str


class WebhookNew(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `secret` one is made up."""

    name: Name
    url: Url
    topics: Topics = ()
    campaigns: Campaigns = ()
    secret: Secret = ""


class WebhookEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is. An empty `secret` is a new one."""

    url: Url | UnsetType = UNSET
    topics: Topics | UnsetType = UNSET
    campaigns: Campaigns | UnsetType = UNSET
    secret: Secret | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class Pinged(msgspec.Struct, frozen=True, kw_only=True):
    """The message that is on its way."""

    message_id: str


@TAG.get("/webhooks", needs=_NEEDS)
async def list_webhooks(ask: Ask, query: Paged) -> Page[WebhookShown]:
    """All webhooks, by name."""
    found = await ask.run(work.show_webhooks)
    shown = sorted((show(one, WebhookShown) for one in found), key=lambda one: one.name)
    return cut(ask.request, query, shown, lambda one: one.name)


@TAG.post("/webhooks", needs=_NEEDS, errors=(404, 409), keeps_answer=False)
async def add_webhook(ask: Ask, body: WebhookNew) -> Made[WebhookKept]:
    """Have a server told."""
    wanted = work.WebhookChange(
        url=body.url, topics=body.topics, campaigns=body.campaigns, secret=body.secret
    )
    found, secret = await ask.run(work.add_webhook, body.name, wanted, ask.now)
    return Made(location=f"/webhooks/{quote(body.name, safe='')}", body=_keep(found, secret))


@TAG.get("/webhooks/{webhook}", needs=_NEEDS)
async def show_webhook(ask: Ask, webhook: Name) -> WebhookShown:
    """One webhook."""
    return show(await ask.run(work.find_webhook, webhook), WebhookShown)


@TAG.patch("/webhooks/{webhook}", needs=_NEEDS)
async def change_webhook(ask: Ask, webhook: Name, body: WebhookEdit) -> WebhookKept:
    """Change a webhook.

    It acts for you from now on. Messages that wait go to its new address, with its new secret.
    One that was disabled goes on with those that it has when it is enabled.
    """
    change = work.WebhookChange(**_given(body))
    return _keep(*await ask.run(work.change_webhook, webhook, change, ask.now))


@TAG.delete("/webhooks/{webhook}", needs=_NEEDS)
async def remove_webhook(ask: Ask, webhook: Name) -> None:
    """Tell a server no more, not even what waits."""
    await ask.run(work.remove_webhook, webhook, ask.now)


@TAG.post("/webhooks/{webhook}/ping", needs=_NEEDS, errors=(409,))
async def ping_webhook(ask: Ask, webhook: Name) -> Pinged:
    """Send a message that says nothing, in the way of all others."""
    return Pinged(message_id=await ask.run(work.ping_webhook, webhook, ask.now))


def _keep(found: work.WebhookView, secret: str) -> WebhookKept:
    return WebhookKept(secret=secret, **msgspec.structs.asdict(show(found, WebhookShown)))


def _given(body: WebhookEdit) -> dict[str, Any]:
    """What is not left out."""
    fields = msgspec.structs.asdict(body)
    return {name: value for name, value in fields.items() if value is not UNSET}


OPERATIONS = (
    list_webhooks,
    add_webhook,
    show_webhook,
    change_webhook,
    remove_webhook,
    ping_webhook,
)
