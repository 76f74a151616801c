"""`person erase`: what is known of a telephone number, and its erasure."""

from typing import TYPE_CHECKING

import click

from core.cli.output import answer, json_option
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from core.operations.persons import Erasure


@click.group(short_help="Erase a person's data.")
def person() -> None:
    """What is known of a person, by telephone number."""


@person.command(short_help="Show what is stored of a number, and erase it with --yes.")
@click.argument("number")
@click.option("--yes", "is_sure", is_flag=True, help="Erase it. Without this, only show it.")
@click.option(
    "--black-lists",
    is_flag=True,
    help="Its entries on black lists too: the number may then be called again.",
)
@json_option
@pass_session
def erase(session: Session, number: str, is_sure: bool, black_lists: bool) -> None:
    """Erase what is stored of NUMBER: records and their attributes, retries, notifications.

    Calls stay in reports under a pseudonym. It is refused while a call to it is under way.
    """
    from core.operations.persons import erase_person, preview_erasure

    keeps = not black_lists
    if is_sure:
        found = erase_person(
            session.engine, session.actor, number, session.now(), keeps_black_lists=keeps
        )
    else:
        found = preview_erasure(session.engine, session.actor, number, keeps_black_lists=keeps)
    answer(found, *_describe(found))


def _describe(found: "Erasure") -> list[str]:
    what = "erased" if found.is_erased else "would be erased"
    lists = f" of {', '.join(found.lists)}" if found.lists else ""
    lines = [
        f"{found.number}: {found.records} records{lists}, {found.calls} calls, "
        f"{found.letters} notifications, {found.retries + found.waiting} calls to come {what}"
    ]
    if found.kept_entries:
        names = ", ".join(found.kept_black_lists)
        lines.append(f"{found.kept_entries} entries on black lists stay: {names}")
    if not found.is_erased:
        lines.append("nothing is erased yet: add --yes")
    return lines
