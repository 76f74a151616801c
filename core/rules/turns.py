"""When a record is called out of its turn in its list: a priority, a moment before which and one
from which on it is not called.

Source: manual 25.02, "Add a call to a campaign", has the moment of a number that is added by
itself; priority and expiry are Whipbird's own, as is a list that holds such records.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import InvalidValue
from core.rules.schedule import parse_not_after, parse_not_before

#: The priorities that a record may have: the lowest is called first.
PRIORITIES = range(-100, 101)

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What a row of a list says of its record's turn. Moments are UTC."""

    priority: int | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_ahead(self) -> bool:
        """Is the record not called in the order of its list?"""
        return self.priority is not None or self.not_before is not None


def parse_turn(
    *, priority: str, schedule: str, expires: str, now: datetime, zone: ZoneInfo
) -> Turn | None:
    """From texts as people write them, of which those that are empty say nothing; None if none
    says anything. InvalidValue names the one that is wrong."""
    if not (priority or schedule or expires):
        return None
    not_before, expires_at = parse_span(schedule, expires, now, zone)
    return Turn(
        priority=_parse_priority(priority) if priority else None,
        not_before=not_before,
        expires_at=expires_at,
    )


def parse_span(
    schedule: str, expires: str, now: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """From when and until when a record may be called (UTC), None where the text is empty.
    InvalidValue of an end that is not behind its beginning, or behind `now`."""
    not_before = parse_not_before(schedule, now, zone) if schedule else None
    expires_at = parse_not_after(expires, now, zone) if expires else None
    if expires_at is not None and not_before is not None and expires_at <= not_before:
        expected = "it must be later than the moment that the call is scheduled for"
        raise InvalidValue("expires", expires, expected)
    return not_before, expires_at


def check_priority(priority: int) -> int:
    """The priority itself; InvalidValue of one that there is not."""
    if priority not in PRIORITIES:
        raise InvalidValue("priority", priority, f"from {PRIORITIES[0]} to {PRIORITIES[-1]}")
    return priority


def _parse_priority(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        expected = f"write a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}"
        raise InvalidValue("priority", text, expected)
    return check_priority(int(text))
