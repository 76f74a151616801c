"""Both checks of numbers, when they are fetched and just before they are dialled, against black
lists and caps; and what is asked of a person's place when the number is fetched.

Source: manual 25.02, "Blacklists". Every number of a record is looked up in black lists, not only
the main one, unless its campaign says otherwise: a person who asked not to be called means all
telephones. Caps count calls on the number that is dialled.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.engine.filters import Filters
from core.model import HopperEntry, Record, Screen
from core.ports.commands import AttemptPlaced, CallClosed, JournalEntry
from core.ports.events import BatchFetched
from core.rules.blacklists import is_blacklisted
from core.rules.caps import KEPT, PastCall, Refusal, allows, counted_as
from core.rules.multinumbers import has_further, number_for
from core.store.bins import Bin, fetch_binned
from core.store.blacklists import fetch_blacklist_entries
from core.store.erasure import erase_late
from core.store.journal import attempt_of
from core.store.past_calls import fetch_past_calls, forget_old_calls, insert_calls

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, kw_only=True, slots=True)
class Screening:
    """What the second check forbids, by attempt id."""

    blacklisted: frozenset[int] = frozenset()
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    binned: Mapping[int, Bin] = field(default_factory=dict)

    @property
    def forbidden(self) -> frozenset[int]:
        return self.blacklisted | self.refusals.keys() | self.binned.keys()


def screen_batch(
    conn: Connection,
    batch: BatchFetched,
    screen: Screen | None,
    now: datetime,
    filters: Filters,
) -> BatchFetched:
    """The batch, with the entries marked that must not be called, or not yet. Only numbers that
    `filters` let through are looked up in black lists."""
    if screen is None or not batch.entries:
        return batch
    records = [entry.record for entry in batch.entries]
    wanted = _numbers_looked_up(screen, records)
    found: set[int] = set()
    if suspects := filters.narrow(conn, screen.black_list_ids, wanted):
        numbers = {record.id: screen.numbers_of(record) for record in records}
        found = _find(conn, screen, numbers, suspects, now)
    refusals = _refuse_entries(conn, screen, batch.entries, now)
    if not found and not refusals and screen.recipient_hours is None:
        return batch
    entries = tuple(
        replace(
            entry,
            is_blacklisted=entry.record.id in found,
            refusal=refusals.get(entry.record.id),
            zones=_find_zones(screen, entry),
        )
        for entry in batch.entries
    )
    return replace(batch, entries=entries)


def _numbers_looked_up(screen: Screen, records: Sequence[Record]) -> set[str]:
    if not has_further(chain.from_iterable([record.inputs for record in records])):
        return {record.number for record in records}
    return set(chain.from_iterable(map(screen.numbers_of, records)))


def _find_zones(screen: Screen, entry: HopperEntry) -> tuple[str, ...] | None:
    """Where the person who has the number that is to be dialled may be; None if nobody asks."""
    if screen.recipient_hours is None:
        return None
    # The package takes a while to import: only who asks waits for it.
    from core.rules.recipient_zones import zones_of

    record = entry.record
    number = number_for(entry.retry_no, record.number, record.inputs)
    return zones_of(screen.recipient_hours, number, record.inputs)


def _refuse_entries(
    conn: Connection, screen: Screen, entries: Sequence[HopperEntry], now: datetime
) -> Mapping[int, Refusal]:
    """What caps say now against the entries, by record id."""
    if not screen.caps:
        return {}
    numbers = {
        entry.record.id: counted_as(
            number_for(entry.retry_no, entry.record.number, entry.record.inputs)
        )
        for entry in entries
    }
    found = fetch_past_calls(conn, numbers.values(), now - KEPT)
    history = {number: [call for _id, call in calls] for number, calls in found.items()}
    zone = ZoneInfo(screen.time_zone)
    checked = (
        (record_id, allows(screen.caps, history.get(number, ()), now, zone))
        for record_id, number in numbers.items()
    )
    return {record_id: refusal for record_id, refusal in checked if refusal is not None}


def screen_attempts(conn: Connection, entries: Sequence[JournalEntry]) -> Screening:
    """What forbids the attempts among these entries. They may be there already: what came after
    an attempt says nothing of it."""
    placed = [entry for entry in entries if isinstance(entry, AttemptPlaced)]
    binned = _find_binned(conn, placed)
    kept = [entry for entry in placed if entry.attempt.id not in binned]
    blacklisted = _find_blacklisted(conn, kept)
    allowed = [entry for entry in kept if entry.attempt.id not in blacklisted]
    refusals = _refuse_attempts(conn, allowed)
    return Screening(blacklisted=blacklisted, refusals=refusals, binned=binned)


def _find_binned(conn: Connection, entries: Sequence[AttemptPlaced | CallClosed]) -> dict[int, Bin]:
    records = {attempt_of(entry).id: attempt_of(entry).record_id for entry in entries}
    bins = fetch_binned(conn, set(records.values()))
    return {key: bins[record_id] for key, record_id in records.items() if record_id in bins}


def erase_written(conn: Connection, entries: Sequence[JournalEntry]) -> None:
    """What these new entries say of persons who were erased while the dialer had them in memory
    is erased too. A call that left was under way then, and was none of them."""
    placed = [entry for entry in entries if isinstance(entry, AttemptPlaced)]
    unsent = [e for e in entries if isinstance(e, CallClosed) and not e.was_sent]
    written: list[AttemptPlaced | CallClosed] = [*placed, *unsent]
    binned = _find_binned(conn, written)
    erased = {key for key, found in binned.items() if found is Bin.ERASED}
    attempts = map(attempt_of, written)
    erase_late(conn, {a.id: a.record_id for a in attempts if a.id in erased})


def count_attempts(conn: Connection, entries: Sequence[JournalEntry], screening: Screening) -> None:
    """From now on caps count the attempts among these new entries, but for those that are
    forbidden, and those that the same entries close: they never left."""
    closed = {entry.log.attempt.id for entry in entries if isinstance(entry, CallClosed)}
    out = closed | screening.forbidden
    placed = [entry.attempt for entry in entries if isinstance(entry, AttemptPlaced)]
    if placed:
        insert_calls(conn, [attempt for attempt in placed if attempt.id not in out])
        forget_old_calls(conn, placed[-1].requested_at)


def _find_blacklisted(conn: Connection, entries: Sequence[AttemptPlaced]) -> frozenset[int]:
    by_screen: dict[Screen, dict[int, AttemptPlaced]] = defaultdict(dict)
    for entry in entries:
        if entry.screen is not None:
            by_screen[entry.screen][entry.attempt.id] = entry
    found: set[int] = set()
    for screen, placed in by_screen.items():
        numbers = {attempt_id: entry.numbers for attempt_id, entry in placed.items()}
        now = max(entry.attempt.requested_at for entry in placed.values())
        found |= _find(conn, screen, numbers, _all_of(numbers), now)
    return frozenset(found)


def _refuse_attempts(conn: Connection, entries: Sequence[AttemptPlaced]) -> Mapping[int, Refusal]:
    """What caps say against the attempts, of which each counts for those after it, whatever
    campaign it is of."""
    capped = [counted_as(e.attempt.number) for e in entries if e.screen and e.screen.caps]
    if not capped:
        return {}
    since = min(entry.attempt.requested_at for entry in entries) - KEPT
    history = defaultdict(list, fetch_past_calls(conn, capped, since))
    refusals: dict[int, Refusal] = {}
    for entry in sorted(entries, key=lambda entry: entry.attempt.id):
        calls = history[counted_as(entry.attempt.number)]
        if refusal := _refuse_attempt(entry, calls):
            refusals[entry.attempt.id] = refusal
        else:
            call = PastCall(placed_at=entry.attempt.requested_at, is_open=True)
            calls.append((entry.attempt.id, call))
    return refusals


def _refuse_attempt(entry: AttemptPlaced, calls: Sequence[tuple[int, PastCall]]) -> Refusal | None:
    if entry.screen is None or not entry.screen.caps:
        return None
    before = [call for attempt_id, call in calls if attempt_id < entry.attempt.id]
    zone = ZoneInfo(entry.screen.time_zone)
    return allows(entry.screen.caps, before, entry.attempt.requested_at, zone)


def _all_of(numbers: Mapping[K, Sequence[str]]) -> set[str]:
    return set(chain.from_iterable(numbers.values()))


def _find(
    conn: Connection,
    screen: Screen,
    numbers: Mapping[K, Sequence[str]],
    suspects: Collection[str],
    now: datetime,
) -> set[K]:
    """The keys that have one of the suspects that is on a black list in force."""
    entries = fetch_blacklist_entries(conn, screen.black_list_ids, sorted(suspects))
    if not entries:
        return set()
    zone = ZoneInfo(screen.time_zone)
    listed = {number for number, held in entries.items() if is_blacklisted(held, now, zone)}
    return {key for key, some in numbers.items() if not listed.isdisjoint(some)}
