"""Whether a campaign may call now, and when that changes: asked often, worked out seldom."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.model import Campaign
from core.rules.hours import Verdict, inspect, next_change
from core.rules.opening_hours import OpeningHours


class Calendar:
    """A campaign's active period and opening hours in its time zone. ZoneInfoNotFoundError for
    a zone that this machine does not know."""

    def __init__(self, campaign: Campaign, hours: Sequence[OpeningHours]) -> None:
        self._zone = ZoneInfo(campaign.time_zone)
        self._period = campaign.active_period
        self._hours = hours
        self._seen_at: datetime | None = None
        self._is_open = True
        #: When the answer changes; None if that is not in sight.
        self.changes_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """May it call? Worked out anew only when it may have changed since."""
        is_known = self._seen_at is not None and self._seen_at <= now
        if not is_known or (self.changes_at is not None and self.changes_at <= now):
            self._is_open = self.inspect(now).is_open
            self.changes_at = next_change(now, self._zone, self._period, self._hours)
            self._seen_at = now
        return self._is_open

    def inspect(self, now: datetime) -> Verdict:
        """Which rule decides."""
        return inspect(now, self._zone, self._period, self._hours)

    def opens_at(self, moment: datetime) -> datetime | None:
        """The first moment from this one on at which it may call; None if that is not in
        sight."""
        if self.inspect(moment).is_open:
            return moment
        return next_change(moment, self._zone, self._period, self._hours)
