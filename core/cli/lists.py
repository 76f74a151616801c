"""`list …`: the numbers to be called. How they come from a file is in `list_import`."""

import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path

import click

from core.cli.attributes import attributes_option
from core.cli.list_import import FILE, dedupe_option, import_
from core.cli.output import answer, is_json, json_option, make_table, say
from core.cli.session import Session, pass_session


@click.group(name="list", short_help="Import, export, show, extend, hide or stow away lists.")
def list_() -> None:
    """Lists of numbers, with what is known of each."""


list_.add_command(import_)


@list_.command(short_help="Write a list as CSV.")
@click.option("--list", "name", required=True, help="The list.")
@click.argument("file", type=FILE, required=False)
@json_option
@pass_session
def export(session: Session, name: str, file: Path | None) -> None:
    """Write a list to FILE, or to standard output, as CSV.

    `list import` reads such a file back.
    """
    from core.operations.list_export import export_csv
    from core.operations.lists import show_records

    if file is None and is_json():
        raise click.UsageError("with --json, name the FILE to write to")
    show_records(session.engine, session.actor, name, 1)  # before a file is made
    if file is None:
        stream = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
        export_csv(session.engine, session.actor, name, stream, session.now())
        stream.detach()
        return
    with file.open("w", encoding="utf-8", newline="") as output:
        export_csv(session.engine, session.actor, name, output, session.now())
    answer({"list": name, "file": file}, f"{name}: written to {file}")


@list_.command(short_help="Show the lists, or the first records of one.")
@click.option("--list", "name", help="The list whose records are shown.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--hidden", is_flag=True, help="Hidden lists too.")
@json_option
@pass_session
def show(session: Session, name: str | None, limit: int, hidden: bool) -> None:
    """Show the lists with the number of their records, or, with --list, the first of them."""
    from core.operations.lists import show_lists, show_records

    if name is None:
        counts = show_lists(session.engine, session.actor, with_hidden=hidden)
        answer(
            {"lists": [{"list": found, "records": count} for found, count in counts]},
            lambda: make_table("Lists", "name", "records", rows=list(counts)),
        )
        return
    records = show_records(session.engine, session.actor, name, limit)
    answer(
        {"list": name, "records": records},
        lambda: make_table(
            name,
            "number",
            "attributes",
            "found out",
            rows=[
                (one.number, one.fault or _attributes(one.inputs), _attributes(one.outputs))
                for one in records
            ],
        ),
    )


@list_.command(short_help="Add single numbers to a list.")
@click.argument("numbers", nargs=-1, required=True)
@click.option("--list", "name", required=True, help="The list; it is made if there is none.")
@attributes_option
@dedupe_option
@json_option
@pass_session
def add(
    session: Session, numbers: tuple[str, ...], name: str, attributes: dict[str, str], dedupe: bool
) -> None:
    """Add NUMBERS, all with the same attributes, to a list."""
    from core.operations.lists import Duplicates, add_numbers

    duplicates = Duplicates.SKIP if dedupe else Duplicates.ADD
    rows = [(number, attributes) for number in numbers]
    added = add_numbers(session.engine, session.actor, name, rows, session.now(), duplicates)
    skipped = f", {added.skipped} skipped" if added.skipped else ""
    answer(
        {"list": name, "added": added.added, "skipped": added.skipped},
        f"{name}: {added.added} added{skipped}{' to a new list' if added.is_new else ''}",
    )


@list_.command(short_help="Rename a list and hide it, so that its name is free.")
@click.argument("name")
@click.option("--as", "new_name", required=True, help="Its new name.")
@json_option
@pass_session
def stow(session: Session, name: str, new_name: str) -> None:
    """Stow the list NAME away: rename it and hide it in one go.

    Campaigns that have it keep it, under its new name.
    """
    from core.operations.lists import stow_away

    stowed = stow_away(session.engine, session.actor, name, new_name, session.now())
    answer(stowed, f"{name}: stowed away as {new_name}")
    if stowed.campaigns:
        say(f"{new_name}: still used by {', '.join(stowed.campaigns)}")


@list_.command(short_help="Take numbers off a list.")
@click.argument("numbers", nargs=-1, required=True)
@click.option("--list", "name", required=True, help="The list.")
@json_option
@pass_session
def remove(session: Session, numbers: tuple[str, ...], name: str) -> None:
    """Take NUMBERS off a list: every record of theirs there. Reports still tell their calls."""
    from core.operations.lists import remove_numbers

    count = remove_numbers(session.engine, session.actor, name, numbers, session.now())
    answer({"list": name, "removed": count}, f"{name}: {count} records taken off")


@list_.command(short_help="Delete a list that no campaign has and no run called.")
@click.argument("name")
@json_option
@pass_session
def delete(session: Session, name: str) -> None:
    """Delete the list NAME with its records."""
    from core.operations.lists import drop_list

    drop_list(session.engine, session.actor, name, session.now())
    answer({"deleted": name}, f"{name}: deleted")


@list_.command(short_help="Leave a list out of ordinary listings.")
@click.argument("name")
@json_option
@pass_session
def hide(session: Session, name: str) -> None:
    """Hide the list NAME; nothing else changes."""
    _set_hidden(session, name, is_hidden=True)


@list_.command(short_help="Show a hidden list again.")
@click.argument("name")
@json_option
@pass_session
def unhide(session: Session, name: str) -> None:
    """Show the list NAME in ordinary listings again."""
    _set_hidden(session, name, is_hidden=False)


def _set_hidden(session: Session, name: str, *, is_hidden: bool) -> None:
    from core.operations.lists import set_hidden

    set_hidden(session.engine, session.actor, name, session.now(), is_hidden=is_hidden)
    answer({"list": name, "is_hidden": is_hidden}, f"{name}: {'hidden' if is_hidden else 'shown'}")


def _attributes(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in attributes.items())
