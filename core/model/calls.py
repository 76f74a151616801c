"""A call, from the record that waits for it to its log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model.elements import Record
from core.rules.caps import Cap, Refusal
from core.rules.multinumbers import numbers_of
from core.rules.recipient_hours import RecipientHours
from core.rules.states import CallState


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """What a number is checked against before it is called: black lists, which are asked for every
    number of its record or for the main one, and whose expiry dates are read in `time_zone`;
    and caps, whose days are counted there. `recipient_hours` ask in which zones the person may
    be."""

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
