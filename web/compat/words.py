"""How the dialect writes what is the same everywhere."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from core.errors import InvalidValue

_DATE = re.compile(
    r"([12][0-9]{3})-([0-9]{2})-([0-9]{2})(?:[.T ]([0-9]{2}):([0-9]{2}):([0-9]{2}))?"
)

_WOMBAT_ID = re.compile(r"(?:WBT\.?)?([0-9]{1,18})", re.IGNORECASE)

#: There is no licence: as many channels as a client's 32 bits can count.
UNLIMITED = 2**31 - 1


def render_moment(moment: datetime) -> str:
    """`15.03.25 16:18:36`: how a run is named by its beginning (UTC)."""
    return moment.strftime("%y.%m.%d %H:%M:%S")


def parse_beginning(text: str, *, field: str) -> datetime:
    """`2026-03-18.14:00:00` or `2026-03-18`, its midnight (UTC); InvalidValue of anything
    else."""
    return _parse_date(text, field)[0]


def parse_end(text: str, *, field: str) -> datetime:
    """The same, but a day is the end of it."""
    moment, is_day = _parse_date(text, field)
    return moment + timedelta(days=1, microseconds=-1) if is_day else moment


def _parse_date(text: str, field: str) -> tuple[datetime, bool]:
    """The moment, and whether the text names a day only."""
    if match := _DATE.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        with suppress(ValueError):
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            return moment, match[4] is None
    raise InvalidValue(field, text, "write a date, 2026-03-18.14:00:00 or 2026-03-18")


def render_ms(moment: datetime | None) -> int:
    """Milliseconds since 1970; 0 for a moment that is not there."""
    return 0 if moment is None else round(moment.timestamp() * 1000)


def render_attributes(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """`IN:puts ^OUT:put`: what was known of a number, and, marked, what calls found out."""
    given = [f"{name}:{value}" for name, value in inputs.items()]
    found = [f"^{name}:{value}" for name, value in outputs.items()]
    return " ".join([*given, *found])


def parse_wombat_id(text: str) -> int | None:
    """A WombatID, with the prefix that QueueMetrics' logs put before it or without; None of what
    is none."""
    found = _WOMBAT_ID.fullmatch(text)
    return int(found[1]) if found else None


def parse_numbers(text: str) -> list[str]:
    """Numbers parted by `|`; empty ones, such as after a last `|`, are none."""
    return [part.strip() for part in text.split("|") if part.strip()]


def parse_attributes(text: str) -> dict[str, str]:
    """`ID:2301,PERS:John_Doe`: names and values; a value may hold `:`, but no comma.
    InvalidValue of a part that names nothing."""
    found = {}
    for part in text.split(","):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip()] = value
        elif part.strip():
            raise InvalidValue("attribute", part, "write NAME:value, parted by commas")
    return found


def render_stamp(now: datetime) -> str:
    """`Mon Sep 29 16:04:00 UTC 2014`: when an answer was made."""
    return now.strftime("%a %b %d %H:%M:%S UTC %Y")
