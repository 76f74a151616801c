"""A process that dials a run's list into the journal until it is killed.

`python -m tests.support.journal_writer URL`: it says a line when it begins and one for each
batch that is committed. Of every batch one half is closed in the next.
"""

import sys
from dataclasses import replace

from sqlalchemy import Engine

from core.model import Attempt, CallList, ListPosition
from core.ports.commands import JournalEntry, RunProgressed
from core.rules.states import RunState
from core.store.campaigns import fetch_campaign
from core.store.database import open_database, reading
from core.store.endpoints import fetch_endpoints
from core.store.journal import write_entries
from core.store.lists import fetch_records
from core.store.runs import fetch_open_runs
from core.store.servers import fetch_servers
from core.store.trunks import fetch_trunks
from tests.support.lock_holder import say
from tests.support.store_site import Site, closed, placed

#: Records placed in each batch.
BATCH = 10


def load(database: Engine) -> Site:
    """The site that `furnish` made in this database."""
    with reading(database) as conn:
        [run] = fetch_open_runs(conn)
        key = run.lists[0].list_id
        return Site(
            server=fetch_servers(conn)[0],
            trunk=fetch_trunks(conn)[0],
            endpoint=fetch_endpoints(conn)[0],
            call_list=CallList(id=key, name=run.lists[0].list_name),
            campaign=fetch_campaign(conn, run.campaign_id),
            run=run,
            record_ids=tuple(r.id for r in fetch_records(conn, key, after_id=0, limit=100_000)),
        )


def batches(site: Site) -> list[list[JournalEntry]]:
    """Each places ten records and closes those of the one before; every second is retried."""
    made: list[list[JournalEntry]] = []
    before: list[Attempt] = []
    for start in range(0, len(site.record_ids), BATCH):
        indexes = range(start, start + BATCH)
        attempts = [site.attempt(index + 1, record=index) for index in indexes]
        ends = [_end(site, attempt) for attempt in before]
        made.append([*ends, *map(placed, attempts), _progress(site, attempts)])
        before = attempts
    return made


def _end(site: Site, attempt: Attempt) -> JournalEntry:
    if attempt.id % 2:
        return closed(attempt, outputs={"SEEN": str(attempt.id)})
    retry = replace(site.retry(), record_id=attempt.record_id)
    return closed(attempt, retry=retry, outputs={"SEEN": str(attempt.id)})


def _progress(site: Site, attempts: list[Attempt]) -> RunProgressed:
    position = ListPosition(
        list_id=site.call_list.id, list_name="people", highwater=attempts[-1].record_id
    )
    return RunProgressed(
        run_id=site.run.id,
        state=RunState.RUNNING,
        attempted=attempts[-1].id,
        completed=0,
        ended_at=None,
        error="",
        positions=(position,),
    )


def main(url: str) -> None:
    database = open_database(url)
    say("ready")
    for batch in batches(load(database)):
        with database.begin() as conn:
            write_entries(conn, batch)
        say("committed")


if __name__ == "__main__":
    main(sys.argv[1])
