"""What Whipbird is told to do: servers, trunks, end-points, lists, campaigns.

Plain values, the same for store, dialer and faces. An id of 0 means "not stored yet".
Names and meanings follow the manual's chapter "Concepts" (25.02). An element is seen by those
who hold its `security_key`, by everyone if that is empty, and by who made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from core.rules.active_period import EVERY_MOMENT, ActivePeriod
from core.rules.caps import Cap, Refusal
from core.rules.disposition import DispositionRule
from core.rules.multinumbers import numbers_of
from core.rules.news import Topic
from core.rules.recipient_hours import RecipientHours
from core.rules.reschedule import RescheduleRule
from core.rules.run_mail import EmailEvents
from core.rules.stamps import UNSTAMPED, Stamp
from core.rules.states import CallState, RunState


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


class Pace(StrEnum):
    """A campaign's own status: whether it may be run (manual, "Campaigns")."""

    #: It can be run.
    RUNNABLE = "RUNNABLE"
    #: It cannot be run, but stays visible.
    CLOSED = "CLOSED"
    #: It cannot be run and is not shown.
    HIDDEN = "HIDDEN"
    #: It is marked as faulty and cannot be run.
    ERROR = "ERROR"


class Logging(StrEnum):
    """Where calls are logged besides Whipbird's own logs; the values are the wire's."""

    #: Nowhere.
    NONE = "NONE"
    #: In the queue_log of the Asterisk server.
    QM_COMPATIBLE = "QM_COMPATIBLE"


class BoostingModel(StrEnum):
    """Who sets the boost factor of runs; the values are the wire's."""

    #: People.
    OFF = "OFF"
    #: The dialer, by recent traffic.
    ADAPTIVE = "ADAPTIVE"


#: The greatest boost factor, in percent.
MAX_BOOST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A template for runs. The lowest `priority` dials first. `max_call_length_s` 0 is off.

    `trunk_ids`, `endpoint_ids`, `black_list_ids` and `cap_ids` are sets in practice; `list_ids`,
    `opening_hours_ids` and both kinds of rules are ordered. `active_period` and opening hours
    are read in `time_zone` (an IANA name). `dial_clid`, `agent_clid`, `dial_presentation` and
    `dial_account` may hold placeholders. `variables` go to each call, as do the AMD and fax
    settings that are not empty. The result of each call is posted to `http_notify`, a URL,
    unless it is empty; signed with `http_secret`, unless that is. The `email_events` of its
    runs are told to all of `email_addresses`. A number that a cap refuses is called when the cap
    allows it, if that is within `cap_wait_h` hours. `recipient_hours` are those in which people
    are called by their own clocks, None for any. If it `checks_every_number`, a record is not
    called while any of its numbers is on a black list, else while its main one is. Runs begin with
    the boost factor `boost_percent`. It, `boosting_model`, `auto_pause` (of agents, after a call)
    and what is said of logging are kept for queue end-points and have no effect before there are
    any.
    """

    id: int = 0
    name: str
    priority: int = 10
    pace: Pace = Pace.RUNNABLE
    idles_on_termination: bool = False
    batch_size: int = 100
    answer_timeout_ms: int = 30_000
    max_call_length_s: int = 0
    dial_clid: str = ""
    agent_clid: str = ""
    dial_presentation: str = ""
    dial_account: str = ""
    trunk_ids: tuple[int, ...] = ()
    endpoint_ids: tuple[int, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    amd_mode: str = ""
    amd_extra: str = ""
    amd_file: str = ""
    fax_file: str = ""
    http_notify: str = ""
    http_secret: str = field(default="", repr=False)
    email_events: EmailEvents = EmailEvents.NO
    email_addresses: tuple[str, ...] = ()
    time_zone: str = "UTC"
    active_period: ActivePeriod = EVERY_MOMENT
    opening_hours_ids: tuple[int, ...] = ()
    list_ids: tuple[int, ...] = ()
    black_list_ids: tuple[int, ...] = ()
    checks_every_number: bool = True
    cap_ids: tuple[int, ...] = ()
    cap_wait_h: int = 24
    recipient_hours: RecipientHours | None = None
    reschedule_rules: tuple[RescheduleRule, ...] = ()
    security_key: str = ""
    stamp: Stamp = field(default=UNSTAMPED, compare=False)
    disposition_rules: tuple[DispositionRule, ...] = ()
    boost_percent: int = 100
    boosting_model: BoostingModel = BoostingModel.OFF
    auto_pause: bool = False
    additional_logging: Logging = Logging.NONE
    logging_alias: str = ""
    logging_attributes: str = ""


class Part(StrEnum):
    """What a campaign has in an order, each with an id of its own."""

    #: The lists it dials.
    LIST = "list"
    #: Its opening hours.
    OPENING_HOURS = "opening-hours"
    #: When a call that ended is tried again.
    RESCHEDULE = "reschedule-rule"
    #: What is done with a call that is over.
    DISPOSITION = "disposition-rule"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPosition:
    """How far a run has come in one of its lists: every record up to `highwater`
    (a record id, 0 at the start) has been attempted or is waiting for a retry. A paused list is
    not read on. `round` counts how often it was begun again."""

    list_id: int
    list_name: str
    highwater: int = 0
    is_complete: bool = False
    is_paused: bool = False
    round: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One execution of a campaign. `attempted` counts calls placed, `completed` the
    records that will not be tried again, `added` those that came one by one, not by a list.
    `boost_percent` is kept for queue end-points, whose free channels it will multiply."""

    id: int = 0
    campaign_id: int
    state: RunState = RunState.RUNNABLE
    started_at: datetime
    ended_at: datetime | None = None
    attempted: int = 0
    completed: int = 0
    added: int = 0
    error: str = ""
    boost_percent: int = 100
    lists: tuple[ListPosition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOverview:
    """A run and the campaign it is of, whose key protects it. `cached`, `backlog` and `retries`
    are as the dialer last showed them, 0 if it never did."""

    id: int
    campaign_id: int
    campaign: str
    priority: int
    active_period: ActivePeriod
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    completed: int
    boost_percent: int
    cached: int
    backlog: int
    retries: int
    security_key: str
    stamp: Stamp


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """What a number is checked against before it is called: black lists, which are asked for every
    number of its record or for the main one, and whose expiry dates are read in `time_zone`;
    and caps, whose days are counted there. `recipient_hours` ask in
    which zones the person may be."""

    black_list_ids: tuple[int, ...] = ()
    checks_every_number: bool = True
    caps: tuple[Cap, ...] = ()
    time_zone: str
    recipient_hours: RecipientHours | None = None

    def numbers_of(self, record: Record) -> tuple[str, ...]:
        """Those of the record's numbers for which black lists are asked."""
        return numbers_of(record.number, record.inputs, every_one=self.checks_every_number)


@dataclass(frozen=True, kw_only=True, slots=True)
class HopperEntry:
    """A record waiting in memory to be dialled.

    `attempt_no` counts every attempt of the record in its run from 0; `retry_no` is the
    manual's recall counter, which rules with zero attempts leave alone. `is_retry` tells
    an entry of the retry queue, where added records wait for their first attempt too, from
    one fresh off its list. `is_blacklisted` and `refusal`, a cap's, are what the first check
    found, when the entry was fetched, and `zones` the IANA names of all zones in which the
    person may be: none if nothing is known, None if nobody asked. `removal` says why its record
    was taken away, if it was: then it is not called, and nobody is told of it.
    """

    record: Record
    list_name: str
    attempt_no: int = 0
    retry_no: int = 0
    is_retry: bool = False
    is_blacklisted: bool = False
    refusal: Refusal | None = None
    zones: tuple[str, ...] | None = None
    removal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A call that is about to be placed or under way, as it is committed before its
    Originate leaves. `id` is the WombatID; (run, record, attempt_no) is unique for ever. One
    that was found on a black list when it was fetched has neither server nor lines."""

    id: int
    run_id: int
    campaign_id: int
    record_id: int
    list_id: int
    server_id: int | None
    trunk_id: int | None
    endpoint_id: int | None
    attempt_no: int
    retry_no: int
    number: str
    channel_id: str
    requested_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """A record's next attempt in its run, due at `due_at`, `after_s` seconds from its
    last one's end. `priority` is the record's."""

    run_id: int
    record_id: int
    attempt_no: int
    retry_no: int
    after_s: int
    due_at: datetime
    priority: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLog:
    """The trail of one attempt (manual, "Call logs"). Waits and talk are milliseconds:
    REQUESTED to DIALLING, DIALLING to CONNECTED, CONNECTED to the end. `next_retry_s` 0
    means that no retry follows. `cause` is the Hangup's, `tech_cause` the SIP code."""

    attempt: Attempt
    state: CallState
    ext_status: str = ""
    wait_pre_ms: int = 0
    wait_after_ms: int = 0
    talk_ms: int = 0
    next_retry_s: int = 0
    channel: str = ""
    cause: int = 0
    tech_cause: str = ""
    reason: str = ""
    ended_at: datetime

    @property
    def connected_at(self) -> datetime | None:
        """None of a call that was not answered."""
        return self.ended_at - timedelta(milliseconds=self.talk_ms) if self.talk_ms else None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedCall:
    """A call's log with its record as it is now and the names of all that it used, empty where
    it had no line."""

    log: CallLog
    record: Record
    campaign: str
    run_started_at: datetime
    list_name: str
    server: str = ""
    trunk: str = ""
    endpoint: str = ""
