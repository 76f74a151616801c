"""What the engine reads from the database: servers, runs to take up, wishes of people.

Synchronous; the engine runs these in its threads.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import WhipbirdError
from core.model import Attempt, Run, Server
from core.ports.events import (
    Event,
    ListsChanged,
    OpenCall,
    RecentCalls,
    RecordsAdded,
    RecordsGathered,
    RunAsked,
    RunLoaded,
    RunReloaded,
    RunVerb,
    ServersLoaded,
)
from core.store.ahead import gather
from core.store.attempts import (
    fetch_entry,
    fetch_open_attempts,
    fetch_transferred,
    last_attempt_id,
)
from core.store.automatic import hand_over
from core.store.campaigns import fetch_campaign
from core.store.database import reading
from core.store.endpoints import fetch_endpoint
from core.store.lists import fetch_list_by_name
from core.store.recent_calls import fetch_recent_calls
from core.store.reports import fetch_outcomes
from core.store.run_lists import ListVerb, change_list
from core.store.runs import (
    GRANTED,
    Wish,
    answer,
    count_run_records,
    create_run,
    fetch_asked,
    fetch_open_run,
    fetch_plan,
    fetch_run,
    fetch_unfinished_runs,
)
from core.store.servers import fetch_servers
from core.store.site import fetch_site_key
from core.store.trunks import fetch_trunk, fetch_trunks

#: Most wishes taken up at a time.
WISHES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What the dialer needs to begin."""

    site_key: str
    next_attempt_id: int
    servers: tuple[Server, ...]
    recent_calls: tuple[RecentCalls, ...]
    runs: tuple[RunLoaded, ...]


def load_start(engine: Engine, now: datetime) -> Start:
    """The whole of it: every run that is open or has calls of unknown fate is taken up."""
    with reading(engine) as conn:
        return Start(
            site_key=fetch_site_key(conn),
            next_attempt_id=last_attempt_id(conn) + 1,
            servers=tuple(fetch_servers(conn)),
            recent_calls=_load_recent_calls(conn, now),
            runs=tuple(_load_run(conn, run.id) for run in fetch_unfinished_runs(conn)),
        )


def _load_recent_calls(conn: Connection, now: datetime) -> tuple[RecentCalls, ...]:
    trunks = {trunk.id: trunk for trunk in fetch_trunks(conn)}
    found = fetch_recent_calls(conn, tuple(trunks.values()), now)
    return tuple(
        RecentCalls(trunk=trunks[key], placed_at=moments) for key, moments in found.items()
    )


def _load_run(conn: Connection, run_id: int) -> RunLoaded:
    attempts = fetch_open_attempts(conn, run_id)
    transferred = fetch_transferred(conn, run_id)
    return RunLoaded(
        plan=fetch_plan(conn, run_id),
        open_calls=tuple(_load_call(conn, one, transferred.get(one.id)) for one in attempts),
        outcomes=_count_outcomes(conn, run_id),
    )


def _count_outcomes(conn: Connection, run_id: int) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for found in fetch_outcomes(conn, run_id):
        counts[found.state] += found.count
    return counts


def _load_call(conn: Connection, attempt: Attempt, connected_at: datetime | None) -> OpenCall:
    assert attempt.trunk_id is not None
    assert attempt.endpoint_id is not None
    return OpenCall(
        attempt=attempt,
        entry=fetch_entry(conn, attempt),
        trunk=fetch_trunk(conn, attempt.trunk_id),
        endpoint=fetch_endpoint(conn, attempt.endpoint_id),
        connected_at=connected_at,
    )


def take_wishes(engine: Engine, now: datetime) -> list[Event]:
    """What people asked since last time, as events; each wish is answered in words, in the
    same transaction that makes its run. Then come the records that were added to running
    campaigns, or are not called in the order of their lists, and, behind a new run or a
    reloaded one, the servers as they are now."""
    events: list[Event] = []
    with engine.begin() as conn:
        for wish in fetch_asked(conn, WISHES):
            try:
                with conn.begin_nested():
                    events.append(_take(conn, wish, now))
                outcome = GRANTED
            except (WhipbirdError, ValueError) as error:
                outcome = str(error)
            answer(conn, wish.id, outcome, now)
        events += [RecordsAdded(run_id=key, count=count) for key, count in hand_over(conn)]
        events += [
            RecordsGathered(run_id=found.run_id, count=found.count, is_more=found.is_more)
            for found in gather(conn, now)
        ]
        if any(isinstance(event, RunLoaded | RunReloaded) for event in events):
            events.append(ServersLoaded(servers=tuple(fetch_servers(conn))))
    return events


def _take(conn: Connection, wish: Wish, now: datetime) -> Event:
    if wish.verb == "start":
        run = create_run(conn, fetch_campaign(conn, wish.campaign_id), now)
        return RunLoaded(plan=fetch_plan(conn, run.id))
    found = fetch_open_run(conn, wish.campaign_id)
    if wish.verb == "reload":
        return RunReloaded(plan=fetch_plan(conn, found.id))
    if wish.verb in list(ListVerb):
        return _change_list(conn, found, ListVerb(wish.verb), wish.argument, now)
    return RunAsked(run_id=found.id, verb=RunVerb(wish.verb))


def _change_list(
    conn: Connection, found: Run, verb: ListVerb, list_name: str, now: datetime
) -> Event:
    """Written here and told to the dialer: what its journal still says of the round before does
    not count any more."""
    change_list(conn, found, verb, fetch_list_by_name(conn, list_name), now)
    changed = fetch_run(conn, found.id)
    return ListsChanged(
        run_id=changed.id, lists=changed.lists, record_count=count_run_records(conn, changed)
    )
