"""The site file: servers, trunks, end-points, lists and campaigns as a person writes them.

This reads TOML into entries whose values are checked one by one; whether they fit each other
and what is stored is `site_changes`' to say. Keys the file leaves out are left out here too.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.entries import (
    Shape,
    filled,
    flag,
    join,
    one_of,
    read_table,
    suggest,
    text,
    texts,
    whole,
)
from core.errors import InvalidValue
from core.model import Pace, ServerType, Simulation
from core.rules.dialstring import check_dial_string
from core.rules.extensions import check_context, check_extension
from core.rules.reschedule import RescheduleRule, RetryMode, check_rule
from core.rules.simulation import check_simulation
from core.rules.states import CallState
from core.rules.statuses import check_ext_status

#: Longest name of anything, in characters.
MAX_NAME = 100
#: Longest other text, in characters.
MAX_TEXT = 190
#: Longest account, in characters (Asterisk's AST_MAX_ACCOUNT_CODE less one).
MAX_ACCOUNT = 79

_YEAR_S = 366 * 24 * 3600
_MAX = 2**31 - 1


class Kind(StrEnum):
    """A section of the file, in the order in which they are stored."""

    #: PBXs.
    SERVER = "servers"
    #: Sets of lines, each on a server.
    TRUNK = "trunks"
    #: Where answered calls go, each on a server.
    END_POINT = "end_points"
    #: Lists of numbers.
    LIST = "lists"
    #: What is run.
    CAMPAIGN = "campaigns"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A named table. `values` holds what is right in its final form, other entries by name;
    `keys` is all that the table mentions, right or wrong."""

    kind: Kind
    name: str
    values: Mapping[str, Any]
    keys: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        return join(self.kind, self.name)


def parse_site(file_text: str) -> tuple[tuple[Entry, ...], list[str]]:
    """The entries of a site file, section by section, and all that is wrong in it."""
    try:
        tables = tomllib.loads(file_text)
    except tomllib.TOMLDecodeError as error:
        return (), [f"this is not TOML: {error}"]
    problems = [
        f"[{name}]: there is no such section; {suggest(name, list(Kind))}"
        for name in tables
        if name not in list(Kind)
    ]
    entries = [
        entry
        for kind in Kind
        if kind in tables
        for entry in _read_section(kind, tables[kind], problems)
    ]
    return tuple(entries), problems


def _read_section(kind: Kind, raw: object, problems: list[str]) -> Iterable[Entry]:
    if not isinstance(raw, Mapping):
        problems.append(f'{kind} "{raw}": write tables, [{kind}.NAME]')
        return
    for name, table in raw.items():
        place = join(kind, name)
        try:
            _name(name)
        except InvalidValue as error:
            problems.append(f"{place}: {error.expected}")
        values = read_table(table, _SHAPES[kind], place, problems, secrets=frozenset({"password"}))
        _read_nested(values, place, problems)
        keys = frozenset(table) if isinstance(table, Mapping) else frozenset()
        yield Entry(kind=kind, name=name, values=values, keys=keys)


def _read_nested(values: dict[str, Any], place: str, problems: list[str]) -> None:
    if "simulation" in values:
        values["simulation"] = _read_simulation(
            values["simulation"], f"{place}.simulation", problems
        )
    if "reschedule" in values:
        values["reschedule"] = tuple(
            _read_rule(rule, f"{place}.reschedule[{number}]", problems)
            for number, rule in enumerate(values["reschedule"], 1)
        )


def _read_simulation(raw: object, place: str, problems: list[str]) -> Simulation:
    shape: Shape = {"outcomes": _weights, "ring_s": _seconds, "talk_s": _seconds}
    simulation = Simulation(**read_table(raw, shape, place, problems))
    try:
        check_simulation(simulation.outcomes, simulation.ring_s, simulation.talk_s)
    except InvalidValue as error:
        problems.append(f'{place} {error.field} "{error.value}": {error.expected}')
    return simulation


def _read_rule(raw: object, place: str, problems: list[str]) -> RescheduleRule:
    values = read_table(raw, _RULE, place, problems)
    if isinstance(raw, Mapping) and "state" not in raw:
        problems.append(f"{place}.state: it must be given, such as RS_BUSY")
    rule = RescheduleRule(**{"state": CallState.RS_LOST, **values})
    try:
        return check_rule(rule)
    except InvalidValue as error:
        problems.append(f"{place}.retry_after_s: {error.expected}")
        return rule


def _name(value: object) -> str:
    name = filled(value)
    if len(name) > MAX_NAME or name != name.strip():
        raise InvalidValue(
            "", value, f"a name has at most {MAX_NAME} characters, no blanks around it"
        )
    return name


def _names(value: object) -> tuple[str, ...]:
    return tuple(_name(name) for name in texts(value))


def _set_of_names(value: object) -> tuple[str, ...]:
    """Names whose order says nothing."""
    return tuple(sorted(_names(value)))


def _line(value: object) -> str:
    if len(text(value)) > MAX_TEXT:
        raise InvalidValue("", value, f"it may have at most {MAX_TEXT} characters")
    return text(value)


def _account(value: object) -> str:
    if len(text(value)) > MAX_ACCOUNT:
        raise InvalidValue("", value, f"it may have at most {MAX_ACCOUNT} characters")
    return text(value)


def _host(value: object) -> str:
    host = filled(value)
    if any(character.isspace() or character == "/" for character in host) or len(host) > MAX_TEXT:
        raise InvalidValue("", value, "write a host name or an address, such as 127.0.0.1")
    return host


def _then(check: Callable[[str], str]) -> Callable[[object], str]:
    """A check of a rule, after that for a line of text."""
    return lambda value: check(_line(value))


def _final_state(value: object) -> CallState:
    finals = [state.value for state in CallState if state.is_final]
    if isinstance(value, str) and value.upper() in finals:
        return CallState(value.upper())
    raise InvalidValue("", value, f"a call must end in it; {suggest(str(value).upper(), finals)}")


def _ext_status(value: object) -> str:
    """Empty for any, `$` for none, else a status."""
    return check_ext_status(text(value)) if value != "" else ""


def _weights(value: object) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or not all(map(_is_number, value.values())):
        raise InvalidValue("", value, "write weights, { answered = 0.5, busy = 0.5 }")
    return {str(outcome): float(weight) for outcome, weight in value.items()}


def _seconds(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        raise InvalidValue("", value, "write the least and the most seconds, [1, 3]")
    return float(value[0]), float(value[1])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tables(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidValue("", value, "write rules, each [[campaigns.NAME.reschedule]]")
    return value


def _as_it_is(value: object) -> object:
    return value


_RULE: Shape = {
    "state": _final_state,
    "ext_status": _ext_status,
    "max_attempts": whole(0, 1000),
    "retry_after_s": whole(0, _YEAR_S),
    "mode": one_of(RetryMode),
}

_SHAPES: Mapping[Kind, Shape] = {
    Kind.SERVER: {
        "type": one_of(ServerType),
        "host": _host,
        "port": whole(1, 65535),
        "login": _line,
        "password": _line,
        "unit_ms": whole(1, 60_000),
        "messages_per_unit": whole(1, 100_000),
    },
    Kind.TRUNK: {
        "server": _name,
        "dial_string": _then(check_dial_string),
        "capacity": whole(1, 100_000),
        "max_calls_per_period": whole(1, 100_000),
        "period_ms": whole(1, 3_600_000),
        "simulation": _as_it_is,
    },
    Kind.END_POINT: {
        "server": _name,
        "extension": _then(check_extension),
        "context": _then(check_context),
        "max_channels": whole(1, 100_000),
    },
    Kind.LIST: {"file": filled},
    Kind.CAMPAIGN: {
        "priority": whole(-_MAX, _MAX),
        "pace": one_of(Pace),
        "idles_on_termination": flag,
        "batch_size": whole(1, 100_000),
        "answer_timeout_ms": whole(1, 3_600_000),
        "max_call_length_s": whole(0, _MAX),
        "caller_id": _line,
        "account": _account,
        "trunks": _set_of_names,
        "end_points": _set_of_names,
        "lists": _names,
        "reschedule": _tables,
    },
}
