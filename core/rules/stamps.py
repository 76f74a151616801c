"""Who made an element and who changed it last (manual 25.02, "Using editors")."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Names of users with their moments; empty and None where nobody is known."""

    created_at: datetime | None = None
    created_by: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""

    def touched(self, who: str, now: datetime) -> "Stamp":
        """The stamp after `who` has changed the element."""
        return replace(self, changed_at=now, changed_by=who)


def made(who: str, now: datetime) -> Stamp:
    """The stamp of an element that `who` makes."""
    return Stamp(created_at=now, created_by=who)


#: Of elements whose maker is not known.
UNSTAMPED = Stamp()
