"""Runs: how they stand, what was decided, what became of them, and their lists."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations import run_lists
from core.operations.campaigns import fetch_answer
from core.operations.reports import page_runs, run_report
from core.rules.keys import Key
from core.rules.states import RunState
from core.rules.verdicts import Verdict
from core.store.run_lists import ListVerb
from web.api.kinds import Id, Name, show
from web.api.operation import Ask, Operation, Tag
from web.api.paging import Page, Paged, next_page, read_cursor
from web.api.resources.campaigns import Wish

TAG = Tag(name="Runs", text="How runs stand, what was decided for them, and what became of them.")


class FiguresShown(msgspec.Struct, frozen=True, kw_only=True):
    """Rates are whole percents; null is "not known yet"."""

    cached: int
    remaining: int
    running_s: int
    termination_rate: int | None
    reschedule_rate: int | None
    attempts_per_hour: int | None
    completions_per_hour: int | None
    completion_s: int | None


class DecisionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict that held for so many of the last 30 s, and how often it was reached."""

    verdict: Verdict
    held_s: float
    times: int


class RunShown(msgspec.Struct, frozen=True, kw_only=True):
    """A run. `figures` and what was decided are as the dialer last showed them, at `shown_at`."""

    run_id: int
    campaign: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    completed: int
    error: str
    shown_at: datetime | None
    live_calls: int
    retries: int
    figures: FiguresShown | None
    verdict: str
    decisions: tuple[DecisionShown, ...]


class OutcomeShown(msgspec.Struct, frozen=True, kw_only=True):
    """The calls with one outcome; waits and talk are averages in milliseconds."""

    state: str
    ext_status: str
    count: int
    wait_pre_ms: float
    wait_after_ms: float
    talk_ms: float


class CountShown(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    count: int


class RecallShown(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one outcome by recall level; level 0 is the first attempt."""

    state: str
    counts: tuple[int, ...]


class RecallsShown(msgspec.Struct, frozen=True, kw_only=True):
    levels: tuple[int, ...]
    lines: tuple[RecallShown, ...]


class ListInRun(msgspec.Struct, frozen=True, kw_only=True):
    """A list in a run. `highwater` is the id of the last record that was read, `read` how many of
    its `records` that makes; `round` counts how often it was begun again."""

    list_name: str
    highwater: int
    read: int
    records: int
    is_complete: bool
    is_paused: bool
    round: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run. Times are whole sums in milliseconds; only ended calls count."""

    run: RunShown
    calls: int
    wait_pre_ms: float
    wait_after_ms: float
    talk_ms: float
    outcomes: tuple[OutcomeShown, ...]
    trunks: tuple[CountShown, ...]
    recalls: RecallsShown
    lists: tuple[ListInRun, ...]


class RunQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    campaign: Annotated[str, Meta(max_length=190, description="Of this campaign alone.")] = ""


@TAG.get("/runs", needs=(Key.REPORT,), errors=(404,))
async def list_runs(ask: Ask, query: RunQuery) -> Page[RunShown]:
    """Runs, open or over, the newest first.

    A page may be shorter than its limit: there are more as long as `next` is there."""
    before_id = read_cursor(query, Id)
    found = await ask.run(page_runs, before_id, query.limit, query.campaign)
    following = found.next_before
    return Page(
        items=tuple(show(one, RunShown) for one in found.runs),
        next=None if following is None else next_page(ask.request, following),
    )


@TAG.get("/runs/{run_id}", needs=(Key.REPORT,))
async def show_run(ask: Ask, run_id: Id) -> Report:
    """A run and what became of its calls."""
    return show(await ask.run(run_report, run_id, 0, 1), Report)


@TAG.get("/campaigns/{campaign}/lists", needs=(Key.RT,), errors=(409,))
async def list_lists_of_run(ask: Ask, campaign: Name) -> tuple[ListInRun, ...]:
    """The lists of the campaign's open run, in the order in which they are read."""
    await ask.ground.control.written()
    found = await ask.run(run_lists.run_lists, campaign)
    return tuple(show(one, ListInRun) for one in found)


def _asking(verb: ListVerb, name: str, text: str) -> Operation:
    async def wish(ask: Ask, campaign: Name, list_name: Name) -> Wish:
        command = await ask.run(run_lists.ask_list, campaign, verb, list_name, ask.now)
        await ask.ground.control.wake()
        return Wish(is_done=await ask.run(fetch_answer, command))

    wish.__name__, wish.__doc__ = name, text
    path = f"/campaigns/{{campaign}}/lists/{{list_name}}/{_short(verb)}"
    return TAG.post(path, needs=(Key.CTRL_WBT,), errors=(409,))(wish)


def _short(verb: ListVerb) -> str:
    return verb.removeprefix("list-")


_TEXTS = {
    ListVerb.ADD: "Have the campaign's open run read the list too.",
    ListVerb.PAUSE: "Have the campaign's open run read no more of the list for now.",
    ListVerb.RESUME: "Read on.",
    ListVerb.RESTART: "Read the list from its beginning again.",
}

OPERATIONS = (
    list_runs,
    show_run,
    list_lists_of_run,
    *(_asking(verb, f"{_short(verb)}_list_of_run", _TEXTS[verb]) for verb in ListVerb),
)
