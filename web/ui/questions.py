"""The pages that answer a question: a form, and under it the answer or why there is none.

What was asked stays in the form, whatever came of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from core.errors import InvalidValue, WhipbirdError
from core.operations.hours import (
    HoursChoices,
    Inspection,
    fetch_choices,
    inspect_campaign,
    inspect_hours,
)
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
