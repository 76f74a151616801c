"""`campaign start|pause|unpause|remove|reload`: a wish that the dialer takes up."""

import time
from typing import TYPE_CHECKING

import click

from core.cli.output import answer, json_option, say
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: How long a running dialer is waited for, and how often it is looked for its answer.
WAIT_S = 5.0
LOOK_S = 0.1
#: The dialer's word when it did what was asked.
OK = "OK"

_VERBS = {
    "start": "Start a run of the campaign.",
    "pause": "Place no new calls; those that are up go on.",
    "unpause": "Go on with a paused run.",
    "remove": "End the campaign's run for good; calls that are up go on.",
    "reload": "Let the run go on by the campaign's definition as it is now.",
}


@click.group(short_help="Start, pause, unpause, remove or reload a campaign's run.")
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


def _ask(session: Session, name: str, verb: str) -> int:
    """The exit code: 1 if the dialer refused."""
    from core.operations.campaigns import ask, warn_of_start
    from core.store.lock import is_dialer_running

    engine = session.engine
    command_id = ask(engine, session.actor, name, verb, session.now())
    is_running = is_dialer_running(engine)
    outcome = wait_for_outcome(engine, command_id) if is_running else None
    warnings = warn_of_start(engine, session.actor, name) if verb == "start" else ()
    answer(
        {
            "command_id": command_id,
            "campaign": name,
            "verb": verb,
            "is_dialer_running": is_running,
            "outcome": outcome,
            "warnings": warnings,
        },
        _describe(name, verb, is_running=is_running, outcome=outcome),
    )
    for warning in warnings:
        say(f"warning: {warning}")
    return 0 if outcome in (None, OK) else 1


def wait_for_outcome(engine: "Engine", command_id: int, wait_s: float = WAIT_S) -> str | None:
    """The dialer's answer in words; None if there is none in time."""
    from core.store.database import reading
    from core.store.runs import fetch_outcome

    end = time.monotonic() + wait_s
    while True:
        with reading(engine) as conn:
            outcome = fetch_outcome(conn, command_id)
        if outcome is not None or time.monotonic() >= end:
            return outcome
        time.sleep(LOOK_S)


def _describe(name: str, verb: str, *, is_running: bool, outcome: str | None) -> str:
    if not is_running:
        return f"{name}: {verb} is noted; no dialer is running, `whipbird run` will take it up"
    if outcome is None:
        return f"{name}: {verb} is noted; the dialer has not taken it up within {WAIT_S:.0f} s"
    return f"{name}: {verb}: {outcome}"
