"""How a letter leaves: what a courier is, what it says afterwards, and which one takes what."""

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred

from core.rules.notifications import LetterKind, host_of
from core.store.outbox import Letter

#: Longest reason, in characters.
MAX_REASON = 200
#: What the server of all e-mails is called, whatever its name. No host is called so.
MAIL_SERVER = "the mail server"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of a delivery. `reason` says why it failed, empty if it did not. A failure that
    `is_final` is not tried again; one that `is_of_letter` says nothing against the server."""

    reason: str = ""
    is_final: bool = False
    is_of_letter: bool = False

    @property
    def is_delivered(self) -> bool:
        return not self.reason


#: It arrived.
DELIVERED = Verdict()

#: Delivers a letter. It never fails, and may be cancelled.
Deliver = Callable[[Letter], Deferred[Verdict]]


def by_kind(http: Deliver, mail: Deliver) -> Deliver:
    """E-mails to the one courier, all else to the other."""

    def deliver(letter: Letter) -> Deferred[Verdict]:
        return mail(letter) if letter.kind is LetterKind.MAIL else http(letter)

    return deliver


def server_of(letter: Letter) -> str:
    """Where the letter is handed in: letters to one server have a limit together."""
    return MAIL_SERVER if letter.kind is LetterKind.MAIL else host_of(letter.url)


def one_line(words: str) -> str:
    """What somebody else said, as a reason."""
    return "".join(c if c.isprintable() else " " for c in words[:MAX_REASON])
