"""The command `whipbird`, and the one place where errors become words and exit codes.

0: done. 1: a problem was found, or the request is refused. 2: the command line is wrong.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from core.cli.audit import audit
from core.cli.blacklists import blacklist
from core.cli.calls import call
from core.cli.campaigns import campaign
from core.cli.doctor import doctor
from core.cli.hours import hours
from core.cli.lists import list_
from core.cli.outbox import outbox
from core.cli.output import is_json, say, write_json
from core.cli.persons import person
from core.cli.reports import report, status
from core.cli.server import migrate, run
from core.cli.session import Session
from core.cli.site import apply
from core.cli.tokens import token
from core.cli.users import user
from core.cli.webhooks import webhook
from core.cli.why import why
from core.errors import InvalidConfiguration, WhipbirdError
from core.ports.probe import Probe


class Program(click.Group):
    """A group of commands that never shows a stack trace for what a person did."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, BrokenPipeError):
            raise
        except Exception as error:
            problems = describe(error, ctx.find_object(Session))
            if problems is None:
                raise
            with ctx:
                _report(problems)
            raise click.exceptions.Exit(1) from None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whipbird", prog_name="whipbird")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings; without it WHIPBIRD_CONFIG, else ./whipbird.toml if it is there.",
)
@click.pass_context
def program(context: click.Context, config: Path | None) -> None:
    """Whipbird: an outbound dialer server for Asterisk."""
    context.obj = Session(environ=os.environ, config_path=config, probe=context.obj)
    context.call_on_close(context.obj.close)


for command in (
    run,
    migrate,
    apply,
    list_,
    blacklist,
    call,
    campaign,
    outbox,
    webhook,
    person,
    hours,
    status,
    report,
    why,
    doctor,
    user,
    token,
    audit,
):
    program.add_command(command)


def main(probe: Probe) -> None:
    """Run the command line on sys.argv; `probe` is how `doctor` asks PBXs."""
    program.main(obj=probe, prog_name="whipbird")


def describe(error: Exception, session: Session | None) -> list[str] | None:
    """An error in words; None for a mistake of ours, which deserves its stack trace."""
    if isinstance(error, InvalidConfiguration):
        return error.problems
    if isinstance(error, WhipbirdError):
        return [str(error)]
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return [f"{where}{error.strerror or error}"]
    if _is_of_database(error):
        url = f" {session.config.database.shown_url}" if session else ""
        reason = getattr(error, "orig", None) or error
        return [f"the database{url} does not answer as it should: {reason}"]
    return None


def _report(problems: list[str]) -> None:
    if is_json():
        with suppress(OSError):  # it may be the problem that nothing can be written
            write_json({"problems": problems})
    for problem in problems:
        say(problem)


def _is_of_database(error: Exception) -> bool:
    """Whether SQLAlchemy raised it; if it was never imported, it did not."""
    sqlalchemy = sys.modules.get("sqlalchemy.exc")
    return sqlalchemy is not None and isinstance(error, sqlalchemy.DBAPIError)
