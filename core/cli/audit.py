"""`audit`: the system log."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from core.cli.ids import ID
from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.people import LogEntry

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command(short_help="Show the system log: who did what, when, from where.")
@click.option("--who", default="", help="What this user did.")
@click.option("--action", default="", help="These only, such as login.bad or config.update.")
@click.option("--since", type=_MOMENT, help="From this moment on (UTC).")
@click.option("--until", type=_MOMENT, help="Before this moment (UTC).")
@click.option("--before", type=ID, help="Lines before the one with this id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@pass_session
def audit(
    session: Session,
    who: str,
    action: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> None:
    """Show the newest lines of the system log, the newest first."""
    from core.operations.system_log import read_log
    from core.store.audit import LogFilter

    wanted = LogFilter(
        who=who,
        action=action,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
        before_id=before,
    )
    found = read_log(session.engine, session.actor, wanted, limit)
    answer({"lines": found}, lambda: _lines(found))


def _lines(found: "list[LogEntry]") -> "RenderableType":
    columns = ("id", "when (UTC)", "who", "by", "from", "action", "of", "detail")
    rows: list[tuple[object, ...]] = [
        (
            line.id,
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            line.who,
            line.face.value,
            line.address,
            line.action,
            line.subject,
            line.detail,
        )
        for line in found
    ]
    return make_table("System log", *columns, rows=rows)
