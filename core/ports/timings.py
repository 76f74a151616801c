"""How long the dialer's steps take, as it shows it to who monitors it."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What is measured (manual, "JMX statistics")."""

    #: The dialer takes note of what came in.
    RECEIVE = "receive"
    #: It decides what to do.
    DECIDE = "decide"
    #: What it decided is handed to journal, threads and PBXs.
    EXECUTE = "execute"
    #: A snapshot is published.
    PUBLISH = "publish"
    #: What people asked is read, and runs begun and changed.
    WISHES = "wishes"
    #: A batch of the journal is written and committed.
    COMMIT = "commit"
    #: Records are read for a hopper, fresh ones among them.
    READ_FRESH = "read fresh"
    #: Retries alone are read for a hopper.
    READ_RETRIES = "read retries"
    #: What was read for a hopper is looked up in the black lists.
    SCREEN = "screen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How often a step was made and how long it took, in milliseconds; all 0 before the first.
    `median_ms` and `p95_ms` are over the latest, the rest is since the process began, but
    `per_s_minute`, which is over the last minute."""

    count: int = 0
    least_ms: float = 0.0
    most_ms: float = 0.0
    median_ms: float = 0.0
    p95_ms: float = 0.0
    per_s: float = 0.0
    per_s_minute: float = 0.0
