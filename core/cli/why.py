"""`why`: why a number was called or not, and when it will be."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session
from core.rules.moments import show_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from rich.console import RenderableType

    from core.operations.why import CampaignStory, RecordStory, Story, TrailLine


@click.command(short_help="Tell why a number was called or not, and when it will be.")
@click.argument("number")
@click.option("--campaign", metavar="NAME", default="", help="Only what this campaign does.")
@json_option
@pass_session
def why(session: Session, number: str, campaign: str) -> None:
    """Tell, of every record with NUMBER, what decides whether each campaign calls it, the next
    moment at which it may, and every call there was."""
    from core.operations.why import tell

    found = tell(session.engine, session.actor, number, campaign, session.now())
    answer(found, *_parts(found))


def _parts(found: "Story") -> "Iterator[str | Callable[[], RenderableType]]":
    for record in found.records:
        yield _headline(record)
        for story in record.campaigns:
            yield _describe(story)
            if story.trail:
                yield lambda story=story: _trail(story)  # type: ignore[misc]  # bound now


def _headline(record: "RecordStory") -> str:
    further = f", also {', '.join(record.further_numbers)}" if record.further_numbers else ""
    text = f'{record.number}{further}: record {record.record_id} of list "{record.list_name}"'
    if record.black_list_of:
        text += f", a black list of {', '.join(record.black_list_of)}"
    elif not record.campaigns:
        text += ", which no campaign calls"
    return text


def _describe(story: "CampaignStory") -> str:
    run = f"run {story.run_id} is {story.run_state}" if story.run_id else "no run"
    verdict = f", {story.verdict}" if story.verdict else ""
    lines = [f"  {story.campaign}: {run}{verdict}"]
    for reason in story.now.reasons:
        until = f", until {_moment(story, reason.until)}" if reason.until else ""
        lines.append(f"    - {reason.text}{until}")
    at = story.now.next_call_at
    lines.append(
        f"    next call: {_moment(story, at) + ' at the earliest' if at else 'none in sight'}"
    )
    return "\n".join(lines)


def _moment(story: "CampaignStory", at: "datetime") -> str:
    return show_moment(at, ZoneInfo(story.time_zone))


def _trail(story: "CampaignStory") -> "RenderableType":
    return make_table(
        f"Calls of {story.campaign}, the newest first",
        "run",
        "retry",
        "number",
        "attempted (UTC)",
        "state",
        "status",
        "talk s",
        "next s",
        "why",
        rows=[_row(line) for line in story.trail],
    )


def _row(line: "TrailLine") -> tuple[object, ...]:
    return (
        line.run_id,
        line.retry_no,
        line.number,
        f"{line.attempted_at:%Y-%m-%d %H:%M:%S}",
        line.state.value if line.state else "under way",
        line.ext_status,
        line.talk_ms / 1000,
        line.next_retry_s,
        line.reason,
    )
