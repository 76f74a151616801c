"""When a campaign may call at all: from one time of day to another, on some days of the week.

Source: manual 25.02, "Campaigns" ("Active Period"). On the wire it is timeStartHr "000000",
timeEndHr "235959" and timeDow "1234567", where 1 is Sunday. Times are local, in whole seconds,
and both ends belong to the period: 23:59:59 reaches to midnight.
"""

import re
from dataclasses import dataclass
from datetime import date, time

from core.errors import InvalidValue

#: Sunday is 1, Saturday 7.
EVERY_DAY = frozenset(range(1, 8))
DAY_START, DAY_END = time(0, 0, 0), time(23, 59, 59)

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?|([0-9]{2})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivePeriod:
    """From `start` to `end`, both included, on `days` (1 is Sunday, 7 is Saturday)."""

    start: time = DAY_START
    end: time = DAY_END
    days: frozenset[int] = EVERY_DAY

    @property
    def is_unlimited(self) -> bool:
        return (self.start, self.end, self.days) == (DAY_START, DAY_END, EVERY_DAY)


#: No limit at all.
EVERY_MOMENT = ActivePeriod()


def parse_active_period(start: str, end: str, days: str) -> ActivePeriod:
    """The period of three texts as on the wire; InvalidValue if one of them is wrong."""
    return check_active_period(
        ActivePeriod(
            start=parse_time(start, field="start active period"),
            end=parse_time(end, field="end active period"),
            days=parse_days(days, field="allowed days of week"),
        )
    )


def check_active_period(period: ActivePeriod) -> ActivePeriod:
    """The period itself; InvalidValue if it ends before it begins or allows no day."""
    if period.end < period.start:
        raise InvalidValue(
            "end active period",
            period.end,
            f"it lies before the start, {period.start}; for calls across midnight, leave the "
            "period at 0:00:00 to 23:59:59 and add opening hours",
        )
    check_days(period.days, field="allowed days of week")
    return period


def parse_time(text: str, *, field: str) -> time:
    """A time of day, "9:30", "9:30:00" or "093000"; InvalidValue, naming `field`, if it is
    none."""
    if match := _TIME.fullmatch(text.strip()):
        parts = match.groups()
        hour, minute, second = (int(parts[i] or parts[i + 3] or 0) for i in range(3))
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise InvalidValue(field, text, "a time of day is written 9:30:00 or 093000, at most 23:59:59")


def parse_days(text: str, *, field: str) -> frozenset[int]:
    """The days of "23456", Monday to Friday; InvalidValue, naming `field`, if one is none
    or there is none."""
    if not set(text) <= set("1234567"):
        raise InvalidValue(field, text, "days are digits from 1 for Sunday to 7 for Saturday")
    return check_days(frozenset(map(int, text)), field=field)


def check_days(days: frozenset[int], *, field: str) -> frozenset[int]:
    """The days themselves; InvalidValue, naming `field`, unless they are some of 1 to 7."""
    if not days or not days <= EVERY_DAY:
        shown = "".join(map(str, sorted(days)))
        raise InvalidValue(field, shown, "choose at least one day, from 1 (Sunday) to 7 (Saturday)")
    return days


def weekday(day: date) -> int:
    """The manual's number of a day: 1 is Sunday, 7 is Saturday."""
    return day.isoweekday() % 7 + 1
