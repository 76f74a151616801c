"""How the dialect writes what is the same everywhere."""

from datetime import datetime

#: There is no licence: as many channels as a client's 32 bits can count.
UNLIMITED = 2**31 - 1


def render_stamp(now: datetime) -> str:
    """`Mon Sep 29 16:04:00 UTC 2014`: when an answer was made."""
    return now.strftime("%a %b %d %H:%M:%S UTC %Y")
