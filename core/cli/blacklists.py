"""`blacklist show|cancel`: numbers that must not be called, and those that may be again."""

from typing import TYPE_CHECKING

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.blacklists import EntryView


@click.group(short_help="Show or cancel a number's entries on black lists.")
def blacklist() -> None:
    """Numbers that are not called. `list import` puts them on a list."""


@blacklist.command(short_help="Show which black lists hold a number.")
@click.argument("number")
@click.option("--list", "name", help="This list only, whether or not a campaign keeps off it.")
@json_option
@pass_session
def show(session: Session, number: str, name: str | None) -> None:
    """Show the entries of NUMBER on all lists that a campaign keeps off: until when they hold,
    and which were cancelled, when and why."""
    from core.operations.blacklists import find

    entries = find(session.engine, session.actor, number, session.now(), name)
    forbids = sum(entry.is_in_force for entry in entries)
    answer(
        {"number": number, "is_blacklisted": forbids > 0, "entries": entries},
        f"{number}: {'blacklisted' if forbids else 'not blacklisted'}, "
        f"{forbids} of {len(entries)} entries in force",
        lambda: _entries(entries),
    )


@blacklist.command(short_help="Take numbers off a black list, with the reason.")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@click.option("--list", "name", required=True, help="The black list.")
@click.option("--reason", default="", help="Why; it is kept with each entry, with the time.")
@json_option
@pass_session
def cancel(session: Session, numbers: tuple[str, ...], name: str, reason: str) -> None:
    """Cancel every entry of the NUMBERs that is in force on a list. The entries stay, marked;
    a number that is added again is blacklisted again."""
    from core.operations import blacklists as operations

    done = operations.cancel(session.engine, session.actor, name, numbers, reason, session.now())
    answer(done, f"{name}: {done.updated} of {done.found} entries cancelled")


def _entries(entries: "list[EntryView]") -> "RenderableType":
    columns = ("list", "entry", "campaigns", "in force", "until (UTC)", "cancelled")
    rows: list[tuple[object, ...]] = [
        (
            entry.list,
            entry.record_id,
            ", ".join(entry.campaigns) or "none",
            "yes" if entry.is_in_force else "no",
            _until(entry),
            entry.cancelled,
        )
        for entry in entries
    ]
    return make_table("Entries", *columns, rows=rows)


def _until(entry: "EntryView") -> str:
    if entry.cancelled:
        return ""
    return f"{entry.until:%Y-%m-%d %H:%M:%S}" if entry.until else "for ever"
