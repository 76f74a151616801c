"""`campaign list show|add|pause|resume|restart`: the lists of a campaign's open run."""

from typing import TYPE_CHECKING

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session
from core.cli.wishes import show_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from core.operations.run_lists import ListView

#: What is shown of a list in a run.
LIST_COLUMNS = ("list", "high-water mark", "read", "records", "state")

_VERBS = {
    "add": "Have the run call the list too, behind those it has.",
    "pause": "Read no more of the list; what was read already is called.",
    "resume": "Read on in a paused list.",
    "restart": "Read the list from its beginning again: everybody on it is called again.",
}


@click.group(
    name="list", short_help="The lists of the open run: show, add, pause, resume, restart."
)
def list_() -> None:
    """The lists of a campaign's open run. The campaign itself, and so its next run, stays."""


@list_.command(short_help="Show how far each list was read.")
@click.argument("campaign")
@json_option
@pass_session
def show(session: Session, campaign: str) -> None:
    """Show the lists of the open run of CAMPAIGN, in the order in which they are read."""
    from core.operations.run_lists import run_lists

    found = run_lists(session.engine, session.actor, campaign)
    answer({"campaign": campaign, "lists": found}, lambda: lists_table(found))


def _make_command(verb: str, help_text: str) -> click.Command:
    @click.command(name=verb, help=help_text)
    @click.argument("campaign")
    @click.argument("name", metavar="LIST")
    @json_option
    @pass_session
    @click.pass_context
    def command(context: click.Context, session: Session, campaign: str, name: str) -> None:
        from core.operations.run_lists import ask_list
        from core.store.run_lists import ListVerb

        engine = session.engine
        command_id = ask_list(
            engine, session.actor, campaign, ListVerb[verb.upper()], name, session.now()
        )
        context.exit(show_outcome(engine, command_id, campaign, f"{verb} list {name}", list=name))

    return command


for _verb, _help in _VERBS.items():
    list_.add_command(_make_command(_verb, _help))


def lists_table(lists: "Sequence[ListView]") -> "RenderableType":
    """How far a run has come in its lists."""
    return make_table("Lists", *LIST_COLUMNS, rows=[list_cells(at) for at in lists])


def list_cells(at: "ListView") -> tuple[object, ...]:
    """What stands in LIST_COLUMNS."""
    return at.list_name, at.highwater, at.read, at.records, _state(at)


def _state(at: "ListView") -> str:
    state = "read" if at.is_complete else "paused" if at.is_paused else "running"
    return f"{state}, begun again {at.round} times" if at.round else state
