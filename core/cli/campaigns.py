"""`campaign start|pause|unpause|remove|reload|list …`: a wish that the dialer takes up."""

import click

from core.cli.campaign_lists import list_
from core.cli.output import json_option, say
from core.cli.session import Session, pass_session
from core.cli.wishes import show_outcome

_VERBS = {
    "start": "Start a run of the campaign.",
    "pause": "Place no new calls; those that are up go on.",
    "unpause": "Go on with a paused run.",
    "remove": "End the campaign's run for good; calls that are up go on.",
    "reload": "Let the run go on by the campaign's definition as it is now.",
}


@click.group(short_help="Start, pause, unpause, remove or reload a campaign's run; its lists.")
def campaign() -> None:
    """Ask something of the dialer. Without one running, the wish is kept for it."""


def _make_command(verb: str, help_text: str) -> click.Command:
    @click.command(name=verb, help=help_text)
    @click.argument("name")
    @json_option
    @pass_session
    @click.pass_context
    def command(context: click.Context, session: Session, name: str) -> None:
        context.exit(_ask(session, name, verb))

    return command


for _verb, _help in _VERBS.items():
    campaign.add_command(_make_command(_verb, _help))
campaign.add_command(list_)


def _ask(session: Session, name: str, verb: str) -> int:
    """The exit code: 1 if the dialer refused."""
    from core.operations.campaigns import ask, warn_of_start

    engine = session.engine
    command_id = ask(engine, session.actor, name, verb, session.now())
    warnings = warn_of_start(engine, session.actor, name) if verb == "start" else ()
    code = show_outcome(engine, command_id, name, verb, warnings=warnings)
    for warning in warnings:
        say(f"warning: {warning}")
    return code
