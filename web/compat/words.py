"""How the dialect writes what is the same everywhere."""

from collections.abc import Mapping
from datetime import datetime

from core.errors import InvalidValue

#: There is no licence: as many channels as a client's 32 bits can count.
UNLIMITED = 2**31 - 1


def render_moment(moment: datetime) -> str:
    """`15.03.25 16:18:36`: how a run is named by its beginning (UTC)."""
    return moment.strftime("%y.%m.%d %H:%M:%S")


def render_ms(moment: datetime | None) -> int:
    """Milliseconds since 1970; 0 for a moment that is not there."""
    return 0 if moment is None else round(moment.timestamp() * 1000)


def render_attributes(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """`IN:puts ^OUT:put`: what was known of a number, and, marked, what calls found out."""
    given = [f"{name}:{value}" for name, value in inputs.items()]
    found = [f"^{name}:{value}" for name, value in outputs.items()]
    return " ".join([*given, *found])


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
