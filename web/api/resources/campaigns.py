"""Campaigns as they stand, and what may be asked of their runs."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.model import Pace
from core.operations import campaigns as work
from core.rules.keys import Key
from core.rules.states import RunState
from web.api.kinds import Name, show
from web.api.operation import Ask, Operation, Tag
from web.api.paging import Page, Paged, cut

TAG = Tag(name="Campaigns", text="Which campaigns there are, and how their runs live.")


class CampaignShown(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign and, if it has one, its open run."""

    id: int
    name: str
    pace: Pace
    run_id: int | None
    run_state: RunState | None
    can_start: bool


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """`is_done` is false while no dialer runs that could have taken the wish up; it waits.
    `warnings` say why a run that was begun would place no call."""

    is_done: bool
    warnings: tuple[str, ...] = ()


class Boost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    percent: Annotated[int, Meta(ge=0, le=500)]


@TAG.get("/campaigns", needs=(Key.RT,))
async def list_campaigns(ask: Ask, query: Paged) -> Page[CampaignShown]:
    """All campaigns but hidden ones, by name."""
    found = await ask.run(work.campaigns)
    shown = sorted((show(one, CampaignShown) for one in found), key=lambda one: one.name)
    return cut(ask.request, query, shown, lambda one: one.name)


def _asking(verb: work.Verb, name: str, text: str) -> Operation:
    async def wish(ask: Ask, campaign: Name) -> Wish:
        command = await ask.run(work.ask, campaign, verb, ask.now)
        warnings: tuple[str, ...] = ()
        if verb is work.Verb.START:
            warnings = await ask.run(work.warn_of_start, campaign)
        await ask.ground.control.wake()
        is_done = await ask.run(work.fetch_answer, command)
        return Wish(is_done=is_done, warnings=warnings)

    wish.__name__, wish.__doc__ = name, text
    declare = TAG.post(f"/campaigns/{{campaign}}/{verb}", needs=(Key.CTRL_WBT,), errors=(409,))
    return declare(wish)


VERBS = (
    _asking(work.Verb.START, "start_campaign", "Begin a run."),
    _asking(
        work.Verb.PAUSE,
        "pause_campaign",
        "Place no more calls for now.\n\nCalls that are up go on.",
    ),
    _asking(work.Verb.UNPAUSE, "unpause_campaign", "Go on after a pause."),
    _asking(
        work.Verb.REMOVE,
        "end_campaign",
        "End the run for good.\n\nCalls that are up go on, nothing more is dialled.",
    ),
    _asking(
        work.Verb.RELOAD,
        "reload_campaign",
        "Go on by the campaign's definition as it is now.",
    ),
)


@TAG.put("/campaigns/{campaign}/boost", needs=(Key.CTRL_WBT,), errors=(409,))
async def boost_campaign(ask: Ask, campaign: Name, body: Boost) -> None:
    """Set the boost factor of the campaign's run."""
    await ask.run(work.boost, campaign, body.percent, ask.now)


OPERATIONS = (list_campaigns, *VERBS, boost_campaign)
