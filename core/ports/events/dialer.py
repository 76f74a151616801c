"""What concerns the whole dialer."""

from dataclasses import dataclass


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
