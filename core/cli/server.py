"""`run` and `migrate`: the server process, and the schema it needs."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from core.cli.output import answer, json_option
from core.cli.session import Session, pass_session
from core.config import PATH_VARIABLE
from core.errors import NotFound

_TWISTD = "from twisted.scripts.twistd import run; run()"


@click.command(short_help="Start the server in the foreground.")
@pass_session
def run(session: Session) -> NoReturn:
    """Start the dialer with its web and FastAGI servers, in the foreground.

    It becomes `twistd --nodaemon --python twistd.tac`. Ctrl-C stops it cleanly.
    """
    session.engine.dispose()
    tac = find_tac()
    arguments = ["--nodaemon", "--pidfile=", "--python", str(tac)]
    environ = dict(session.environ)
    if session.config.path:
        environ[PATH_VARIABLE] = str(session.config.path)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-c", _TWISTD, *arguments], environ)  # noqa: S606 - no shell is meant


@click.command(short_help="Create the database or bring it up to date.")
@json_option
@pass_session
def migrate(session: Session) -> None:
    """Create the database's schema, or bring it to the one this version needs.

    What is stored stays. Stop the dialer first.
    """
    from core.store.database import upgrade

    upgrade(session.raw_engine)
    url = session.config.database.shown_url
    answer({"database": url}, f"{url} is up to date")


def find_tac() -> Path:
    """`twistd.tac`, which lies beside the packages; NotFound without it."""
    path = Path(__file__).resolve().parents[2] / "twistd.tac"
    if not path.is_file():
        raise NotFound("file", path)
    return path
