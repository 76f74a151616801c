"""Named sets of rules that open and close campaigns, finer than the active period.

Source: manual 25.02, "Opening Hours". What they decide for a moment is in core.rules.hours.
Dates and times are local ones; times are whole seconds and both ends of a range belong to it.
"""

import re
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from core.errors import InvalidValue
from core.rules.active_period import check_days, weekday
from core.rules.stamps import UNSTAMPED, Stamp

_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})(?:/([0-9]{4}))?")
#: 29/02 is a day of some years: a rule may name it.
_LEAP_YEAR = 2000


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class MonthDay:
    """A date without a year: it comes every year."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.day:02}/{self.month:02}"


RuleDate = MonthDay | date

_YEAR_START, _YEAR_END = MonthDay(month=1, day=1), MonthDay(month=12, day=31)


class DefaultMode(StrEnum):
    """What opening hours say when none of their rules matches; the values are the wire's."""

    OPEN = "DEF_OPEN"
    CLOSED = "DEF_CLOSE"


@dataclass(frozen=True, kw_only=True, slots=True)
class HourRule:
    """Open or closed on these days of the week, dates and times; None does not limit.

    Days are 1 for Sunday to 7 for Saturday. Both dates have a year or neither has; without
    one, a range may pass the end of the year (27/12-03/01), and one with a single end goes
    to the edge of the year.
    """

    name: str = ""
    days: frozenset[int] | None = None
    date_from: RuleDate | None = None
    date_to: RuleDate | None = None
    time_from: time | None = None
    time_to: time | None = None
    is_open: bool

    def matches(self, day: date, clock: time) -> bool:
        """Whether the rule speaks of this local date and time of day."""
        return (
            (self.time_from is None or self.time_from <= clock)
            and (self.time_to is None or clock <= self.time_to)
            and (self.days is None or weekday(day) in self.days)
            and _covers(self.date_from, self.date_to, day)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningHours:
    """Rules in order: the first that matches decides, and `default` if none does. `comment` is
    free; hidden ones are left out where opening hours are offered."""

    id: int = 0
    name: str
    default: DefaultMode
    rules: tuple[HourRule, ...] = ()
    comment: str = ""
    is_hidden: bool = False
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)

    def name_rule(self, index: int) -> str:
        """What the rule at `index` is called: its name, or its number as the manual writes
        it, "#1" for the first."""
        return self.rules[index].name or f"#{index + 1}"


def parse_date(text: str, *, field: str) -> RuleDate:
    """A date, "25/12" or "25/12/2026"; InvalidValue, naming `field`, if there is no such
    day."""
    if match := _DATE.fullmatch(text.strip()):
        day, month, year = (int(part or 0) for part in match.groups())
        try:
            found = date(year if match[3] else _LEAP_YEAR, month, day)
        except ValueError:
            raise InvalidValue(field, text, "there is no such day") from None
        return found if match[3] else MonthDay(month=month, day=day)
    raise InvalidValue(field, text, "a date is written 25/12 or 25/12/2026, the day first")


def check_opening_hours(hours: OpeningHours) -> OpeningHours:
    """The opening hours themselves; InvalidValue, naming the rule, if one of their rules can
    never match or cannot be understood."""
    for index, rule in enumerate(hours.rules):
        _check_rule(rule, f"{hours.name}, rule {hours.name_rule(index)}")
    return hours


def _check_rule(rule: HourRule, label: str) -> None:
    if rule.days is not None:
        check_days(rule.days, field=f"{label}, day of week")
    start, end = rule.time_from, rule.time_to
    if start is not None and end is not None and end < start:
        raise InvalidValue(
            f"{label}, time to",
            end,
            f"it lies before the time from, {start}; for hours across midnight, write one rule "
            "up to 23:59:59 and one from 0:00:00",
        )
    _check_dates(rule.date_from, rule.date_to, f"{label}, date to")


def _check_dates(start: RuleDate | None, end: RuleDate | None, field: str) -> None:
    if start is None or end is None:
        return
    if isinstance(start, MonthDay) or isinstance(end, MonthDay):
        if type(start) is not type(end):
            expected = f"write both dates with a year or both without; date from is {_show(start)}"
            raise InvalidValue(field, _show(end), expected)
    elif end < start:
        raise InvalidValue(field, _show(end), f"it lies before the date from, {_show(start)}")


def _show(day: RuleDate) -> str:
    return str(day) if isinstance(day, MonthDay) else day.strftime("%d/%m/%Y")


def _covers(start: RuleDate | None, end: RuleDate | None, day: date) -> bool:
    if isinstance(start, MonthDay) or isinstance(end, MonthDay):
        first = start if isinstance(start, MonthDay) else _YEAR_START
        last = end if isinstance(end, MonthDay) else _YEAR_END
        return _comes_between(first, last, MonthDay(month=day.month, day=day.day))
    return (start is None or start <= day) and (end is None or day <= end)


def _comes_between(first: MonthDay, last: MonthDay, day: MonthDay) -> bool:
    if first <= last:
        return first <= day <= last
    return day >= first or day <= last
