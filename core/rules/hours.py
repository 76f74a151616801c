"""Whether a campaign may call at a moment, why, and when that changes.

Source: manual 25.02, "Campaigns" (active period, then opening hours, in their order), "Opening
Hours" and "Opening Hours Inspector" (the states). Here, and only here, time is local: rules
look at the clock on the wall of the campaign's zone, to the second. An hour that a clock change
skips never comes; one that it repeats comes twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.rules.active_period import ActivePeriod, weekday
from core.rules.opening_hours import DefaultMode, OpeningHours

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


class HoursState(StrEnum):
    """What decides whether a campaign may call (manual, "Opening Hours Inspector")."""

    #: The active period allows it, and there are no opening hours.
    OPEN = "OPEN"
    #: The active period does not allow the day.
    CLOSE_DAY = "CLOSE_DAY"
    #: The active period does not allow the time of day.
    CLOSE_HOUR = "CLOSE_HOUR"
    #: A rule of the opening hours closes.
    CLOSE_RULE = "CLOSE_RULE"
    #: A rule of the opening hours opens.
    OPEN_RULE = "OPEN_RULE"
    #: No rule matches; the last opening hours open by default.
    DEFAULT_OPEN = "DEFAULT_OPEN"
    #: No rule matches; the last opening hours close by default.
    DEFAULT_CLOSE = "DEFAULT_CLOSE"


_OPEN_STATES = frozenset({HoursState.OPEN, HoursState.OPEN_RULE, HoursState.DEFAULT_OPEN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The inspector's answer. `hours_name` is that of the opening hours that decided and
    `rule_name` that of their rule; empty where none did."""

    state: HoursState
    hours_name: str = ""
    rule_name: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN_STATES

    @property
    def rule(self) -> str:
        """What decided, for people; empty where no opening hours did."""
        if self.rule_name:
            return f"rule {self.rule_name} of {self.hours_name}"
        return f"default of {self.hours_name}" if self.hours_name else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What holds from `begin` until `end`, both UTC."""

    begin: datetime
    end: datetime
    verdict: Verdict


def inspect(
    moment: datetime, zone: ZoneInfo, period: ActivePeriod, hours: Sequence[OpeningHours]
) -> Verdict:
    """What holds at `moment` (aware) in `zone`: the period first, then the first rule that
    matches, from the first opening hours to the last, then the default of the last."""
    return _judge(moment.astimezone(zone).replace(tzinfo=None), period, hours)


def next_change(
    moment: datetime,
    zone: ZoneInfo,
    period: ActivePeriod,
    hours: Sequence[OpeningHours],
    limit: timedelta = timedelta(days=400),
) -> datetime | None:
    """The first moment after `moment` (aware) at which `is_open` is not what it is then, in
    UTC and to the second; None if there is none before `moment + limit`."""
    if _never_changes(period, hours):
        return None
    start = moment.astimezone(UTC).replace(microsecond=0)
    is_open = inspect(start, zone, period, hours).is_open
    steps = _steps(period, hours)
    for begin, end, offset in _stretches(start, start + limit // _SECOND * _SECOND, zone):
        wall = begin.replace(tzinfo=None) + offset
        for candidate in _candidates(wall, wall + (end - begin), steps):
            if _judge(candidate, period, hours).is_open is not is_open:
                return (candidate - offset).replace(tzinfo=UTC)
    return None


def spans(
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    period: ActivePeriod,
    hours: Sequence[OpeningHours],
) -> Iterator[Span]:
    """The time from `start` to `end` (aware, whole seconds) in pieces in which one and the same
    rule decides, without gaps."""
    begin, verdict = start.astimezone(UTC), inspect(start, zone, period, hours)
    steps = _steps(period, hours)
    for first, last, offset in _stretches(begin, end.astimezone(UTC), zone):
        wall = first.replace(tzinfo=None) + offset
        for candidate in _candidates(wall, wall + (last - first), steps):
            found = _judge(candidate, period, hours)
            if found != verdict:
                at = (candidate - offset).replace(tzinfo=UTC)
                yield Span(begin=begin, end=at, verdict=verdict)
                begin, verdict = at, found
    yield Span(begin=begin, end=end.astimezone(UTC), verdict=verdict)


def _judge(wall: datetime, period: ActivePeriod, hours: Sequence[OpeningHours]) -> Verdict:
    day, clock = wall.date(), wall.time().replace(microsecond=0)
    if weekday(day) not in period.days:
        return Verdict(state=HoursState.CLOSE_DAY)
    if not period.start <= clock <= period.end:
        return Verdict(state=HoursState.CLOSE_HOUR)
    for opening in hours:
        for index, rule in enumerate(opening.rules):
            if rule.matches(day, clock):
                state = HoursState.OPEN_RULE if rule.is_open else HoursState.CLOSE_RULE
                name = opening.name_rule(index)
                return Verdict(state=state, hours_name=opening.name, rule_name=name)
    return _judge_by_default(hours)


def _judge_by_default(hours: Sequence[OpeningHours]) -> Verdict:
    if not hours:
        return Verdict(state=HoursState.OPEN)
    last = hours[-1]
    is_open = last.default is DefaultMode.OPEN
    state = HoursState.DEFAULT_OPEN if is_open else HoursState.DEFAULT_CLOSE
    return Verdict(state=state, hours_name=last.name)


def _never_changes(period: ActivePeriod, hours: Sequence[OpeningHours]) -> bool:
    """Whether period, rules and default can only give one and the same answer; most
    campaigns, open day and night, are spared the search."""
    answers = {rule.is_open for opening in hours for rule in opening.rules}
    answers.add(_judge_by_default(hours).is_open)
    if not period.is_unlimited:
        answers.add(False)
    return len(answers) == 1


def _steps(period: ActivePeriod, hours: Sequence[OpeningHours]) -> list[timedelta]:
    """The times of day, since midnight, at which anything may change: the first second of
    each range and the one after its last; always midnight, where dates and days of the week
    change and a range up to 23:59:59 ends."""
    rules = [rule for opening in hours for rule in opening.rules]
    starts = {time.min, period.start} | {rule.time_from for rule in rules}
    ends = {period.end} | {rule.time_to for rule in rules}
    firsts = {_since_midnight(start) for start in starts if start is not None}
    afters = {_since_midnight(end) + _SECOND for end in ends if end is not None}
    return sorted((firsts | afters) - {_DAY})


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)


def _candidates(start: datetime, end: datetime, steps: list[timedelta]) -> Iterator[datetime]:
    """`start`, where the clock may just have been changed, and each step between it and
    `end`, in order."""
    yield start
    midnight = datetime.combine(start.date(), time.min)
    while midnight < end:
        yield from (at for step in steps if start < (at := midnight + step) < end)
        midnight += _DAY


def _stretches(
    start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time from `start` to `end` in pieces of at most a day without a clock change:
    begin, end and the zone's offset. No zone has changed its clocks twice within a day since
    2000 (the closest are a week apart)."""
    while start < end:
        stop, offset = min(start + _DAY, end), _offset(start, zone)
        if _offset(stop, zone) != offset:
            stop = _find_clock_change(start, stop, zone)
        yield start, stop, offset
        start = stop


def _find_clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new offset, which holds at `after` and not at `before`."""
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
