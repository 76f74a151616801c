"""How often a number may be called: a cap on attempts, and a rest after a conversation.

The manual has none; the presets are laws. They are met, and more than met, where a law counts
fewer calls than this does: here every call that left counts, answered or not, and every answered
one is a conversation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from core.rules.states import CallState

#: Longest period and rest, in days.
MAX_DAYS: Final = 366
#: Most attempts of a cap.
MAX_ATTEMPTS: Final = 1000
#: Calls older than this are of no interest to any cap. A rest counts from the end of a call,
#: and a day may have 25 hours.
KEPT: Final = timedelta(days=MAX_DAYS + 2)
#: How soon to look again at a number that is just being called.
UNDER_WAY: Final = timedelta(minutes=10)
#: The extended status of what a cap refused.
CAPPED: Final = "CAPPED"

_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What a cap calls a day."""

    #: 24 hours from a call.
    ROLLING = "ROLLING"
    #: From midnight to midnight in the campaign's time zone; the day of the call is the first.
    CALENDAR = "CALENDAR"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """At most `attempts` calls to a number in any `days` days, and none in the `rest_days`
    after a conversation (0: no rest). A site-wide one holds for every campaign."""

    id: int = 0
    name: str
    attempts: int
    days: int
    rest_days: int = 0
    day: DayKind = DayKind.ROLLING
    is_site_wide: bool = False


class Preset(StrEnum):
    """Laws, by name."""

    #: United States, debt collection: Regulation F, 12 CFR 1006.14(b)(2)(i): not more than
    #: seven calls "within seven consecutive days", none within seven consecutive days of a
    #: conversation, whose date "is the first day" of them.
    US_REG_F = "US-REG-F"
    #: France, commercial solicitation: Code de la consommation, article D. 223-9: not more than
    #: four calls or attempts in a period of thirty "jours calendaires". Its sixty days after a
    #: refusal are a matter of black lists: only the call's agent knows of it.
    FRANCE = "FRANCE"


PRESETS: Mapping[Preset, Cap] = {
    Preset.US_REG_F: Cap(
        name=Preset.US_REG_F, attempts=7, days=7, rest_days=7, day=DayKind.CALENDAR
    ),
    Preset.FRANCE: Cap(name=Preset.FRANCE, attempts=4, days=30, day=DayKind.CALENDAR),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PastCall:
    """A call to a number, placed at `placed_at`; a conversation if it has an end,
    `talked_until`. Nobody knows yet what an open one becomes. Times are UTC."""

    placed_at: datetime
    talked_until: datetime | None = None
    is_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The number may not be called, for `reason`, before `allowed_at` (UTC)."""

    reason: str
    allowed_at: datetime


def counted_as(number: str) -> str:
    """What calls to the number are counted under: +41 91, 0041 91 and 41 91 are one."""
    return number.removeprefix("+").removeprefix("00") or number


def was_conversation(state: CallState, talk_ms: int) -> bool:
    """Whether a call that is over was answered. Who answered, nobody can tell for sure."""
    return talk_ms > 0 or state in (CallState.TERMINATED, CallState.RS_TIMEOUT)


def allows(
    caps: Sequence[Cap], history: Sequence[PastCall], now: datetime, zone: ZoneInfo
) -> Refusal | None:
    """None if a number may be called now, else what stands against it longest.

    `history` holds its calls of all campaigns, in any order; those older than KEPT may be
    missing. Calendar days are those of `zone`. A period is over at the very moment of its end.
    """
    refusals = [
        refusal
        for cap in caps
        for refuse in (_refuse_count, _refuse_rest, _refuse_open)
        if (refusal := refuse(cap, history, now, zone)) is not None and now < refusal.allowed_at
    ]
    return max(refusals, key=lambda refusal: refusal.allowed_at, default=None)


def _refuse_count(
    cap: Cap, history: Sequence[PastCall], _now: datetime, zone: ZoneInfo
) -> Refusal | None:
    """As long as the last `attempts` calls all lie within the period, there is no room."""
    if len(history) < cap.attempts:
        return None
    oldest = sorted(call.placed_at for call in history)[-cap.attempts]
    return Refusal(
        reason=f'cap "{cap.name}": at most {_count(cap.attempts, "call")} '
        f"in {_count(cap.days, 'day')}",
        allowed_at=_after(oldest, cap.days, cap.day, zone),
    )


def _refuse_rest(
    cap: Cap, history: Sequence[PastCall], _now: datetime, zone: ZoneInfo
) -> Refusal | None:
    ends = [call.talked_until for call in history if call.talked_until is not None]
    if not cap.rest_days or not ends:
        return None
    return Refusal(
        reason=f'cap "{cap.name}": {_count(cap.rest_days, "day")} of rest after a conversation',
        allowed_at=_after(max(ends), cap.rest_days, cap.day, zone),
    )


def _refuse_open(
    cap: Cap, history: Sequence[PastCall], now: datetime, _zone: ZoneInfo
) -> Refusal | None:
    """A call under way may become the conversation that asks for a rest."""
    if not cap.rest_days or not any(call.is_open for call in history):
        return None
    reason = f'cap "{cap.name}": another call to the number is under way'
    return Refusal(reason=reason, allowed_at=now + UNDER_WAY)


def _after(moment: datetime, days: int, kind: DayKind, zone: ZoneInfo) -> datetime:
    """When so many days are over, of which the first is that of `moment`."""
    return _ENDS[kind](moment, days, zone)


def _rolling_end(moment: datetime, days: int, _zone: ZoneInfo) -> datetime:
    return moment + days * _DAY


def _calendar_end(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    day = moment.astimezone(zone).date() + days * _DAY
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


_ENDS: Mapping[DayKind, Callable[[datetime, int, ZoneInfo], datetime]] = {
    DayKind.ROLLING: _rolling_end,
    DayKind.CALENDAR: _calendar_end,
}


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
