"""The public holidays of a country as rules that close.

Source: the `holidays` package, by ISO 3166 codes. The rules come in front of a campaign's
other opening hours, in a set whose default is open (manual 25.02, "Opening Hours").
"""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from holidays import HolidayBase, country_holidays
from holidays.registry import COUNTRIES

from core.errors import InvalidValue
from core.rules.opening_hours import HourRule


def public_holidays(
    country: str, subdivision: str | None, years: Iterable[int]
) -> tuple[HourRule, ...]:
    """One rule for each holiday in `years`, by date, under its name in the country's own
    language. Days observed in place of a holiday on a weekend are among them.

    `country` is a code of two or three letters, `subdivision` one of its regions, or None
    for the holidays of the whole country. InvalidValue, naming the nearest right code, if
    either is unknown. A year of which nothing is known has no rules.
    """
    code = _find_code("country", country, _countries())
    known = country_holidays(code)
    region = _find_region(known, code, subdivision) if subdivision else None
    # Without a language the names would follow this machine's locale.
    found = country_holidays(
        code, subdiv=region, years=sorted(set(years)), language=known.default_language
    )
    return tuple(
        HourRule(name=name, date_from=day, date_to=day, is_open=False)
        for day, name in sorted(found.items())
    )


def _countries() -> dict[str, list[str]]:
    """By code of two letters, everything else a country is known by."""
    return {
        codes[0]: [*codes[1:], name.replace("_", " ").title()]
        for name, (_, *codes) in COUNTRIES.items()
    }


def _find_region(known: HolidayBase, country: str, subdivision: str) -> str:
    if not known.subdivisions:
        raise InvalidValue("subdivision", subdivision, f"{country} has none: leave it out")
    return _find_code("subdivision", subdivision, known.get_subdivision_aliases())


def _find_code(field: str, text: str, names_by_code: Mapping[str, Iterable[str]]) -> str:
    """The code that `text` is, or is another name of, letter case apart."""
    wanted = text.strip().casefold()
    likeness, code, name = max(
        (SequenceMatcher(None, wanted, name.casefold()).ratio(), code, name)
        for code, names in names_by_code.items()
        for name in (code, *names)
    )
    if likeness == 1:
        return code
    shown = code if name == code else f"{code} ({name})"
    raise InvalidValue(field, text, f"it is unknown; the nearest is {shown}")
