"""Both checks against black lists: when numbers are fetched, and just before they are dialled.

Source: manual 25.02, "Blacklists". Every number of a record is checked, not only the main one:
a person who asked not to be called means all telephones.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.model import Screen
from core.ports.commands import AttemptPlaced, JournalEntry
from core.ports.events import BatchFetched
from core.rules.blacklists import is_blacklisted
from core.rules.multinumbers import numbers_of
from core.store.blacklists import fetch_blacklist_entries

K = TypeVar("K", bound=Hashable)


def screen_batch(
    conn: Connection, batch: BatchFetched, screen: Screen | None, now: datetime
) -> BatchFetched:
    """The batch, with the entries marked that must not be called."""
    if screen is None or not batch.entries:
        return batch
    numbers = {
        entry.record.id: numbers_of(entry.record.number, entry.record.inputs)
        for entry in batch.entries
    }
    found = _find(conn, screen, numbers, now)
    entries = tuple(
        replace(entry, is_blacklisted=True) if entry.record.id in found else entry
        for entry in batch.entries
    )
    return replace(batch, entries=entries)


def screen_attempts(conn: Connection, entries: Sequence[JournalEntry]) -> frozenset[int]:
    """The ids of the attempts among these entries that must not be called."""
    by_screen: dict[Screen, dict[int, AttemptPlaced]] = defaultdict(dict)
    for entry in entries:
        if isinstance(entry, AttemptPlaced) and entry.screen is not None:
            by_screen[entry.screen][entry.attempt.id] = entry
    found: set[int] = set()
    for screen, placed in by_screen.items():
        numbers = {attempt_id: entry.numbers for attempt_id, entry in placed.items()}
        now = max(entry.attempt.requested_at for entry in placed.values())
        found |= _find(conn, screen, numbers, now)
    return frozenset(found)


def _find(
    conn: Connection, screen: Screen, numbers: Mapping[K, Sequence[str]], now: datetime
) -> set[K]:
    """The keys that have a number on a black list in force."""
    wanted = sorted({number for some in numbers.values() for number in some})
    entries = fetch_blacklist_entries(conn, screen.black_list_ids, wanted)
    zone = ZoneInfo(screen.time_zone)
    listed = {number for number, held in entries.items() if is_blacklisted(held, now, zone)}
    return {key for key, some in numbers.items() if not listed.isdisjoint(some)}
