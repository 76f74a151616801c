"""Why a run calls a record or does not, in plain words, and when it can call it next.

The words go with the manual 25.02, "A run's life-cycle", "Reschedule rules", "Blacklists" and
"Opening Hours". A limit that is not known here is handed in as a reason like the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from core.rules.blacklists import FOREVER
from core.rules.hours import Verdict
from core.rules.states import CallState, RunState


class ReasonKind(StrEnum):
    """What a reason is about."""

    #: The campaign has no open run.
    NO_RUN = "NO_RUN"
    #: A person holds the run.
    PAUSED = "PAUSED"
    #: A call to the record is under way.
    UNDER_WAY = "UNDER_WAY"
    #: The record was tried, and is not tried again.
    DONE = "DONE"
    #: A retry waits for its moment, or for a line.
    RETRY = "RETRY"
    #: The run calls other lists.
    NOT_LISTED = "NOT_LISTED"
    #: Other records come first.
    NOT_REACHED = "NOT_REACHED"
    #: It has been read, and waits for a line.
    IN_HOPPER = "IN_HOPPER"
    #: One of its numbers is on a black list.
    BLACK_LIST = "BLACK_LIST"
    #: An entry on a black list that is not in force.
    BLACK_LIST_OVER = "BLACK_LIST_OVER"
    #: The campaign's hours do not allow a call.
    CLOSED = "CLOSED"
    #: The campaign's hours allow a call.
    OPEN = "OPEN"
    #: Its list is paused in the run.
    LIST_PAUSED = "LIST_PAUSED"
    #: It waits for the campaign's next run.
    NEXT_RUN = "NEXT_RUN"
    #: It is not time where the person is.
    PERSON_CLOSED = "PERSON_CLOSED"
    #: It is time where the person is.
    PERSON_OPEN = "PERSON_OPEN"
    #: There is no hour at which the person may be called.
    NO_HOURS = "NO_HOURS"
    #: Another limit holds the call.
    LIMIT = "LIMIT"
    #: The record is not called from a moment on.
    EXPIRES = "EXPIRES"


#: What time alone does not end.
_FOR_GOOD = frozenset(
    {
        ReasonKind.NO_RUN,
        ReasonKind.PAUSED,
        ReasonKind.UNDER_WAY,
        ReasonKind.DONE,
        ReasonKind.NOT_LISTED,
        ReasonKind.LIST_PAUSED,
        ReasonKind.NO_HOURS,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One thing that decides. It holds until `until`; None where no moment ends it, or where it
    holds nothing up."""

    kind: ReasonKind
    text: str
    until: datetime | None = None


#: How often hours of the campaign and of the person are compared in search of a moment.
_SEARCHED = 400

_UNDER_WAY = Reason(kind=ReasonKind.UNDER_WAY, text="a call is under way")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """An entry of a black list for one of the record's numbers. `until` is None if it was
    cancelled, FOREVER without an end."""

    list_name: str
    number: str
    until: datetime | None
    cancelled: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """The clock of who is called. `zones` are the IANA names of all zones it may be of, none if
    nothing is known. `opens_at` is like a standing's."""

    zones: Sequence[str]
    opens_at: Callable[[datetime], datetime | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a record stands in a campaign's run.

    `run_state` is None without a run. `last` is how its last attempt ended, None before one.
    `retry_at` is when its next call is due, in this run or, when that is over, the next. If
    `is_held`, that is not before its list is resumed. `is_listed` tells whether the run calls its
    list, `before` counts the records that come first, None once it was read. `opens_at` tells the
    first moment from a given one at which the campaign's hours allow a call, None if there is
    none; `person` the same of the recipient's, if the campaign minds them. From `expires_at` on
    the record is not called.
    """

    run_state: RunState | None
    is_under_way: bool
    last: CallState | None
    retry_at: datetime | None
    is_held: bool = False
    is_listed: bool
    before: int | None
    listed: Sequence[Listed]
    hours: Verdict
    opens_at: Callable[[datetime], datetime | None]
    person: Person | None = None
    limits: Sequence[Reason] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """All reasons, the nearest first; `next_call_at` is the first moment at which the record may
    be called, None if none is in sight."""

    reasons: tuple[Reason, ...]
    next_call_at: datetime | None


def explain(standing: Standing, now: datetime) -> Explanation:
    """Why the record is called, or not, as things stand `now`."""
    if standing.run_state is None or standing.run_state.is_over:
        reasons = [*_of_run(standing.run_state), *_of_past(standing, now)]
        return Explanation(reasons=tuple(reasons), next_call_at=None)
    reasons = [*_of_run(standing.run_state), _of_record(standing, now)]
    reasons += [_of_listed(entry, now) for entry in standing.listed]
    reasons += standing.limits
    if standing.expires_at is not None:
        reasons.append(_of_expiry(standing.expires_at, now))
    if standing.person is not None:
        reasons.append(_of_person(standing.person, now))
    reasons.append(_of_hours(standing, now))
    return Explanation(reasons=tuple(reasons), next_call_at=_next_call(reasons, standing, now))


def _next_call(reasons: Sequence[Reason], standing: Standing, now: datetime) -> datetime | None:
    """A number on a black list is refused when its turn comes: it does not wait for the end."""
    if any(reason.kind in _FOR_GOOD for reason in reasons):
        return None
    waits = [r for r in reasons if r.kind in (ReasonKind.RETRY, ReasonKind.LIMIT)]
    start = max([now, *(r.until for r in waits if r.until is not None)])
    earliest = _find_opening(standing, start)
    if earliest is None or (standing.expires_at is not None and standing.expires_at <= earliest):
        return None
    is_refused = any(
        reason.kind is ReasonKind.BLACK_LIST and (reason.until is None or earliest < reason.until)
        for reason in reasons
    )
    return None if is_refused else earliest


def _find_opening(standing: Standing, start: datetime) -> datetime | None:
    """The first moment at which both the campaign's hours and the person's allow a call."""
    at: datetime | None = start
    for _ in range(_SEARCHED):
        at = standing.opens_at(at) if at is not None else None
        if at is None or standing.person is None:
            return at
        person_at = standing.person.opens_at(at)
        if person_at == at:
            return at
        at = person_at
    return None


def _of_run(state: RunState | None) -> list[Reason]:
    match state:
        case None:
            return [_no_run("the campaign is not running: start it")]
        case RunState.COMPLETED:
            return [
                _no_run("the run is COMPLETED: start the campaign again to call its lists anew")
            ]
        case RunState.REMOVE:
            return [_no_run("the run was removed: start the campaign again")]
        case RunState.ERROR:
            return [_no_run("the run ended with an error: its report says which")]
        case RunState.PAUSED:
            return [Reason(kind=ReasonKind.PAUSED, text="the run is PAUSED: unpause it")]
        case RunState.RUNNABLE | RunState.RUNNING | RunState.WRONG_TIME | RunState.IDLE:
            return []
        case _:
            assert_never(state)


def _no_run(text: str) -> Reason:
    return Reason(kind=ReasonKind.NO_RUN, text=text)


def _of_past(standing: Standing, now: datetime) -> list[Reason]:
    """What became of the record in a run that is over."""
    if standing.is_under_way:
        return [_UNDER_WAY]
    if standing.last is not None:
        return [Reason(kind=ReasonKind.DONE, text=f"its last call there ended {standing.last}")]
    if standing.retry_at is not None:
        until = standing.retry_at if now < standing.retry_at else None
        text = "it waits for the campaign's next run" + (", and in that" if until else "")
        return [Reason(kind=ReasonKind.NEXT_RUN, text=text, until=until)]
    if standing.run_state is not None:
        return [Reason(kind=ReasonKind.DONE, text="it was not called in that run")]
    return []


def _of_record(standing: Standing, now: datetime) -> Reason:
    if standing.is_under_way:
        return _UNDER_WAY
    if standing.is_held:
        text = "its list is paused in the run: resume it"
        return Reason(kind=ReasonKind.LIST_PAUSED, text=text)
    if standing.retry_at is not None:
        return _of_retry(standing, standing.retry_at, now)
    if standing.last is not None:
        return Reason(
            kind=ReasonKind.DONE,
            text=f"its last call ended {standing.last}, and no reschedule rule tries it again",
        )
    if not standing.is_listed:
        return Reason(
            kind=ReasonKind.NOT_LISTED,
            text="the run does not call its list, which is the campaign's since or no more",
        )
    if standing.before is None:
        return Reason(
            kind=ReasonKind.IN_HOPPER, text="it has been read from its list, and waits for a line"
        )
    first = "1 record comes" if standing.before == 1 else f"{standing.before} records come"
    text = f"it has not been called yet: {first} first in the run's lists"
    if not standing.before:
        text = "it is the next record of its list"
    return Reason(kind=ReasonKind.NOT_REACHED, text=text)


def _of_retry(standing: Standing, retry_at: datetime, now: datetime) -> Reason:
    call = f"its last call ended {standing.last}; its next one" if standing.last else "its call"
    if retry_at <= now:
        return Reason(kind=ReasonKind.RETRY, text=f"{call} is due, and waits for a line")
    return Reason(kind=ReasonKind.RETRY, text=f"{call} waits", until=retry_at)


def _of_listed(entry: Listed, now: datetime) -> Reason:
    place = f'{entry.number} on black list "{entry.list_name}"'
    if entry.until is None:
        return Reason(
            kind=ReasonKind.BLACK_LIST_OVER, text=f"{place}: cancelled, {entry.cancelled}"
        )
    if entry.until <= now:
        return Reason(kind=ReasonKind.BLACK_LIST_OVER, text=f"{place}: its time is over")
    refused = "whoever stands there is not called but logged RS_BLACKLIST"
    if entry.until == FOREVER:
        return Reason(kind=ReasonKind.BLACK_LIST, text=f"{place}, without an end: {refused}")
    return Reason(kind=ReasonKind.BLACK_LIST, text=f"{place}: {refused}", until=entry.until)


def _of_expiry(expires_at: datetime, now: datetime) -> Reason:
    if expires_at <= now:
        text = "its time is over: when its turn comes, it is not called but logged RS_EXPIRED"
        return Reason(kind=ReasonKind.EXPIRES, text=text)
    return Reason(kind=ReasonKind.EXPIRES, text="it may be called", until=expires_at)


def _of_person(person: Person, now: datetime) -> Reason:
    where = ", ".join(person.zones) or "its place is not known"
    opens_at = person.opens_at(now)
    if opens_at is None:
        text = f"there is no hour for the person ({where}): it is not called but logged NO_HOURS"
        return Reason(kind=ReasonKind.NO_HOURS, text=text)
    if opens_at == now:
        return Reason(kind=ReasonKind.PERSON_OPEN, text=f"the person's hours are open ({where})")
    text = f"the person's hours are closed ({where})"
    return Reason(kind=ReasonKind.PERSON_CLOSED, text=text, until=opens_at)


def _of_hours(standing: Standing, now: datetime) -> Reason:
    hours = standing.hours
    by = f" by {hours.rule}" if hours.rule else ""
    if hours.is_open:
        return Reason(
            kind=ReasonKind.OPEN, text=f"the campaign's hours are open ({hours.state}{by})"
        )
    return Reason(
        kind=ReasonKind.CLOSED,
        text=f"the campaign's hours are closed ({hours.state}{by})",
        until=standing.opens_at(now),
    )
