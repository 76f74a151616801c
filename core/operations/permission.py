"""Who may do what: the one place where operations ask.

Which key an operation needs follows the manual's tables "System Keys", "JSON API" and "JSON
Live and Reporting API". Elements with a security key of their own are besides visible to its
holders and to their creator only; keys are not transitive.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable

from core.errors import Forbidden, NotFound
from core.people import SYSTEM_NAME, Actor, LogEntry
from core.rules.keys import may_see
from core.rules.stamps import Stamp


@runtime_checkable
class Protected(Protocol):
    """An element that may have a security key."""

    @property
    def security_key(self) -> str: ...

    @property
    def stamp(self) -> Stamp: ...


P = TypeVar("P", bound=Protected)


def require(actor: Actor, *keys: str) -> None:
    """Forbidden, which names the key, unless the actor holds all of them."""
    for key in keys:
        if not actor.ring.holds(key):
            raise Forbidden(f'{actor.name} does not hold the key "{key}" that this needs', key=key)


def is_visible(actor: Actor, element: Protected) -> bool:
    """Whether the actor may see the element."""
    return may_see(
        actor.ring,
        "" if actor.name == SYSTEM_NAME else actor.name,
        security_key=element.security_key,
        created_by=element.stamp.created_by,
    )


def is_seen(actor: Actor, element: object) -> bool:
    """The same of anything: what cannot have a key is seen by everyone."""
    return not isinstance(element, Protected) or is_visible(actor, element)


def visible(actor: Actor, elements: Iterable[P]) -> list[P]:
    """Those of the elements that the actor may see."""
    return [element for element in elements if is_visible(actor, element)]


def require_visible(actor: Actor, element: object, kind: str, name: object) -> None:
    """NotFound, as if there were none, unless the actor may see the element."""
    if not is_seen(actor, element):
        raise NotFound(kind, name)


def log_entry(
    actor: Actor, now: datetime, action: str, subject: str = "", detail: str = ""
) -> LogEntry:
    """A line of the system log about what the actor does."""
    return LogEntry(
        at=now,
        who=actor.name,
        face=actor.face,
        address=actor.address,
        action=action,
        subject=subject,
        detail=detail,
    )
