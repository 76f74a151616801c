"""What is configured, kind by kind, in the words of the site file (docs/site-file.md).

These say of which kind of JSON a value is; what it may be, `core.operations` decides.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from web.api.kinds import Moment, Name

ServerKind = Literal["ami", "simulated"]
HoursDefault = Literal["open", "closed"]
RuleState = Literal["OPEN", "CLOSED"]
CapDay = Literal["rolling", "calendar"]
CapPreset = Literal["us-reg-f", "france"]


class Simulation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a simulated server does with calls: `outcomes` gives weights to `answered`,
    `transferred`, `busy`, `noanswer`, `congestion`, `number`, `rejected` and `silent`; seconds
    are the least and the most."""

    outcomes: dict[str, float] | UnsetType = UNSET
    ring_s: tuple[float, float] | UnsetType = UNSET
    talk_s: tuple[float, float] | UnsetType = UNSET


class HourRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule matches when all that it mentions does. `days` are such as `23456`, 1 for Sunday;
    dates `25/12` or `25/12/2026`, times `9:30` or `09:30:00`."""

    state: RuleState
    name: str | UnsetType = UNSET
    days: str | UnsetType = UNSET
    from_date: str | UnsetType = UNSET
    to_date: str | UnsetType = UNSET
    from_time: str | UnsetType = UNSET
    to_time: str | UnsetType = UNSET


class Holidays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public holidays of a country, which become rules that close, after the others."""

    country: str
    years: tuple[int, ...]
    subdivision: str | UnsetType = UNSET


class Named(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: Name


class Stamped(Named, frozen=True, kw_only=True):
    """Moments and names are null and empty where nobody is known."""

    created_at: Moment | None
    created_by: str
    changed_at: Moment | None
    changed_by: str


#: The fields that are only told.
TOLD = ("id", "created_at", "created_by", "changed_at", "changed_by")


class ServerShown(Stamped, frozen=True, kw_only=True):
    """A PBX; its password is not shown."""

    type: ServerKind
    host: str
    port: int
    login: str
    unit_ms: int
    messages_per_unit: int
    security_key: str


class TrunkShown(Stamped, frozen=True, kw_only=True):
    """A set of lines on a server."""

    server: str
    dial_string: str
    capacity: int
    max_calls_per_period: int
    period_ms: int
    security_key: str
    simulation: Simulation | UnsetType = UNSET


class EndPointShown(Stamped, frozen=True, kw_only=True):
    """Where answered calls go."""

    server: str
    extension: str
    context: str
    max_channels: int
    description: str
    queue_name: str
    boost_percent: int
    max_waiting_calls: int
    reverse_dialing: bool
    manual_preview: bool
    dial_find: str
    dial_replace: str
    security_key: str


class ConfiguredList(Stamped, frozen=True, kw_only=True):
    """A list of numbers, without them."""

    hidden: bool
    security_key: str


class OpeningHoursShown(Stamped, frozen=True, kw_only=True):
    """Rules that open and close campaigns: the first that matches decides."""

    default: HoursDefault
    rules: tuple[HourRule, ...]
    comment: str
    hidden: bool
    security_key: str


class CapShown(Named, frozen=True, kw_only=True):
    """How often a number is called, by all campaigns together."""

    attempts: int
    days: int
    rest_days: int
    day: CapDay
    site_wide: bool
