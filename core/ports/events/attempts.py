"""What the database says of attempts that were given to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.rules.caps import Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsCommitted:
    """These attempts are in the database: their Originates may leave."""

    attempt_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsBlacklisted:
    """These attempts are in the database, but their numbers must not be called: the second
    check, just before dialling, found them on a black list."""

    attempt_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsCapped:
    """These attempts are in the database, but caps refuse their numbers for now: `refusals` by
    attempt id."""

    refusals: Mapping[int, Refusal]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptsRemoved:
    """These attempts, by id, are in the database, but their records are not to be called any
    more, for these reasons."""

    reasons: Mapping[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRefused:
    """The database will not have this attempt, for a reason that waiting does not cure: it
    must not be dialled."""

    attempt_id: int
    reason: str
