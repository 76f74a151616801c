"""What calls are made with: servers, trunks, end-points, lists and their records; webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.rules.news import Topic
from core.rules.stamps import UNSTAMPED, Stamp


class ServerType(StrEnum):
    """How a server is reached; the values are the ones on the wire."""

    #: An Asterisk PBX over its Manager Interface.
    AMI = "ASTERISKAMI"
    #: The simulated PBX: no telephone rings.
    SIMULATED = "FAKEAMI"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A PBX. At most `messages_per_unit` AMI messages leave in each `unit_ms`."""

    id: int = 0
    name: str
    type: ServerType = ServerType.AMI
    host: str = "127.0.0.1"
    port: int = 5038
    login: str = ""
    password: str = field(default="", repr=False)
    unit_ms: int = 50
    messages_per_unit: int = 5
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulation:
    """What the simulated PBX does with calls on a trunk.

    `outcomes` maps `answered`, `transferred`, `busy`, `noanswer`, `congestion`, `number`,
    `rejected`, `silent` to weights. The defaults are the manual's "Fake AMI": half answered,
    picked up within 1-3 s, open for 3-6 s. Times are seconds, drawn evenly from (least, most).
    """

    outcomes: Mapping[str, float] = field(
        default_factory=lambda: {"answered": 0.5, "noanswer": 0.25, "busy": 0.25}
    )
    ring_s: tuple[float, float] = (1.0, 3.0)
    talk_s: tuple[float, float] = (3.0, 6.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trunk:
    """A set of lines. `dial_string` holds `${num}`; at most `capacity` calls at once and
    `max_calls_per_period` new ones in any `period_ms`. `simulation` matters only on a
    simulated server; None there means the manual's figures."""

    id: int = 0
    server_id: int
    name: str
    dial_string: str
    capacity: int = 10
    max_calls_per_period: int = 100
    period_ms: int = 1000
    simulation: Simulation | None = None
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndPoint:
    """Where an answered call goes: an extension and context of its server (type PHONE).
    `description` is free. What is said of a queue, and of how its agents are called, is kept and
    has no effect, as for the manual's end-points of this type."""

    id: int = 0
    server_id: int
    name: str
    extension: str
    context: str
    max_channels: int = 10
    description: str = ""
    queue_name: str = ""
    boost_percent: int = 100
    max_waiting_calls: int = 0
    reverse_dialing: bool = False
    manual_preview: bool = False
    dial_find: str = ""
    dial_replace: str = ""
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallList:
    """A named list of records. A hidden one is left out where lists are offered."""

    id: int = 0
    name: str
    is_hidden: bool = False
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A number to be called, with what is known of it (`inputs`) and what calls found out
    (`outputs`). Attribute values are text. Of records that wait, the lowest `priority` is called
    first; before `not_before` and from `expires_at` on none is called. One that `is_ahead` is not
    called in the order of its list. `fault` says why it cannot be called, when its row in the
    database is no record's; else it is empty."""

    id: int = 0
    list_id: int
    number: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    is_ahead: bool = False
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """A server that is told of calls that are over and of runs. Empty `topics` and `campaign_ids`
    are all of them. It is told of what the user `acts_for` may see, with these `keys` of theirs
    alone unless that is None. `failing_since` is when its server began to take nothing."""

    id: int = 0
    name: str
    url: str
    secret: str = field(repr=False)
    topics: tuple[Topic, ...] = ()
    campaign_ids: tuple[int, ...] = ()
    acts_for: str
    keys: tuple[str, ...] | None = None
    is_enabled: bool = True
    why_disabled: str = ""
    failing_since: datetime | None = None
    stamp: Stamp = field(default=UNSTAMPED, compare=False)
