"""`webhook list|add|change|remove|ping`: servers that are told of calls and runs."""

from typing import TYPE_CHECKING

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.webhooks import WebhookView

_TOPIC = click.option(
    "--topic", "topics", multiple=True, help="Only this: call.ended or run.changed; several times."
)
_CAMPAIGN = click.option(
    "--campaign", "campaigns", multiple=True, help="Only this campaign; several times."
)


@click.group(short_help="Show, make and change webhooks.")
def webhook() -> None:
    """Servers that are told of calls that are over and of runs."""


@webhook.command(name="list", short_help="Show webhooks.")
@json_option
@pass_session
def list_(session: Session) -> None:
    """Show all webhooks, and how they fare."""
    from core.operations.webhooks import show_webhooks

    found = show_webhooks(session.engine, session.actor)
    answer({"webhooks": found}, lambda: _table(found))


@webhook.command(short_help="Have a server told.")
@click.argument("name")
@click.argument("url")
@_TOPIC
@_CAMPAIGN
@json_option
@pass_session
def add(
    session: Session, name: str, url: str, topics: tuple[str, ...], campaigns: tuple[str, ...]
) -> None:
    """Make the webhook NAME, which posts to URL. Its secret is shown this once."""
    from core.operations.webhooks import WebhookChange, add_webhook

    wanted = WebhookChange(url=url, topics=topics, campaigns=campaigns)
    _view, secret = add_webhook(session.engine, session.actor, name, wanted, session.now())
    answer({"name": name, "secret": secret}, secret)


@webhook.command(short_help="Change a webhook.")
@click.argument("name")
@click.option("--url", help="Where it posts to from now on.")
@_TOPIC
@_CAMPAIGN
@click.option("--all-topics", is_flag=True, help="Tell it of everything.")
@click.option("--all-campaigns", is_flag=True, help="Tell it of all campaigns.")
@click.option("--new-secret", is_flag=True, help="Sign with another secret, shown this once.")
@click.option("--enable/--disable", "is_enabled", default=None, help="Tell it again, or no more.")
@json_option
@pass_session
def change(
    session: Session,
    name: str,
    url: str | None,
    topics: tuple[str, ...],
    campaigns: tuple[str, ...],
    all_topics: bool,
    all_campaigns: bool,
    new_secret: bool,
    is_enabled: bool | None,
) -> None:
    """Change the webhook NAME; what is not named stays as it is."""
    from core.operations.webhooks import WebhookChange, change_webhook

    wanted = WebhookChange(
        url=url,
        topics=topics if topics or all_topics else None,
        campaigns=campaigns if campaigns or all_campaigns else None,
        secret="" if new_secret else None,
        is_enabled=is_enabled,
    )
    _view, secret = change_webhook(session.engine, session.actor, name, wanted, session.now())
    answer({"name": name, "secret": secret}, secret or f"{name}: changed")


@webhook.command(short_help="Tell a server no more.")
@click.argument("name")
@json_option
@pass_session
def remove(session: Session, name: str) -> None:
    """Remove the webhook NAME, with all that it was still to be told."""
    from core.operations.webhooks import remove_webhook

    remove_webhook(session.engine, session.actor, name, session.now())
    answer({"removed": name}, f"{name}: removed")


@webhook.command(short_help="Send a message that says nothing.")
@click.argument("name")
@json_option
@pass_session
def ping(session: Session, name: str) -> None:
    """Send the webhook NAME a ping, which travels as all messages do."""
    from core.operations.webhooks import ping_webhook

    message_id = ping_webhook(session.engine, session.actor, name, session.now())
    answer({"message_id": message_id}, f"{message_id} is on its way")


def _table(found: "list[WebhookView]") -> "RenderableType":
    columns = ("name", "url", "told of", "campaigns", "acts for", "waiting", "dead", "state")
    rows: list[tuple[object, ...]] = [
        (
            one.name,
            one.url,
            " ".join(one.topics) or "all",
            ", ".join(one.campaigns) or "all",
            one.acts_for,
            one.waiting,
            one.dead,
            _state(one),
        )
        for one in found
    ]
    return make_table("Webhooks", *columns, rows=rows)


def _state(one: "WebhookView") -> str:
    if not one.is_enabled:
        return f"disabled: {one.why_disabled}" if one.why_disabled else "disabled"
    return f"failing since {one.failing_since:%Y-%m-%d %H:%M}" if one.failing_since else "well"
