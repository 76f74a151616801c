"""`outbox list|retry|drop`: letters about calls and runs that did not reach their server."""

from typing import TYPE_CHECKING

import click

from core.cli.ids import ID
from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.outbox import OutboxView

_IDS = click.argument("ids", metavar="[ID]...", type=ID, nargs=-1)


@click.group(short_help="Show, repeat or drop notifications that failed.")
def outbox() -> None:
    """What is still to be told of calls and runs, and what was given up."""


@outbox.command(name="list", short_help="Show what was given up, or what waits.")
@click.option("--waiting", is_flag=True, help="Those that will still be sent.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@json_option
@pass_session
def list_(session: Session, waiting: bool, limit: int) -> None:
    """Show how many notifications wait and how many are dead, and the oldest of the dead.

    With --json their forms are there too, which hold what is known of the called people.
    """
    from core.operations.outbox import fetch_outbox

    found = fetch_outbox(session.engine, session.actor, dead=not waiting, limit=limit)
    answer(
        found,
        f"{found.waiting} waiting, {found.dead} dead",
        lambda: _letters("Waiting" if waiting else "Dead", found),
    )


@outbox.command(short_help="Send dead notifications again.")
@_IDS
@json_option
@pass_session
def retry(session: Session, ids: tuple[int, ...]) -> None:
    """Send the notifications with these IDs, or all dead ones, again, to the URL that their
    campaign has now."""
    from core.operations import outbox as operations

    count = operations.retry(session.engine, session.actor, ids, session.now())
    answer({"retried": count}, f"{count} to be sent again")


@outbox.command(short_help="Give notifications up for good.")
@_IDS
@click.option("--all", "is_all", is_flag=True, help="All dead ones.")
@json_option
@pass_session
def drop(session: Session, ids: tuple[int, ...], is_all: bool) -> None:
    """Delete the notifications with these IDs, or, with --all, all dead ones."""
    from core.operations import outbox as operations

    if bool(ids) is is_all:
        raise click.UsageError("name IDs, which `whipbird outbox list` tells, or give --all")
    count = operations.drop(session.engine, session.actor, ids, session.now())
    answer({"dropped": count}, f"{count} dropped")


def _letters(title: str, found: "OutboxView") -> "RenderableType":
    columns = ("id", "of", "call", "since", "attempts", "to", "why")
    rows: list[tuple[object, ...]] = [
        (
            letter.id,
            letter.campaign or f"webhook {letter.webhook}",
            letter.call_id or "",
            f"{letter.created_at:%Y-%m-%d %H:%M:%S}",
            letter.attempts,
            letter.url,
            letter.last_error,
        )
        for letter in found.letters
    ]
    return make_table(title, *columns, rows=rows)
