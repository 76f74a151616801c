"""How values read on a page: durations, counts, shares, times, and the names of outcomes.

Nothing here knows HTML. Times are shown in UTC; the browser turns them into its own.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.rules.states import CallState

#: What an outcome is called on a page, in the order in which bars and legends show them.
OUTCOMES = {
    CallState.TERMINATED: "Answered",
    CallState.RS_TIMEOUT: "Cut at length",
    CallState.RS_NOANSWER: "No answer",
    CallState.RS_BUSY: "Busy",
    CallState.RS_REJECTED: "Rejected",
    CallState.RS_NUMBER: "Bad number",
    CallState.RS_ERROR: "Error",
    CallState.RS_LOST: "Lost",
    CallState.RS_NOAGENT: "No agent",
    CallState.RS_AGENT_SKIP: "Skipped",
    CallState.RS_AGENT: "Agent's retry",
    CallState.RS_BLACKLIST: "Black list",
    CallState.RS_EXPIRED: "Expired",
}


def capitalise(text: str) -> str:
    """The text with a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def show_outcome(state: str) -> str:
    """`RS_BUSY` -> `Busy`; a state without a name of its own stays as it is."""
    return OUTCOMES.get(CallState(state), state) if state in set(CallState) else state


def show_duration(seconds: float | None) -> str:
    """`0:07`, `12:05`, `2:00:09`, `3d 02:00:09`; less than nothing is `0:00`, and what is not
    known a dash."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{rest:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_held(seconds: float) -> str:
    """`12 s`, as a decision held; `<1 s` of what would round to nothing."""
    return f"{round(seconds)} s" if seconds >= 0.5 else "<1 s"


def show_percent(percent: int | None) -> str:
    """`25%`; a dash when it is not known."""
    return "–" if percent is None else f"{percent}%"


def show_count(count: int | None) -> str:
    """`12 345`, with a narrow no-break space; a dash when it is not known."""
    return "–" if count is None else f"{count:,}".replace(",", "\u202f")


def show_share(part: int, whole: int) -> str:
    """`49%`; `<1%` for what is more than nothing and would round to it; a dash of nothing."""
    if not whole:
        return "–"
    percent = round(100 * part / whole)
    return "<1%" if part and not percent else f"{percent}%"


def show_seconds(ms: float) -> str:
    """`987` ms -> `1.0`: seconds with one decimal."""
    return f"{ms / 1000:.1f}"


def show_local(moment: datetime, zone: str) -> str:
    """`Fri 2026-12-25 10:00:00 Europe/Zurich`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M:%S} {zone}"


def show_clock(moment: datetime, zone: str) -> str:
    """`09:30`, the seconds only when there are some."""
    clock = moment.astimezone(ZoneInfo(zone))
    return f"{clock:%H:%M:%S}" if clock.second else f"{clock:%H:%M}"


def show_time(moment: datetime) -> str:
    """`2026-11-21 17:03:44 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def machine_time(moment: datetime) -> str:
    """`2026-11-21T17:03:44Z`, for the `datetime` attribute of `<time>`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
