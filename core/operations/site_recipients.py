"""The hours of a campaign's recipients in a site file."""

from collections.abc import Mapping

from core.entries import Shape, one_of, read_table
from core.errors import InvalidValue
from core.operations import site_values as value
from core.operations.site_hours import PERIOD_KEYS, period_misfits, period_of
from core.rules.active_period import EVERY_MOMENT
from core.rules.recipient_hours import RecipientHours, UnknownZone

#: Longest name of an attribute, in characters.
MAX_ATTRIBUTE = 64


def read_recipient_hours(raw: object, place: str, problems: list[str]) -> RecipientHours | None:
    """What the table says; None for an empty one: at any hour."""
    values = read_table(raw, _SHAPE, place, problems)
    if not isinstance(raw, Mapping) or not raw:
        return None
    if not raw.keys() & PERIOD_KEYS:
        problems.append(f"{place}: give start_time, end_time or days; {{}} is at any hour")
    every = EVERY_MOMENT
    times = {"start_time": every.start, "end_time": every.end, "days": every.days, **values}
    problems += period_misfits(times, place)
    others = {key: found for key, found in values.items() if key not in PERIOD_KEYS}
    return RecipientHours(period=period_of(times), **others)


def _country(raw: object) -> str:
    # The package takes a while to import: only who names a country waits for it.
    from core.rules.recipient_zones import check_country

    try:
        return check_country(value.line()(raw))
    except InvalidValue as error:
        raise InvalidValue("", raw, error.expected) from None


_SHAPE: Shape = {
    "start_time": value.clock,
    "end_time": value.clock,
    "days": value.days,
    "attribute": value.line(MAX_ATTRIBUTE),
    "country": _country,
    "unknown": one_of(UnknownZone),
}
