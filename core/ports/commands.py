"""What the dialer asks of the PBX, of the database and of the journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.model import Attempt, CallLog, ListPosition, Retry, Screen, Trunk
from core.rules.disposition import Effect
from core.rules.news import CallEnded, News, RunChanged
from core.rules.notifications import Notification
from core.rules.states import RunState


@dataclass(frozen=True, kw_only=True, slots=True)
class Originate:
    """Place a call, asynchronously, under our own `channel_id`.

    `channel` is the rendered dial string. When it is answered within `answer_timeout_ms` it
    goes to `extension`@`context`, priority 1, with `endpoint_caller_id` as its caller-id; the
    dialled person is shown `caller_id`. `variables` are (name, value) pairs in their final,
    unescaped form. `trunk` is the line it uses.
    """

    attempt_id: int
    server_id: int
    trunk: Trunk
    channel_id: str
    channel: str
    extension: str
    context: str
    answer_timeout_ms: int
    caller_id: str = ""
    endpoint_caller_id: str = ""
    account: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HangUp:
    """End the call with this channel id, whatever its state."""

    server_id: int
    channel_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchBatch:
    """Read up to `limit` entries for the run's hopper: retries that are due first, those of the
    lowest priority and then the earliest ahead, then records of its lists in order, after each
    position's highwater. `held` are the records of retries that the dialer holds already.
    Entries that `screen` forbids are marked so."""

    run_id: int
    limit: int
    positions: tuple[ListPosition, ...]
    held: frozenset[int] = frozenset()
    screen: Screen | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptPlaced:
    """Journal: the attempt is about to leave. If it `is_retry`, the record's retry is used up,
    else its list is read so far in this `round`; `AttemptsCommitted` follows once this is safe;
    `AttemptsBlacklisted` if `screen` forbids one of `numbers`, which are those that it looks at;
    `AttemptsCapped` if it refuses the number that is dialled."""

    attempt: Attempt
    is_retry: bool = False
    round: int = 0
    numbers: tuple[str, ...] = ()
    screen: Screen | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallClosed:
    """Journal: the attempt is over. `retry` is its record's next one; `outputs` replace the
    record's output attributes, None leaves them alone. An attempt without lines was never
    placed: it uses up its record's retry here, or moves its list on, as an AttemptPlaced does.
    `notify` is to be posted once this is safe, `effects` are what disposition rules made of it:
    they come with it, once. `news` is what webhooks are told, None of what nobody is told of. What
    was not sent certainly reached nobody."""

    log: CallLog
    retry: Retry | None
    outputs: Mapping[str, str] | None
    notify: Notification | None = None
    is_retry: bool = False
    round: int = 0
    was_sent: bool = True
    effects: tuple[Effect, ...] = ()
    news: CallEnded | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailing:
    """What is to be sent of a campaign, apart from its calls; `at` is when it came about."""

    campaign_id: int
    at: datetime
    letters: tuple[Notification, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunProgressed:
    """Journal: where a run now is. Every record up to a position's highwater is attempted
    or in the retry queue once the entries written before this one are. A position counts only
    in its round, and says nothing of pauses. `mailing` is to be sent once this is safe, and
    webhooks are told the `news`, which there is only of a change of state."""

    run_id: int
    state: RunState
    attempted: int
    completed: int
    ended_at: datetime | None
    error: str
    positions: tuple[ListPosition, ...]
    mailing: Mailing | None = None
    news: RunChanged | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordDeferred:
    """Journal: a record of this list waits for hours in which it may be called. `retry` takes
    the place of the one it had, if it `is_retry`, or else moves the list on in its `round`;
    nothing was attempted."""

    retry: Retry
    list_id: int
    is_retry: bool
    round: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTransferred:
    """Journal: the attempt's call, which was answered at `connected_at`, has its end-point no
    more. After a restart nobody else would tell."""

    attempt_id: int
    connected_at: datetime


JournalEntry = AttemptPlaced | CallClosed | CallTransferred | RecordDeferred | RunProgressed
#: News are handed out to whoever listens.
Command = Originate | HangUp | FetchBatch | JournalEntry | News
