"""In which time zones a person may be, by what the record and the number say.

Source: the `phonenumbers` package, which knows the zones of each country's prefixes. It knows
where a number was given out, not where its telephone is.
"""

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS, NumberParseException, parse
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from core.errors import InvalidValue
from core.rules.recipient_hours import RecipientHours


def check_country(code: str) -> str:
    """The ISO 3166 code in capital letters; InvalidValue if no numbers of it are known."""
    if code.upper() not in SUPPORTED_REGIONS:
        raise InvalidValue("country", code, "write an ISO 3166 code of two letters, such as US")
    return code.upper()


def zones_of(hours: RecipientHours, number: str, inputs: Mapping[str, str]) -> tuple[str, ...]:
    """The IANA names of all zones in which the person may be; none if nothing is known.

    The attribute wins over the number, if it names a zone.
    """
    named = inputs.get(hours.attribute, "").strip() if hours.attribute else ""
    if named and _is_zone(named):
        return (named,)
    zones = _zones_of_number(number, hours.country)
    return zones if all(map(_is_zone, zones)) else ()


def _zones_of_number(number: str, country: str) -> tuple[str, ...]:
    written = f"+{number[2:]}" if not country and number.startswith("00") else number
    try:
        found = time_zones_for_number(parse(written, country or None))
    except NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != UNKNOWN_TIMEZONE)


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
