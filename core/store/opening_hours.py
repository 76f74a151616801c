"""Opening hours in the database, each with its rules in order."""

from collections.abc import Sequence
from datetime import date, time
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, select

from core.errors import NotFound
from core.rules.active_period import parse_days, parse_time
from core.rules.opening_hours import (
    DefaultMode,
    HourRule,
    MonthDay,
    OpeningHours,
    RuleDate,
    parse_date,
)
from core.store.rows import fields_of, replace_parts, save, values_of
from core.store.schema import opening_hours, opening_hours_rule

#: Most opening hours an installation may have.
LIMIT = 10_000


def fetch_all_opening_hours(conn: Connection) -> list[OpeningHours]:
    query = select(opening_hours).order_by(opening_hours.c.id).limit(LIMIT)
    return make_opening_hours(conn, conn.execute(query).mappings().all())


def fetch_opening_hours(conn: Connection, opening_hours_id: int) -> OpeningHours:
    """NotFound if there are none of this id."""
    return _fetch_one(conn, opening_hours.c.id == opening_hours_id, opening_hours_id)


def fetch_opening_hours_by_name(conn: Connection, name: str) -> OpeningHours:
    """NotFound if there are none of this name."""
    return _fetch_one(conn, opening_hours.c.name == name, name)


def _fetch_one(conn: Connection, condition: ColumnElement[bool], shown: object) -> OpeningHours:
    row = conn.execute(select(opening_hours).where(condition)).mappings().first()
    if row is None:
        raise NotFound("set of opening hours", shown)
    return make_opening_hours(conn, [row])[0]


def save_opening_hours(conn: Connection, value: OpeningHours) -> OpeningHours:
    """Insert (id 0) or update the opening hours and their rules; what is stored."""
    columns = values_of(value, without=("default", "rules"))
    columns["default_mode"] = value.default
    stored = save(conn, opening_hours, value, columns)
    rules = [{"idx": idx, **_columns(rule)} for idx, rule in enumerate(value.rules, 1)]
    replace_parts(conn, opening_hours_rule.c.opening_hours_id, stored.id, rules)
    return stored


def render_days(days: frozenset[int]) -> str:
    """As core.rules.active_period reads them: "23456"."""
    return "".join(map(str, sorted(days)))


def render_time(clock: time) -> str:
    """As core.rules.active_period reads it: "093000"."""
    return clock.strftime("%H%M%S")


def render_date(day: RuleDate) -> str:
    """As core.rules.opening_hours reads it: "25/12" or "25/12/2026"."""
    if isinstance(day, MonthDay):
        return str(day)
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def make_opening_hours(conn: Connection, rows: Sequence[RowMapping]) -> list[OpeningHours]:
    """The opening hours of these rows, with their rules."""
    table = opening_hours_rule.c
    query = select(opening_hours_rule).where(table.opening_hours_id.in_([r["id"] for r in rows]))
    found = conn.execute(query.order_by(table.opening_hours_id, table.idx)).all()
    grouped = groupby(found, lambda rule: int(rule.opening_hours_id))
    rules = {key: tuple(map(_rule, group)) for key, group in grouped}
    return [_opening_hours(fields_of(row), rules.get(row["id"], ())) for row in rows]


def _opening_hours(values: dict[str, Any], rules: tuple[HourRule, ...]) -> OpeningHours:
    default = DefaultMode(values.pop("default_mode"))
    return OpeningHours(**values, default=default, rules=rules)


def _rule(row: Row[tuple[object, ...]]) -> HourRule:
    return HourRule(
        name=row.name,
        days=row.days and parse_days(row.days, field="days"),
        date_from=row.date_from and parse_date(row.date_from, field="date from"),
        date_to=row.date_to and parse_date(row.date_to, field="date to"),
        time_from=row.time_from and parse_time(row.time_from, field="time from"),
        time_to=row.time_to and parse_time(row.time_to, field="time to"),
        is_open=row.is_open,
    )


def _columns(rule: HourRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "days": None if rule.days is None else render_days(rule.days),
        "date_from": _date(rule.date_from),
        "date_to": _date(rule.date_to),
        "time_from": _time(rule.time_from),
        "time_to": _time(rule.time_to),
        "is_open": rule.is_open,
    }


def _date(day: MonthDay | date | None) -> str | None:
    return None if day is None else render_date(day)


def _time(clock: time | None) -> str | None:
    return None if clock is None else render_time(clock)
