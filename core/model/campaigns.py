"""A campaign: the template of its runs."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.rules.active_period import EVERY_MOMENT, ActivePeriod
from core.rules.disposition import DispositionRule
from core.rules.recipient_hours import RecipientHours
from core.rules.reschedule import RescheduleRule
from core.rules.run_mail import EmailEvents
from core.rules.stamps import UNSTAMPED, Stamp


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
