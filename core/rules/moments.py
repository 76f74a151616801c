"""A moment as people write it: a date and a time of day on the clock of some place."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.errors import InvalidValue

_EXPECTED = "write a date and a time, 2026-12-25 10:00"


def parse_moment(text: str, zone: ZoneInfo, *, field: str) -> datetime:
    """The moment in UTC, to the second; InvalidValue, naming `field`, if it is none.

    A date alone is its midnight. A moment with an offset of its own (`+01:00`, `Z`) is not read
    in `zone`. An hour that the clocks show twice is its first time; one that they skip is none.
    """
    try:
        found = datetime.fromisoformat(text.strip()).replace(microsecond=0)
        moment = found.replace(tzinfo=found.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(field, text, _EXPECTED) from None
    if found.tzinfo is None and moment.astimezone(zone).replace(tzinfo=None) != found:
        raise InvalidValue(
            field, text, f"the clocks of {zone.key} skip it: they were put forward just before"
        )
    return moment


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-12-25 10:00:00 Europe/Zurich`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"
