"""The e-mails that tell people of a campaign's runs.

Source: manual 25.02, "Campaigns", Logging: "Send campaign events by e-mail". The manual does not
say what an e-mail holds; the words are Whipbird's own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.rules.mail import MAILTO, clean_line
from core.rules.notifications import LetterKind, Notification
from core.rules.states import RunState

#: Most addresses of a campaign.
MAX_ADDRESSES = 20
#: Moments as people read them.
_MOMENT = "%Y-%m-%d %H:%M:%S %Z"


class EmailEvents(StrEnum):
    """Which changes of a run are told by e-mail; the values are the wire's."""

    #: None.
    NO = "NO"
    #: Every change of its state.
    ALL = "ALL"
    #: Its end alone, if nobody brought that about: it is completed, or has failed.
    FINISH = "FINISH"


def is_told(events: EmailEvents, state: RunState) -> bool:
    """Is a run that has come to this state to be told of? "Send only on campaign completions", says
    the manual of FINISH; one that failed will never be completed, which nobody would learn."""
    match events:
        case EmailEvents.NO:
            return False
        case EmailEvents.ALL:
            return True
        case EmailEvents.FINISH:
            return state in (RunState.COMPLETED, RunState.ERROR)


def render_run_mails(
    addresses: Sequence[str],
    *,
    campaign: str,
    run_id: int,
    state: RunState,
    started_at: datetime,
    now: datetime,
    zone: ZoneInfo,
    attempted: int,
    completed: int,
    outcomes: Mapping[str, int],
    error: str,
) -> tuple[Notification, ...]:
    """One letter for each address. Moments are shown in `zone`."""
    lines = [
        f"Campaign: {clean_line(campaign)}",
        f"Run: {run_id}, started {started_at.astimezone(zone):{_MOMENT}}",
        f"State: {state}, since {now.astimezone(zone):{_MOMENT}}",
        *([f"Reason: {clean_line(error, 1000)}"] if error else []),
        f"Calls placed: {attempted}",
        f"Records done: {completed}",
        *(f"{outcome}: {count}" for outcome, count in sorted(outcomes.items())),
    ]
    subject = clean_line(f"Whipbird: {campaign} is {state}")
    return tuple(
        Notification(
            kind=LetterKind.MAIL,
            url=f"{MAILTO}{address}",
            subject=subject,
            body="\n".join(lines) + "\n",
        )
        for address in addresses
    )
