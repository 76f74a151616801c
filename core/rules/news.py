"""What is told of calls and runs while they go on: to whoever listens, as JSON.

The field names are Whipbird's own; moments are UTC (RFC 3339), spans milliseconds unless their
name ends in `_s`. An event stream tells all topics; of calls that are over and of runs that came
to another state webhooks tell too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from core.rules.states import CallState, RunState


class Topic(StrEnum):
    """What an event is about; the values are on the wire."""

    #: A call came to a state, or its status or attributes were set.
    CALL_CHANGED = "call.changed"
    #: A call is over, or was refused: its row is in the call log.
    CALL_ENDED = "call.ended"
    #: A run came to a state.
    RUN_CHANGED = "run.changed"
    #: A run's figures changed.
    RUN_FIGURES = "run.figures"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallChanged:
    """A call that goes on; REQUESTED is the first that is told of it. `outputs` are the record's
    output attributes as the call leaves them, None if this change is not about them."""

    at: datetime
    call_id: int
    run_id: int
    campaign_id: int
    campaign: str
    list_id: int
    list_name: str
    record_id: int
    number: str
    retry_no: int
    state: CallState
    ext_status: str = ""
    outputs: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEnded:
    """A call that is over, or a number that was not called (RS_BLACKLIST, RS_EXPIRED), as its
    row in the call log says. `next_retry_s` 0 means that no retry follows; `inputs` and `outputs`
    are the record's attributes."""

    at: datetime
    call_id: int
    run_id: int
    campaign_id: int
    campaign: str
    list_id: int
    list_name: str
    record_id: int
    number: str
    retry_no: int
    state: CallState
    ext_status: str
    channel_id: str
    wait_pre_ms: int
    wait_after_ms: int
    talk_ms: int
    next_retry_s: int
    cause: int
    tech_cause: str
    reason: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunChanged:
    """A run that came to a state. `attempted` counts calls placed, `completed` the records that
    will not be tried again; `error` says why a run could not go on."""

    at: datetime
    run_id: int
    campaign_id: int
    campaign: str
    state: RunState
    attempted: int
    completed: int
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFigures:
    """A run's counts of now: calls that are up, numbers in the hopper, open retries, and an
    estimate of the calls still to be placed. `outcomes` counts ended calls by state."""

    at: datetime
    run_id: int
    campaign_id: int
    campaign: str
    state: RunState
    attempted: int
    completed: int
    live_calls: int
    hopper: int
    retries: int
    remaining: int
    outcomes: Mapping[str, int]


News = CallChanged | CallEnded | RunChanged | RunFigures

#: Which topic tells what.
TOPICS: Mapping[type[News], Topic] = {
    CallChanged: Topic.CALL_CHANGED,
    CallEnded: Topic.CALL_ENDED,
    RunChanged: Topic.RUN_CHANGED,
    RunFigures: Topic.RUN_FIGURES,
}


def render_news(news: News) -> bytes:
    """The news as one line of JSON. Half a character becomes a question mark: what a PBX garbled
    must not keep the rest from being told."""
    try:
        return msgspec.json.encode(news)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mend(asdict(news)))


def _mend(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_mend(name): _mend(one) for name, one in value.items()}
        case _:
            return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which news somebody asked for; an empty part asks for all."""

    topics: frozenset[Topic] = field(default_factory=frozenset)
    campaigns: frozenset[str] = field(default_factory=frozenset)
    runs: frozenset[int] = field(default_factory=frozenset)

    def lets_through(self, news: News) -> bool:
        return (
            (not self.topics or TOPICS[type(news)] in self.topics)
            and (not self.campaigns or news.campaign in self.campaigns)
            and (not self.runs or news.run_id in self.runs)
        )
