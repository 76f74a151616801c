"""`doctor`: looks at everything a dialer needs, and says what to do about it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from core.cli.doctor_mail import check_mail
from core.cli.doctor_ports import check_fastagi, check_web
from core.cli.output import answer, json_option
from core.cli.session import Session, pass_session
from core.errors import SchemaOutdated, WhipbirdError
from core.model import ServerType
from core.ports.probe import Finding, ProbeTarget

if TYPE_CHECKING:
    from rich.text import Text


@click.command(short_help="Check database, PBXs and ports, and say what to do.")
@json_option
@pass_session
@click.pass_context
def doctor(context: click.Context, session: Session) -> None:
    """Check the database, each PBX with its trunks and end-points, the mail server and the ports.

    The exit code is 1 if anything is wrong.
    """
    findings = list(examine(session))
    wrong = sum(not finding.is_ok for finding in findings)
    answer(
        {"is_ok": not wrong, "findings": findings},
        *(_render(finding) for finding in findings),
        f"{wrong} of {len(findings)} need attention" if wrong else "all is well",
    )
    context.exit(1 if wrong else 0)


def examine(session: Session) -> Iterator[Finding]:
    """All that there is to say; what cannot be looked at without a database is left out."""
    database = check_database(session)
    yield database
    is_running = False
    if database.is_ok:
        from core.operations.site import fetch_targets
        from core.store.lock import is_dialer_running

        is_running = is_dialer_running(session.engine)
        targets = fetch_targets(session.engine, session.actor)
        if not targets:
            yield Finding(
                subject="servers",
                is_ok=False,
                text="there is no server yet",
                remedy="describe one in a site file and run `whipbird apply SITE.toml`",
            )
        yield from check_servers(session, targets)
    if session.config.smtp.host:
        yield check_mail(session.config.smtp)
    yield check_web(session.config.web, is_running)
    yield check_fastagi(session.config.fastagi, is_running)


def check_database(session: Session) -> Finding:
    """Whether the database answers and has the schema of this version."""
    from sqlalchemy.exc import DBAPIError

    subject = f"database {session.config.database.shown_url}"
    try:
        engine = session.engine
    except SchemaOutdated as error:
        return Finding(
            subject=subject, is_ok=False, text=str(error), remedy="run `whipbird migrate`"
        )
    except WhipbirdError as error:
        return Finding(
            subject=subject, is_ok=False, text=str(error), remedy="correct [database] url"
        )
    except DBAPIError as error:
        return Finding(
            subject=subject,
            is_ok=False,
            text=f"it cannot be reached: {error.orig}",
            remedy="start it, or correct [database] url",
        )
    text = f"{engine.dialect.name} answers, its schema is current"
    return Finding(subject=subject, is_ok=True, text=text)


def check_servers(session: Session, targets: Sequence[ProbeTarget]) -> Iterator[Finding]:
    """What the PBXs answer. Simulated ones always pass (manual, "Fake AMI"), unasked."""
    real = [target for target in targets if target.server.type is ServerType.AMI]
    for target in targets:
        if target not in real:
            subject = f"server {target.server.name}"
            yield Finding(subject=subject, is_ok=True, text="simulated: no telephone rings")
    if real:
        yield from session.probe(real)


def _render(finding: Finding) -> "Text":
    from rich.text import Text

    mark = Text("ok  " if finding.is_ok else "BAD ", "green" if finding.is_ok else "bold red")
    line = mark + Text(f"{finding.subject}: {finding.text}", "default")
    if finding.remedy:
        line += Text(f"\n     {finding.remedy}", "yellow")
    return line
