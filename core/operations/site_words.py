"""Values of a site file as people read them in a diff."""

from collections.abc import Callable, Mapping
from datetime import date, time
from enum import Enum
from typing import Any

from core.model import Simulation
from core.operations.site_disposition import NamedRule, show_disposition
from core.operations.site_values import DAYS, SECRETS
from core.rules.opening_hours import HourRule, RuleDate
from core.rules.recipient_hours import RecipientHours
from core.rules.reschedule import RescheduleRule, RetryMode

#: Instead of a secret.
MASK = "(not shown)"


def show(key: str, value: Any) -> str:
    """A value as people read it in a diff."""
    match value:
        case _ if key in SECRETS:
            return MASK
        case _ if key == "variables":
            return ", ".join(f"{name}:{found}" for name, found in value) or "none"
        case Enum():
            return value.name
        case bool():
            return str(value).lower()
        case _ if type(value) in _SHOWN:
            return _SHOWN[type(value)](value)
        case tuple():
            return ", ".join(show(key, part) for part in value) or "none"
        case None | "":
            return "none"
        case _:
            return str(value)


def _show_simulation(simulation: Simulation) -> str:
    weights = ", ".join(f"{name} {weight:g}" for name, weight in simulation.outcomes.items())
    return f"{weights}; ring {_span(simulation.ring_s)}; talk {_span(simulation.talk_s)}"


def _span(seconds: tuple[float, float]) -> str:
    return f"{seconds[0]:g}-{seconds[1]:g} s"


def _show_rule(rule: RescheduleRule) -> str:
    status = f"/{rule.ext_status}" if rule.ext_status else ""
    times = {0: "always", 1: "once"}.get(rule.max_attempts, f"{rule.max_attempts} times")
    growing = ", growing" if rule.mode is RetryMode.MULT else ""
    return f"{rule.state}{status} {times} after {rule.retry_after_s} s{growing}"


def _show_hour_rule(rule: HourRule) -> str:
    parts = [
        f'"{rule.name}"' if rule.name else "",
        "open" if rule.is_open else "closed",
        "" if rule.days is None else _show_days(rule.days),
        _show_range(_show_date(rule.date_from), _show_date(rule.date_to)),
        _show_range(_show_time(rule.time_from), _show_time(rule.time_to)),
    ]
    return " ".join(part for part in parts if part)


def _show_recipient_hours(hours: RecipientHours) -> str:
    period = hours.period
    parts = [
        f"{_show_days(period.days)} {period.start}-{period.end}",
        f"attribute {hours.attribute}" if hours.attribute else "",
        f"numbers of {hours.country}" if hours.country else "",
        f"unknown {hours.unknown}",
    ]
    return ", ".join(filter(None, parts))


def _show_days(days: frozenset[int]) -> str:
    return " ".join(DAYS[day - 1] for day in sorted(days))


def _show_range(start: str, end: str) -> str:
    if start == end:
        return start
    return f"{start}-{end}" if start and end else f"from {start}" if start else f"to {end}"


def _show_date(day: RuleDate | None) -> str:
    if isinstance(day, date):
        return day.strftime("%d/%m/%Y")
    return str(day or "")


def _show_time(clock: time | None) -> str:
    return "" if clock is None else str(clock)


#: Values of several parts, in one line each.
_SHOWN: Mapping[type, Callable[[Any], str]] = {
    Simulation: _show_simulation,
    RescheduleRule: _show_rule,
    NamedRule: show_disposition,
    HourRule: _show_hour_rule,
    RecipientHours: _show_recipient_hours,
    frozenset: _show_days,
}
