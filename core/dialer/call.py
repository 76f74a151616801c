"""One call, from the moment lines are taken for it to its log row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.dialer.lines import LiveEndPoint, LiveTrunk
from core.model import Attempt, CallLog, HopperEntry
from core.ports.events import Report, Reported
from core.rules.causes import DIAL_STATUSES, Evidence, judge
from core.rules.states import TRANSITIONS, CallState

#: Longest span of a log row, in milliseconds (24 days).
LONGEST_MS = 2**31 - 1


@dataclass(slots=True, kw_only=True)
class Call:
    """A live call and the evidence it has gathered.

    `outputs` stays None until the dialplan reports something; reports that come before the
    answer wait in `early`. A call that was transferred has its end-point no more.
    """

    attempt: Attempt
    trunk: LiveTrunk
    endpoint: LiveEndPoint
    entry: HopperEntry
    state: CallState = CallState.SCHEDULED
    requested_at: datetime | None = None
    dialling_at: datetime | None = None
    connected_at: datetime | None = None
    channel: str = ""
    ext_status: str = ""
    outputs: dict[str, str] | None = None
    early: list[Reported] = field(default_factory=list)
    is_alive: bool = False
    reason: int | None = None
    cause: int | None = None
    tech_cause: str = ""
    dial_status: str = ""
    is_timed_out: bool = False
    has_endpoint: bool = True
    was_sent: bool = False

    @property
    def server_id(self) -> int:
        """Where it was placed; its trunk may have been moved to another server since."""
        assert self.attempt.server_id is not None
        return self.attempt.server_id

    def advance(self, state: CallState) -> None:
        """Go to `state`, which must be one that may follow."""
        assert state in TRANSITIONS[self.state], (self.attempt.id, self.state, state)
        self.state = state

    def request(self, now: datetime) -> None:
        self.advance(CallState.REQUESTED)
        self.requested_at = now
        self.was_sent = True

    def start_dialling(self, channel: str, now: datetime) -> bool:
        """The PBX started the call; False if that was known, or comes too late."""
        if self.state is not CallState.REQUESTED:
            return False
        self.advance(CallState.DIALLING)
        self.dialling_at = now
        self.channel = channel
        return True

    def answer(self, now: datetime) -> bool:
        """The called party answered; False if that was known, or comes too late."""
        if self.state not in (CallState.REQUESTED, CallState.DIALLING):
            return False
        self.advance(CallState.CONNECTED)
        self.connected_at = now
        for report in self.early:
            self._apply(report)
        self.early.clear()
        return True

    def transfer(self) -> datetime:
        """The agent passed it on; when it was answered."""
        self.advance(CallState.TRANSFERRED)
        assert self.connected_at is not None
        return self.connected_at

    def report(self, report: Reported) -> bool:
        """A status or an attribute from the dialplan; it counts only once the call is up
        (manual, "Controlling WD from Asterisk"), and may overtake the news of the answer: False
        if it waits for that."""
        if not self.state.is_answered:
            self.early.append(report)
            return False
        self._apply(report)
        return True

    def _apply(self, report: Reported) -> None:
        if report.report is Report.STATUS:
            self.ext_status = report.value
            return
        before = self.entry.record.outputs if self.outputs is None else self.outputs
        self.outputs = apply_report(before, report)

    @property
    def has_no_evidence(self) -> bool:
        """It failed without a word: so it does for a number that nobody can dial, and for a PBX
        that goes away."""
        return not (self.reason or self.cause or self.dial_status in DIAL_STATUSES)

    def judge(self) -> CallState:
        """The state the evidence speaks for, now that the call is over."""
        if self.is_timed_out:
            return CallState.RS_TIMEOUT
        return judge(
            Evidence(
                is_answered=self.state.is_answered,
                is_alive=self.is_alive,
                reason=self.reason,
                cause=self.cause,
                tech_cause=self.tech_cause,
                dial_status=self.dial_status,
            )
        )

    def log(self, *, reason: str, now: datetime) -> CallLog:
        return CallLog(
            attempt=self.attempt,
            state=self.state,
            ext_status=self.ext_status,
            wait_pre_ms=_ms(self.requested_at, self.dialling_at or self.connected_at or now),
            wait_after_ms=_ms(self.dialling_at, self.connected_at or now),
            talk_ms=_ms(self.connected_at, now),
            channel=self.channel,
            cause=self.cause or 0,
            tech_cause=self.tech_cause,
            reason=reason,
            ended_at=now,
        )


def apply_report(outputs: Mapping[str, str], report: Reported) -> dict[str, str]:
    """The output attributes after the report; a status leaves them as they are."""
    match report.report:
        case Report.ATTRIBUTE:
            return {**outputs, report.name: report.value}
        case Report.APPEND:
            return {**outputs, report.name: outputs.get(report.name, "") + report.value}
        case Report.CLEAR:
            return {}
        case Report.STATUS:
            return dict(outputs)


def _ms(start: datetime | None, end: datetime) -> int:
    """The span, within what a log row holds: a dialer may be away for a month, and a clock
    may be set back."""
    ms = round((end - start).total_seconds() * 1000) if start else 0
    return min(max(ms, 0), LONGEST_MS)
