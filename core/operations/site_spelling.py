"""Values of entries as a person would write them in a site file: what `site_file` reads.

Secrets are left out, and so is what a file cannot say: that a trunk has no simulation.
"""

from collections.abc import Callable, Mapping
from datetime import time
from enum import Enum
from typing import Any

from core.model import ServerType, Simulation
from core.operations.site_disposition import NamedRule, disposition_keys
from core.operations.site_file import Entry
from core.operations.site_values import SECRETS
from core.rules.caps import DayKind
from core.rules.disposition import Verb
from core.rules.opening_hours import DefaultMode, HourRule, RuleDate
from core.rules.recipient_hours import RecipientHours, UnknownZone
from core.rules.reschedule import RescheduleRule
from core.store.opening_hours import render_date, render_days

#: Enums whose members the site file's documentation writes in small letters.
_SMALL = (ServerType, DayKind, DefaultMode, UnknownZone, Verb)


def spell(entry: Entry) -> dict[str, Any]:
    """The entry's values by their keys, as texts, numbers, lists and tables."""
    return {
        key: spell_value(key, value)
        for key, value in entry.values.items()
        if key not in SECRETS and (value is not None or key == "recipient_hours")
    }


def spell_value(key: str, value: Any) -> Any:
    """What stands under `key`, or a part of it, in the same way."""
    match value:
        case _ if key == "variables":
            return _pairs(value)
        case None:
            return {}
        case Enum():
            return value.name.lower() if isinstance(value, _SMALL) else str(value.value)
        case time():
            return spell_time(value)
        case frozenset():
            return spell_days(value)
        case tuple():
            return [spell_value(key, part) for part in value]
        case _ if type(value) in _TABLES:
            return _TABLES[type(value)](value)
        case _:
            return value


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f"{name}:{value}" for name, value in pairs)


def _simulation(found: Simulation) -> dict[str, Any]:
    return {
        "outcomes": dict(found.outcomes),
        "ring_s": list(found.ring_s),
        "talk_s": list(found.talk_s),
    }


def _reschedule(rule: RescheduleRule) -> dict[str, Any]:
    return {
        "state": str(rule.state),
        "ext_status": rule.ext_status,
        "max_attempts": rule.max_attempts,
        "retry_after_s": rule.retry_after_s,
        "mode": str(rule.mode),
    }


def _disposition(named: NamedRule) -> dict[str, Any]:
    rule = named.rule
    values: dict[str, Any] = {
        "state": str(rule.state),
        "ext_status": rule.ext_status,
        "with_retries_pending": rule.with_retries_pending,
        "action": rule.verb.name.lower(),
        "url": rule.destination,
        "to": rule.destination,
        "text": rule.text,
        "list": named.list,
        "campaign": named.campaign,
        "for_s": rule.defer_s,
        "after_s": rule.defer_s,
        "attributes": str(rule.attribute_mode),
        "set": _pairs(rule.attributes),
    }
    return {key: values[key] for key in disposition_keys(rule.verb)}


def _hour_rule(rule: HourRule) -> dict[str, Any]:
    limits = {
        "days": spell_days(rule.days),
        "from_date": spell_date(rule.date_from),
        "to_date": spell_date(rule.date_to),
        "from_time": spell_time(rule.time_from),
        "to_time": spell_time(rule.time_to),
    }
    return {
        "name": rule.name,
        **{key: value for key, value in limits.items() if value},
        "state": "OPEN" if rule.is_open else "CLOSED",
    }


def spell_days(days: frozenset[int] | None) -> str:
    """`23456`; empty for no limit."""
    return "" if days is None else render_days(days)


def spell_date(day: RuleDate | None) -> str:
    """`25/12` or `25/12/2026`; empty for no limit."""
    return "" if day is None else render_date(day)


def spell_time(clock: time | None) -> str:
    """`09:30:00`; empty for no limit."""
    return "" if clock is None else clock.isoformat()


def _recipient_hours(hours: RecipientHours) -> dict[str, Any]:
    where = {"attribute": hours.attribute, "country": hours.country}
    return {
        "start_time": spell_time(hours.period.start),
        "end_time": spell_time(hours.period.end),
        "days": spell_days(hours.period.days),
        **{key: value for key, value in where.items() if value},
        "unknown": hours.unknown.name.lower(),
    }


_TABLES: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Simulation: _simulation,
    RescheduleRule: _reschedule,
    NamedRule: _disposition,
    HourRule: _hour_rule,
    RecipientHours: _recipient_hours,
}
