"""Within which hours a person is called, by the clock on that person's wall.

The manual has none. Where a person is, is a matter of zones: one if it is known, several if a
number may be in any of them, and then the person is called only while it is time in all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from core.rules.active_period import EVERY_MOMENT, ActivePeriod
from core.rules.hours import inspect, next_change

#: The extended status of what can never be called, for there is no hour for it.
NO_HOURS: Final = "NO_HOURS"

#: Hours come again every week, an hour sooner or later if the clocks change.
_SEARCHED = timedelta(days=9)


class UnknownZone(StrEnum):
    """What becomes of a person of whom no zone is known."""

    #: The campaign's own zone is taken.
    CAMPAIGN = "CAMPAIGN"
    #: There is no call.
    REFUSE = "REFUSE"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientHours:
    """People are called within `period` of their own zone: that which the record's attribute
    `attribute` names, else the zones of the number dialled. A number without a + is one of
    `country` (an ISO 3166 code; empty: its zone is not known)."""

    period: ActivePeriod = EVERY_MOMENT
    attribute: str = ""
    country: str = ""
    unknown: UnknownZone = UnknownZone.CAMPAIGN


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Whether it is time, and until when that holds; None: for ever, as far as can be seen."""

    is_open: bool
    until: datetime | None


def opening_at(moment: datetime, zones: Sequence[ZoneInfo], period: ActivePeriod) -> Opening:
    """Whether it is time at `moment` (aware) in all of these zones, of which there is at least
    one; and the moment (UTC) at which that changes."""
    opens_at = _find_opening(moment, zones, period)
    if opens_at != moment:
        return Opening(is_open=False, until=opens_at)
    closings = [next_change(moment, zone, period, ()) for zone in zones]
    return Opening(is_open=True, until=min(filter(None, closings), default=None))


def _find_opening(
    moment: datetime, zones: Sequence[ZoneInfo], period: ActivePeriod
) -> datetime | None:
    """The first moment, from this one on, at which it is time in all zones."""
    at = moment
    while at <= moment + _SEARCHED:
        closed = [zone for zone in zones if not inspect(at, zone, period, ()).is_open]
        if not closed:
            return at
        openings = [next_change(at, zone, period, ()) for zone in closed]
        latest = max(filter(None, openings), default=None)
        if latest is None:
            return None
        at = latest
    return None
