"""`call add`: a number for a campaign, now or later."""

from typing import TYPE_CHECKING

import click

from core.cli.attributes import attributes_option
from core.cli.output import answer, json_option
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from core.operations.calls import AddedCall


@click.group(short_help="Add a number to a campaign.")
def call() -> None:
    """Single numbers to be called, beside a campaign's lists."""


@call.command(short_help="Have a campaign call a number.")
@click.argument("number")
@click.option("--campaign", required=True, help="The campaign; its open run takes the number up.")
@click.option("--at", metavar="WHEN", help="Not before, such as 2026-03-18.10:00:00.")
@click.option("--in", "in_s", metavar="SECONDS", type=click.IntRange(min=0), help="Not before.")
@click.option("--expires", metavar="WHEN", default="", help="Not after: a date, or seconds.")
@attributes_option
@click.option(
    "--priority",
    type=click.IntRange(-100, 100),
    default=0,
    show_default=True,
    help="Of the numbers that wait, the lowest priority is called first.",
)
@json_option
@pass_session
def add(
    session: Session,
    number: str,
    campaign: str,
    at: str | None,
    in_s: int | None,
    expires: str,
    attributes: dict[str, str],
    priority: int,
) -> None:
    """Have a campaign call NUMBER, besides its lists and before them.

    It is kept in the list CAMPAIGN/AUTO. Dates are local time of the campaign.
    """
    from core.operations.calls import add_call

    if at is not None and in_s is not None:
        raise click.UsageError("give --at or --in, not both")
    added = add_call(
        session.engine,
        session.actor,
        campaign,
        number,
        session.now(),
        attributes=attributes,
        schedule=at or ("" if in_s is None else str(in_s)),
        priority=priority,
        expires=expires,
    )
    answer(added, _describe(added))


def _describe(added: "AddedCall") -> str:
    due = f"{added.due_at:%Y-%m-%d %H:%M:%S} UTC"
    if added.run_id is None:
        return f"{added.number}: waits for the next run of {added.campaign}; due {due}"
    return f"{added.number}: for run {added.run_id} of {added.campaign}; due {due}"
