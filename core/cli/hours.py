"""`hours check`: the opening-hours inspector."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session
from core.rules.moments import show_moment

if TYPE_CHECKING:
    from core.operations.hours import Inspection


@click.group(short_help="Inspect opening hours.")
def hours() -> None:
    """When campaigns may call."""


@hours.command(short_help="Tell whether calls may be placed at a moment, and why.")
@click.argument("name", required=False)
@click.option("--campaign", metavar="NAME", help="Inspect a campaign, with its active period.")
@click.option("--at", "when", metavar="WHEN", default="", help='"2026-12-25 10:00"; now without.')
@click.option("--tz", "zone", metavar="ZONE", default="", help="The time zone that WHEN is in.")
@json_option
@pass_session
def check(session: Session, name: str | None, campaign: str | None, when: str, zone: str) -> None:
    """Tell what the opening hours NAME, or a campaign, say of a moment, when that changes, and
    what holds over the seven days from then.

    A campaign is inspected by the clock of its own time zone, in which WHEN is written too unless
    --tz names another. Opening hours without a campaign go by --tz, UTC without it.
    """
    from core.operations import hours as operations

    if (name is None) is (campaign is None):
        raise click.UsageError("name opening hours, or a campaign with --campaign")
    if campaign is not None:
        found = operations.inspect_campaign(
            session.engine, session.actor, campaign, when, zone, session.now()
        )
    else:
        assert name is not None
        found = operations.inspect_hours(
            session.engine, session.actor, name, when, zone, session.now()
        )
    answer(
        found,
        _describe(found),
        lambda: make_table(
            f"From {found.week[0].date} on, by the clock of {found.time_zone}",
            "day",
            "from",
            "state",
            "rule",
            rows=[
                (
                    "" if index else f"{day.date:%a %Y-%m-%d}",
                    f"{span.begin.astimezone(ZoneInfo(found.time_zone)):%H:%M:%S}",
                    span.verdict.state.value,
                    span.verdict.rule,
                )
                for day in found.week
                for index, span in enumerate(day.spans)
            ],
        ),
    )


def _describe(found: "Inspection") -> str:
    zone = ZoneInfo(found.time_zone)
    by = f" ({found.verdict.rule})" if found.verdict.rule else ""
    verb = "closes" if found.is_open else "opens"
    change = "it does not change within 400 days"
    if found.changes_at is not None:
        change = f"it {verb} at {show_moment(found.changes_at, zone)}"
    return f"{found.of}: {found.verdict.state}{by} at {show_moment(found.at, zone)}; {change}"
