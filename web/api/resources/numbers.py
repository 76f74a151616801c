"""A number: why it was called or not, when calls may be placed at all, and its erasure."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations import persons
from core.operations.hours import inspect_campaign, inspect_hours
from core.operations.why import tell
from core.rules.hours import HoursState
from core.rules.keys import Key
from core.rules.reasons import ReasonKind
from core.rules.states import CallState, RunState
from web.api.kinds import Name, Number, show
from web.api.operation import Ask, Tag

TAG = Tag(name="Numbers", text="Why a number was called or not, and when it may be.")


class TrailShown(msgspec.Struct, frozen=True, kw_only=True):
    """A call to the record; `state` is null while it is under way."""

    run_id: int
    retry_no: int
    number: str
    attempted_at: datetime
    state: CallState | None
    ext_status: str
    reason: str
    talk_ms: int
    next_retry_s: int


class ReasonShown(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that decides; it holds until `until`."""

    kind: ReasonKind
    text: str
    until: datetime | None


class ExplanationShown(msgspec.Struct, frozen=True, kw_only=True):
    """The nearest reason first; `next_call_at` is null if no call is in sight."""

    reasons: tuple[ReasonShown, ...]
    next_call_at: datetime | None


class CampaignStoryShown(msgspec.Struct, frozen=True, kw_only=True):
    """The record in a campaign: how its newest run stands, and what decides there now."""

    campaign: str
    time_zone: str
    run_id: int | None
    run_state: RunState | None
    verdict: str
    now: ExplanationShown
    trail: tuple[TrailShown, ...]


class RecordStoryShown(msgspec.Struct, frozen=True, kw_only=True):
    """A record with the number; `black_list_of` names campaigns that keep off its list."""

    record_id: int
    list_name: str
    number: str
    further_numbers: tuple[str, ...]
    campaigns: tuple[CampaignStoryShown, ...]
    black_list_of: tuple[str, ...]


class StoryShown(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    at: datetime
    records: tuple[RecordStoryShown, ...]


class StoryQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    campaign: Annotated[str, Meta(max_length=190, description="In this campaign alone.")] = ""


class VerdictShown(msgspec.Struct, frozen=True, kw_only=True):
    """`hours_name` and `rule_name` are those that decided; empty where none did."""

    state: HoursState
    is_open: bool
    hours_name: str
    rule_name: str


class SpanShown(msgspec.Struct, frozen=True, kw_only=True):
    begin: datetime
    end: datetime
    verdict: VerdictShown


class DayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A local day, which may have 23 or 25 hours."""

    date: date
    spans: tuple[SpanShown, ...]


class InspectionShown(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at `at` by the clock of `time_zone`; `changes_at` is when calls may be placed,
    or no longer, for the first time after it."""

    of: str
    at: datetime
    time_zone: str
    is_open: bool
    verdict: VerdictShown
    changes_at: datetime | None
    week: tuple[DayShown, ...]


class InspectionQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: Annotated[str, Meta(max_length=64, description="A moment; now if it is empty.")] = ""
    zone: Annotated[str, Meta(max_length=64, description="The zone that `at` is written in.")] = ""


class Erasing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries on black lists stay unless they are to go too, for they keep calls off."""

    keeps_black_lists: bool = True


class ErasureShown(msgspec.Struct, frozen=True, kw_only=True):
    """What is, or was, erased. `calls` stay without number; `retries` and `waiting` are calls that
    will not be placed."""

    number: str
    is_erased: bool
    records: int
    calls: int
    letters: int
    retries: int
    waiting: int
    lists: tuple[str, ...]
    kept_entries: int
    kept_black_lists: tuple[str, ...]


@TAG.get("/numbers/{number}/story", needs=(Key.REPORT,))
async def show_story(ask: Ask, number: Number, query: StoryQuery) -> StoryShown:
    """Why a number was called or not, and when it will be."""
    return show(await ask.run(tell, number, query.campaign, ask.now), StoryShown)


@TAG.get("/numbers/{number}/erasure", needs=(Key.ADMIN,))
async def preview_erasure(ask: Ask, number: Number, query: Erasing) -> ErasureShown:
    """What the erasure of a person's data would erase."""
    kept = query.keeps_black_lists
    found = await ask.run(persons.preview_erasure, number, keeps_black_lists=kept)
    return show(found, ErasureShown)


@TAG.post("/numbers/{number}/erasure", needs=(Key.ADMIN,), keeps_answer=False, errors=(409,))
async def erase_person(ask: Ask, number: Number, body: Erasing) -> ErasureShown:
    """Erase all that is stored of a number, for good.

    Refused while a call to it is under way."""
    kept = body.keeps_black_lists
    found = await ask.run(persons.erase_person, number, ask.now, keeps_black_lists=kept)
    return show(found, ErasureShown)


@TAG.get("/campaigns/{campaign}/hours", needs=(Key.RT,))
async def inspect_campaign_hours(
    ask: Ask, campaign: Name, query: InspectionQuery
) -> InspectionShown:
    """Whether a campaign may call at a moment, why, and until when."""
    found = await ask.run(inspect_campaign, campaign, query.at, query.zone, ask.now)
    return show(found, InspectionShown)


@TAG.get("/opening-hours/{hours}/inspection", needs=(Key.RT,))
async def inspect_opening_hours(ask: Ask, hours: Name, query: InspectionQuery) -> InspectionShown:
    """What opening hours by themselves say of a moment."""
    found = await ask.run(inspect_hours, hours, query.at, query.zone, ask.now)
    return show(found, InspectionShown)


OPERATIONS = (
    show_story,
    preview_erasure,
    erase_person,
    inspect_campaign_hours,
    inspect_opening_hours,
)
