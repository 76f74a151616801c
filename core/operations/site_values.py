"""The checks of single values of a site file.

Each takes a value as TOML gives it and returns it in its final form, or raises InvalidValue
with what would be right; `core.entries` adds the place.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from core.entries import filled, suggest, text, texts
from core.errors import InvalidValue
from core.rules import active_period, campaign_variables, mail, notifications, opening_hours
from core.rules.keys import check_security_key
from core.rules.opening_hours import RuleDate
from core.rules.placeholders import check_template
from core.rules.run_mail import MAX_ADDRESSES
from core.rules.states import CallState
from core.rules.statuses import check_ext_status

#: Longest name of anything, in characters.
MAX_NAME = 100
#: Longest other text, in characters.
MAX_TEXT = 190
#: Longest account, in characters (Asterisk's AST_MAX_ACCOUNT_CODE less one).
MAX_ACCOUNT = 79
#: Longest mode of answering machine detection, in characters.
MAX_MODE = 64
#: Most variables of a campaign.
MAX_VARIABLES = 8
#: Most variables and AMD and fax settings of a campaign together: AMI accepts 126 headers, of
#: which an Originate has 12, Whipbird's own variables are 4 and a record's attributes 100.
MAX_CARRIED = 10

#: Keys whose values are never shown.
SECRETS = frozenset({"password", "http_secret"})

#: The manual's names of days, by number less one.
DAYS = ("Su", "Mo", "Tu", "We", "Th", "Fr", "Sa")

_LONG_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAYS_EXPECTED = 'write days as "23456", 1 for Sunday to 7 for Saturday, or as ["Mo", "Tu"]'
#: Zones that depend on the machine, or are none.
_NO_ZONES = {"localtime", "Factory"}


def name(value: object) -> str:
    """The name of an entry."""
    found = filled(value)
    if len(found) > MAX_NAME or found != found.strip():
        raise InvalidValue(
            "", value, f"a name has at most {MAX_NAME} characters, no blanks around it"
        )
    return found


def names(value: object) -> tuple[str, ...]:
    return tuple(name(one) for one in texts(value))


def set_of_names(value: object) -> tuple[str, ...]:
    """Names whose order says nothing."""
    return tuple(sorted(names(value)))


def line(most: int = MAX_TEXT) -> Callable[[object], str]:
    """A check for a line of text, which may be empty, of at most so many characters."""

    def check(value: object) -> str:
        if len(text(value)) > most:
            raise InvalidValue("", value, f"it may have at most {most} characters")
        return text(value)

    return check


def ruled(check: Callable[[str], str], most: int = MAX_TEXT) -> Callable[[object], str]:
    """A check of a rule, after that for a line of text."""
    shorten = line(most)
    return lambda value: check(shorten(value))


def url(value: object) -> str:
    """Where the results of calls are posted to; empty for nowhere."""
    return notifications.check_url(text(value)) if value != "" else ""


def addresses(value: object) -> tuple[str, ...]:
    """E-mail addresses."""
    found = texts(value)
    if len(found) > MAX_ADDRESSES:
        raise InvalidValue("", value, f"a campaign has at most {MAX_ADDRESSES} addresses")
    for address in found:
        try:
            mail.check_address(address)
        except InvalidValue as error:
            raise InvalidValue("", value, f'"{address}": {error.expected}') from None
    return found


template = ruled(check_template)
account = ruled(check_template, MAX_ACCOUNT)


def host(value: object) -> str:
    found = filled(value)
    if any(character.isspace() or character == "/" for character in found) or len(found) > MAX_TEXT:
        raise InvalidValue("", value, "write a host name or an address, such as 127.0.0.1")
    return found


def security_key(value: object) -> str:
    """The key that protects an element; empty for none."""
    return check_security_key(text(value))


def final_state(value: object) -> CallState:
    finals = {s.upper(): s for s in CallState if s.is_final and s is not CallState.RS_EXPIRED}
    word = str(value).upper()
    if word in finals:
        return finals[word]
    raise InvalidValue("", value, f"a call must end in it; {suggest(word, finals)}")


def ext_status(value: object) -> str:
    """Empty for any, `$` for none, else a status."""
    return check_ext_status(text(value)) if value != "" else ""


def weights(value: object) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or not all(map(_is_number, value.values())):
        raise InvalidValue("", value, "write weights, { answered = 0.5, busy = 0.5 }")
    return {str(outcome): float(weight) for outcome, weight in value.items()}


def seconds(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        raise InvalidValue("", value, "write the least and the most seconds, [1, 3]")
    return float(value[0]), float(value[1])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tables(expected: str) -> Callable[[object], list[object]]:
    """A check for a list of tables, which somebody else reads."""

    def check(value: object) -> list[object]:
        if not isinstance(value, list):
            raise InvalidValue("", value, expected)
        return value

    return check


def as_it_is(value: object) -> object:
    return value


def time_zone(value: object) -> str:
    """The name of a time zone, as IANA spells it."""
    zone = filled(value)
    if zone in _zones():
        return zone
    near = get_close_matches(_fold(zone), _places(), n=1)
    meant = f'is "{_places()[near[0]]}" meant?' if near else "such as Europe/Zurich or UTC"
    raise InvalidValue("", value, f"write an IANA time zone; {meant}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


@cache
def _places() -> Mapping[str, str]:
    """Zones by all that people may write instead: the name in any case, the city alone."""
    zones = sorted(_zones())
    cities = {_fold(zone.rpartition("/")[2]): zone for zone in zones}
    return cities | {_fold(zone): zone for zone in zones}


def _fold(zone: str) -> str:
    return zone.replace("_", " ").casefold()


def clock(value: object) -> time:
    """A time of day: text such as "9:30" or "093000", or TOML's own 09:30:00."""
    shown = value.isoformat() if isinstance(value, time) else text(value)
    return active_period.parse_time(shown, field="")


def day(value: object) -> RuleDate:
    """A date: text such as "25/12" or "25/12/2026", or TOML's own 2026-12-25."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return opening_hours.parse_date(text(value), field="")


def days(value: object) -> frozenset[int]:
    """Days of the week, 1 for Sunday: "23456", or names of at least two letters."""
    if isinstance(value, str):
        return active_period.parse_days(value, field="")
    if not isinstance(value, list):
        raise InvalidValue("", value, _DAYS_EXPECTED)
    found = frozenset(map(_weekday, value))
    return active_period.check_days(found, field="")


def _weekday(value: object) -> int:
    word = value.casefold() if isinstance(value, str) else ""
    for number, full in enumerate(_LONG_DAYS, 1):
        if len(word) >= 2 and full.startswith(word):
            return number
    raise InvalidValue("", value, f'"{value}" is no day; {_DAYS_EXPECTED}')


def is_open(value: object) -> bool:
    """The state that a rule of opening hours gives."""
    states = {"OPEN": True, "CLOSED": False}
    if isinstance(value, str) and value.upper() in states:
        return states[value.upper()]
    raise InvalidValue("", value, suggest(str(value).upper(), states))


def years(value: object) -> tuple[int, ...]:
    if (
        not isinstance(value, list)
        or not value
        or not all(type(year) is int and 1900 <= year <= 2100 for year in value)
    ):
        raise InvalidValue("", value, "write a list of years, [2026, 2027]")
    return tuple(value)


def variables(value: object) -> tuple[tuple[str, str], ...]:
    """The variables of a campaign, written `A:B,C:D`."""
    written = text(value)
    count = sum(1 for part in written.split(",") if part.strip())
    if count > MAX_VARIABLES:
        expected = f"a campaign has at most {MAX_VARIABLES} variables, these are {count}"
        raise InvalidValue("", value, expected)
    try:
        return campaign_variables.parse_campaign_variables(written)
    except InvalidValue as error:
        raise InvalidValue("", value, f'"{error.value}": {error.expected}') from None
