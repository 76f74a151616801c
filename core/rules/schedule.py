"""Moments to come, as people and clients write them.

Source: manual 25.02, "Add a call to a campaign": an offset in seconds, or a date such as
2012-03-18.10:00:00, which is local time of the campaign unless it says where (`Z`, `+01:00`).
Where the clocks are set, a moment is read so that nobody is called too early or too late.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.errors import InvalidValue

#: Longest offset: what a year has, in seconds.
LONGEST_S = 366 * 24 * 3600

_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[.T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_EXPECTED = "write seconds from now, or a date such as 2026-03-18.10:00:00"


def parse_not_before(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) from which on; of an hour that the clocks show twice, the later."""
    return max(_read(text, now, zone, "schedule"))


def parse_not_after(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) until which; of an hour that the clocks show twice, the earlier.
    InvalidValue of one that has passed."""
    moment = min(_read(text, now, zone, "expires"))
    if moment <= now:
        raise InvalidValue("expires", text, "it has passed; name a moment to come")
    return moment


def _read(text: str, now: datetime, zone: ZoneInfo, field: str) -> tuple[datetime, ...]:
    """The moments (UTC) that the text may mean: one, or two when the clocks show it twice."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        if int(text) > LONGEST_S:
            raise InvalidValue(field, text, f"at most a year from now, {LONGEST_S} seconds")
        return (now + timedelta(seconds=int(text)),)
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidValue(field, text, _EXPECTED)
    *parts, offset = match.groups()
    place = datetime.strptime(offset, "%z").tzinfo if offset else zone
    try:
        local = datetime(*(int(part or 0) for part in parts), tzinfo=place)  # type: ignore[arg-type, misc]
        return tuple(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        raise InvalidValue(field, text, f"there is no such date; {_EXPECTED}") from None
