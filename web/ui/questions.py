"""The pages that answer a question: a form, and under it the answer or why there is none.

What was asked stays in the form, whatever came of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from core.errors import InvalidValue, WhipbirdError
from core.operations.campaigns import campaigns
from core.operations.hours import (
    HoursChoices,
    Inspection,
    fetch_choices,
    inspect_campaign,
    inspect_hours,
)
from core.operations.why import Story, tell
from core.people import Actor
from web.failures import describe


@dataclass(frozen=True, kw_only=True, slots=True)
class HoursForm:
    """What a person wrote into the inspector's form: `of` is `campaign:NAME` or `hours:NAME`."""

    of: str = ""
    at: str = ""
    zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoursAnswer:
    """The inspector's page; `found` is None before a question, and after one that is refused
    for the reason that `refusal` gives."""

    asked: HoursForm
    choices: HoursChoices
    status: int = 200
    found: Inspection | None = None
    refusal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WhyForm:
    """The number that is asked about, in one campaign or, if that is empty, in all."""

    number: str = ""
    campaign: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WhyAnswer:
    """The page about a number; `campaigns` can be chosen. `found` and `refusal` as in
    `HoursAnswer`."""

    asked: WhyForm
    campaigns: tuple[str, ...]
    status: int = 200
    found: Story | None = None
    refusal: str = ""


def answer_why(engine: Engine, actor: Actor, asked: WhyForm, now: datetime) -> WhyAnswer:
    """Tell why the number is called or not."""
    names = tuple(view.name for view in campaigns(engine, actor))
    if not asked.number:
        return WhyAnswer(asked=asked, campaigns=names)
    try:
        found = tell(engine, actor, asked.number, asked.campaign, now)
    except WhipbirdError as error:
        return WhyAnswer(
            asked=asked, campaigns=names, status=describe(error).status, refusal=str(error)
        )
    return WhyAnswer(asked=asked, campaigns=names, found=found)


def answer_hours(engine: Engine, actor: Actor, asked: HoursForm, now: datetime) -> HoursAnswer:
    """Ask the inspector what the form asks."""
    choices = fetch_choices(engine, actor)
    if not asked.of:
        return HoursAnswer(asked=asked, choices=choices)
    try:
        found = _inspect(engine, actor, asked, now)
    except WhipbirdError as error:
        return HoursAnswer(
            asked=asked, choices=choices, status=describe(error).status, refusal=str(error)
        )
    return HoursAnswer(asked=asked, choices=choices, found=found)


def _inspect(engine: Engine, actor: Actor, asked: HoursForm, now: datetime) -> Inspection:
    kind, _, name = asked.of.partition(":")
    match kind:
        case "campaign":
            return inspect_campaign(engine, actor, name, asked.at, asked.zone, now)
        case "hours":
            return inspect_hours(engine, actor, name, asked.at, asked.zone, now)
        case _:
            raise InvalidValue("of", asked.of, "write campaign:NAME or hours:NAME")
