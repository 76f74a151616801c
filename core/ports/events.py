"""What the world tells the dialer: PBX, dialplan, database. Each enters by the mailbox.

Calls are named by our own channel id, which is the Uniqueid and Linkedid of the channel
that Whipbird originated. What is not ours is ignored by the receiver, not by the sender.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.model import Attempt, Campaign, EndPoint, HopperEntry, ListPosition, Run, Server, Trunk
from core.rules.caps import Cap, Refusal
from core.rules.opening_hours import OpeningHours


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerUp:
    """The server takes calls. `started_at` is the PBX's own start-up time (UTC), if known;
    `live_channels` are the Uniqueids of the channels that exist now, ours and others';
    `answered_channels` those of them that are answered."""

    server_id: int
    started_at: datetime | None
    live_channels: frozenset[str]
    answered_channels: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelsListed:
    """Which of our channels exist, from time to time: a call that was up before `asked_at`
    and is not in `live_channels` is over."""

    server_id: int
    asked_at: datetime
    live_channels: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerDown:
    """The server is out of reach; `reason` is a sentence for people."""

    server_id: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginateSent:
    """The Originate left for the PBX, after it waited for its turn."""

    server_id: int
    channel_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginateRefused:
    """The Originate came to nothing at once. `was_sent` is False when it never left, so that
    the number certainly was not dialled; `is_final` when it never could, however often it is
    tried. `reason` is the PBX's text or ours. When no answer came at all, nothing is posted:
    the dialer's own time limit, counted from `OriginateSent`, decides."""

    server_id: int
    channel_id: str
    was_sent: bool
    reason: str
    is_final: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialling:
    """The PBX started the call (DialBegin); `channel` is its channel name."""

    server_id: int
    channel_id: str
    channel: str = ""


class DialSignal(StrEnum):
    """What the far end did before an answer (DialState)."""

    RINGING = "RINGING"
    PROGRESS = "PROGRESS"
    PROCEEDING = "PROCEEDING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signalled:
    """The far end gave a sign of life before an answer."""

    server_id: int
    channel_id: str
    signal: DialSignal


@dataclass(frozen=True, kw_only=True, slots=True)
class DialEnded:
    """Dialling ended; `status` is Asterisk's DialStatus (ANSWER, BUSY, CONGESTION, …)."""

    server_id: int
    channel_id: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Originated:
    """The PBX judged the Originate (OriginateResponse). `reason` is its number: 4 answered,
    0 failed, 3 ringing or none until the timeout, 5 busy, 8 congestion."""

    server_id: int
    channel_id: str
    is_answered: bool
    reason: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Transferred:
    """The agent transferred the call somewhere else, blindly or attended; it goes on."""

    server_id: int
    channel_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HungUp:
    """Our channel is gone. `cause` is Asterisk's hang-up cause, `tech_cause` the
    technology's own word, such as `SIP 486` (empty but for PJSIP)."""

    server_id: int
    channel_id: str
    cause: int
    tech_cause: str = ""


class Report(StrEnum):
    """The four reports of a dialplan (manual, "Controlling WD from Asterisk")."""

    #: Set the call's extended status: `value`.
    STATUS = "CALLSTATUS"
    #: Set output attribute `name` to `value`.
    ATTRIBUTE = "ATTRIBUTE"
    #: Append `value` to output attribute `name`.
    APPEND = "ATTR_APPEND"
    #: Drop all output attributes.
    CLEAR = "ATTR_CLEAR"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """The dialplan says something of a call, by user event or FastAGI.

    `call_ids` are the ids it was named by (Uniqueid, Linkedid), any of which may be our
    channel id. `name` is empty for STATUS and CLEAR.
    """

    call_ids: tuple[str, ...]
    report: Report
    name: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPlan:
    """All that the dialer needs to execute a run. `caps` are its campaign's and the site-wide
    ones; `record_count` is how many records its
    lists held when it was loaded, `retry_count` how many wait in its retry queue. If it
    `is_gathering`, more records of its lists are to come there."""

    run: Run
    campaign: Campaign
    servers: tuple[Server, ...]
    trunks: tuple[Trunk, ...]
    endpoints: tuple[EndPoint, ...]
    opening_hours: tuple[OpeningHours, ...] = ()
    caps: tuple[Cap, ...] = ()
    record_count: int = 0
    retry_count: int = 0
    is_gathering: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ServersLoaded:
    """The servers that are configured now."""

    servers: tuple[Server, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentCalls:
    """When a trunk placed the calls of its last period, in order, before a restart: its rate
    still counts them."""

    trunk: Trunk
    placed_at: tuple[datetime, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCall:
    """An attempt of unknown fate from before a restart, with all it was made from. Its trunk
    and end-point may have left the campaign since. If it was transferred, `connected_at` tells
    when it was answered."""

    attempt: Attempt
    entry: HopperEntry
    trunk: Trunk
    endpoint: EndPoint
    connected_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLoaded:
    """A run is to be executed: a new one, or one found in the database when the dialer
    starts, with its calls of unknown fate and the count of those that are over, by state."""

    plan: RunPlan
    open_calls: tuple[OpenCall, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)


class RunVerb(StrEnum):
    """What a person may ask of a run that exists (manual, "A run's life-cycle")."""

    PAUSE = "pause"
    UNPAUSE = "unpause"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReloaded:
    """The definition of a run's campaign is to be taken as it is now (manual, "Reload a
    campaign"). Where the run is stays as it is."""

    plan: RunPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class RunAsked:
    """Somebody asks something of a run."""

    run_id: int
    verb: RunVerb


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordsAdded:
    """So many records more than before wait in the run's retry queue for their first attempt."""

    run_id: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordsGathered:
    """So many records of the run's lists, which are not called in their order, wait in its retry
    queue now; if `is_more`, others are to come."""

    run_id: int
    count: int
    is_more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListsChanged:
    """The run's lists, in their order, as they now are in the database: one was added, paused,
    resumed or begun again. `record_count` is how many records the run has by now."""

    run_id: int
    lists: tuple[ListPosition, ...]
    record_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchFetched:
    """The answer to `FetchBatch`. `positions` say how far each list has now been read,
    `next_due_at` when the earliest retry that is not in `entries` comes due (None: there is
    none)."""

    run_id: int
    entries: tuple[HopperEntry, ...]
    positions: tuple[ListPosition, ...]
    next_due_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsCommitted:
    """These attempts are in the database: their Originates may leave."""

    attempt_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsBlacklisted:
    """These attempts are in the database, but their numbers must not be called: the second
    check, just before dialling, found them on a black list."""

    attempt_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsCapped:
    """These attempts are in the database, but caps refuse their numbers for now: `refusals` by
    attempt id."""

    refusals: Mapping[int, Refusal]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsRemoved:
    """These attempts, by id, are in the database, but their records are not to be called any
    more, for these reasons."""

    reasons: Mapping[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRefused:
    """The database will not have this attempt, for a reason that waiting does not cure: it
    must not be dialled."""

    attempt_id: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseDown:
    """The database does not do its work; `reason` is what it said."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseUp:
    """The database does its work again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopping:
    """The dialer is about to stop: no more calls are placed, and what has not left stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Starting:
    """Calls are placed again after `Stopping`."""


PbxEvent = (
    ServerUp
    | ServerDown
    | ChannelsListed
    | OriginateSent
    | OriginateRefused
    | Dialling
    | Signalled
    | DialEnded
    | Originated
    | Transferred
    | HungUp
)
Event = (
    PbxEvent
    | Reported
    | ServersLoaded
    | RecentCalls
    | RunLoaded
    | RunReloaded
    | RunAsked
    | RecordsAdded
    | RecordsGathered
    | ListsChanged
    | BatchFetched
    | AttemptsCommitted
    | AttemptsBlacklisted
    | AttemptsCapped
    | AttemptsRemoved
    | AttemptRefused
    | DatabaseDown
    | DatabaseUp
    | Stopping
    | Starting
)
