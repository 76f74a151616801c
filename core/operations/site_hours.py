"""Opening hours in a site file: the rules that are written, then public holidays.

Source of what they mean: manual 25.02, "Opening Hours".
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from core.entries import Shape, filled, read_table
from core.errors import InvalidValue
from core.operations import site_values as value
from core.rules.active_period import ActivePeriod, check_active_period
from core.rules.opening_hours import (
    DefaultMode,
    HourRule,
    OpeningHours,
    check_opening_hours,
)

#: The keys of a campaign that make its active period.
PERIOD_KEYS = frozenset({"start_time", "end_time", "days"})

_RULE: Shape = {
    "name": value.line(),
    "days": value.days,
    "from_date": value.day,
    "to_date": value.day,
    "from_time": value.clock,
    "to_time": value.clock,
    "state": value.is_open,
}
_HOLIDAYS: Shape = {"country": filled, "subdivision": filled, "years": value.years}
_FIELDS = {
    "from_date": "date_from",
    "to_date": "date_to",
    "from_time": "time_from",
    "to_time": "time_to",
    "state": "is_open",
}


def read_rules(
    values: dict[str, Any], keys: frozenset[str], place: str, problems: list[str]
) -> frozenset[str]:
    """Replace `rules` and `holidays`, as they were written, by all the rules they make; the
    keys of the table that are left. One that mentions neither says nothing of rules."""
    if not keys & {"rules", "holidays"}:
        return keys
    written = [
        _read_rule(raw, f"{place}.rules[{number}]", problems)
        for number, raw in enumerate(values.get("rules", ()), 1)
    ]
    if "holidays" in values:
        written += _read_holidays(values.pop("holidays"), f"{place}.holidays", problems)
    values["rules"] = tuple(written)
    return keys - {"holidays"} | {"rules"}


def _read_rule(raw: object, place: str, problems: list[str]) -> HourRule:
    values = read_table(raw, _RULE, place, problems)
    if isinstance(raw, Mapping) and "state" not in raw:
        problems.append(f'{place}.state: it must be given, "OPEN" or "CLOSED"')
    fields = {_FIELDS.get(key, key): found for key, found in values.items()}
    rule = HourRule(**{"is_open": False, **fields})
    problems += _misfits(rule, place)
    return rule


def _misfits(rule: HourRule, place: str) -> Iterable[str]:
    """What is wrong between the ends of its times, and of its dates."""
    parts = {
        "to_time": replace(rule, date_from=None, date_to=None),
        "to_date": replace(rule, time_from=None, time_to=None),
    }
    for key, part in parts.items():
        alone = OpeningHours(name="", default=DefaultMode.OPEN, rules=(part,))
        try:
            check_opening_hours(alone)
        except InvalidValue as error:
            yield f'{place}.{key} "{error.value}": {error.expected}'


def _read_holidays(raw: object, place: str, problems: list[str]) -> list[HourRule]:
    # The package takes a tenth of a second to import: only who names holidays waits for it.
    from core.rules.public_holidays import public_holidays

    values = read_table(raw, _HOLIDAYS, place, problems)
    missing = [key for key in ("country", "years") if isinstance(raw, Mapping) and key not in raw]
    problems += [f"{place}.{key}: it must be given" for key in missing]
    if not {"country", "years"} <= set(values):
        return []
    try:
        rules = public_holidays(values["country"], values.get("subdivision"), values["years"])
    except InvalidValue as error:
        problems.append(f'{place}.{error.field} "{error.value}": {error.expected}')
        return []
    known = {rule.date_from.year for rule in rules if isinstance(rule.date_from, date)}
    problems += [
        f'{place}.years "{year}": no holidays of {values["country"]} are known in it'
        for year in values["years"]
        if year not in known
    ]
    return list(rules)


def period_of(values: Mapping[str, Any]) -> ActivePeriod:
    """The active period that a campaign's values make."""
    return ActivePeriod(start=values["start_time"], end=values["end_time"], days=values["days"])


def period_misfits(values: Mapping[str, Any], place: str) -> Iterable[str]:
    """What is wrong between the beginning and the end of a campaign's active period."""
    try:
        check_active_period(period_of(values))
    except InvalidValue as error:
        yield f'{place}.end_time "{error.value}": {error.expected}'
