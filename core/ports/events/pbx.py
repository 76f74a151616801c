"""What PBXs and dialplans say.

Calls are named by our own channel id, which is the Uniqueid and Linkedid of the channel
that Whipbird originated. What is not ours is ignored by the receiver, not by the sender.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """The server is out of reach; `reason` is a sentence for people. It `is_left` if that is our
    own doing."""

    server_id: int
    reason: str
    is_left: bool = False


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
