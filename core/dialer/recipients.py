"""Whether a person may be called now: asked for each record, worked out for each place."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.model import Campaign
from core.rules.recipient_hours import Opening, RecipientHours, UnknownZone, opening_at


class Recipients:
    """The hours of a campaign's recipients in their own zones. ZoneInfoNotFoundError for a
    campaign's zone that this machine does not know."""

    def __init__(self, campaign: Campaign, hours: RecipientHours) -> None:
        self._hours = hours
        knows_none = (campaign.time_zone,) if hours.unknown is UnknownZone.CAMPAIGN else ()
        self._of_nobody = tuple(map(ZoneInfo, knows_none))
        self._seen: dict[tuple[str, ...], tuple[datetime, Opening]] = {}

    def opens_at(self, zones: tuple[str, ...], now: datetime) -> datetime | None:
        """When somebody who may be in any of these zones, which this machine knows, may be
        called: now or later; None for never. No zones: it is not known where."""
        opening = self._look_up(zones, now)
        return now if opening.is_open else opening.until

    def _look_up(self, zones: tuple[str, ...], now: datetime) -> Opening:
        """Worked out anew only when it may have changed since."""
        seen_at, opening = self._seen.get(zones, (None, None))
        is_known = seen_at is not None and seen_at <= now
        if opening is None or not is_known or (opening.until and opening.until <= now):
            places = tuple(map(ZoneInfo, zones)) or self._of_nobody
            if not places:
                return Opening(is_open=False, until=None)
            opening = opening_at(now, places, self._hours.period)
            self._seen[zones] = now, opening
        return opening
