"""Until when a number that stands on a blacklist is not called.

Source: manual 25.02, "Blacklists", "Understanding blacklists" and "Cancel numbers from a
blacklist". A blacklist is a list like
any other; every record of a number, in all blacklists of a campaign, is an entry here. Where
the manual leaves a doubt, the reading is the one that calls nobody too early.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: The attribute with the date that an entry ends at.
UNTIL: Final = "BLACKLISTED_UNTIL"
#: The attribute that takes an entry out of force; it says why and when.
CANCELLED: Final = "BLACKLISTED_CANCELLED"
#: The end of an entry that never ends: later than every date that can be written. It cannot
#: be moved to another zone.
FOREVER: Final = datetime.max.replace(tzinfo=UTC)

#: How dates are written in both attributes; they are local time.
MOMENT: Final = "%Y-%m-%d.%H:%M:%S"

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:\.([0-9]{2}):([0-9]{2}):([0-9]{2}))?")


def until(attributes: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """When the entry with these input attributes ends (UTC); FOREVER if it never does, None if
    it was cancelled.

    A date is local time of `zone`. One without a time lasts through the whole of that day, to
    the midnight that ends it. An hour that the clocks show twice means the later of the two.
    No date, a blank one or an invalid one is FOREVER. A blank BLACKLISTED_CANCELLED, such as
    an empty column of a CSV file leaves, cancels nothing.
    """
    if attributes.get(CANCELLED, "").strip():
        return None
    match = _DATE.fullmatch(attributes.get(UNTIL, "").strip())
    if match is None:
        return FOREVER
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        end = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if match[4] is None:
            end += timedelta(days=1)
        return max(end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        return FOREVER


def blacklisted_until(entries: Iterable[Mapping[str, str]], zone: ZoneInfo) -> datetime | None:
    """The latest end of all entries of one number, in whichever lists; None if there is none
    in force. The end may have passed."""
    ends = (until(attributes, zone) for attributes in entries)
    return max((end for end in ends if end is not None), default=None)


def is_blacklisted(entries: Iterable[Mapping[str, str]], now: datetime, zone: ZoneInfo) -> bool:
    """Whether the number with these entries must not be called now: its end is in the future."""
    end = blacklisted_until(entries, zone)
    return end is not None and now < end


def render_cancellation(reason: str, now: datetime, zone: ZoneInfo) -> str:
    """What BLACKLISTED_CANCELLED says of an entry that is cancelled now: `NEWCASE
    @2024-03-18.14:00:00`, or the moment alone if the reason is blank."""
    moment = now.astimezone(zone).strftime(MOMENT)
    return f"{reason.strip()} @{moment}" if reason.strip() else moment
