"""What the dialer shows of its runs to other processes, by way of the database.

Only what changed since it was last written is written again, and not more often than people
look; nothing that must survive stands here.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from core.ports.snapshot import RunView, Snapshot
from core.store.run_shown import RunShown, save_shown

#: How long a run that changes all the time is not written again.
PAUSE = timedelta(seconds=2)


class Board:
    """Remembers what it has written. `write` runs in a thread, the rest in the reactor's."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._written: dict[int, RunShown] = {}

    def news(self, snapshot: Snapshot) -> list[RunShown]:
        """What is to be written: the runs that look different now, after a pause."""
        shown = [_shown(run, snapshot) for run in snapshot.runs]
        return [row for row in shown if self._is_news(row)]

    def _is_news(self, row: RunShown) -> bool:
        before = self._written.get(row.run_id)
        if before is None:
            return True
        is_due = not before.shown_at <= row.shown_at < before.shown_at + PAUSE
        return is_due and replace(before, shown_at=row.shown_at) != row

    def write(self, rows: list[RunShown]) -> None:
        with self._database.begin() as conn:
            save_shown(conn, rows)

    def note(self, rows: list[RunShown], snapshot: Snapshot) -> None:
        """These have been written; runs that are out of sight are forgotten."""
        self._written |= {row.run_id: row for row in rows}
        for run_id in self._written.keys() - {run.run_id for run in snapshot.runs}:
            del self._written[run_id]


def _shown(run: RunView, snapshot: Snapshot) -> RunShown:
    return RunShown(
        run_id=run.run_id,
        shown_at=snapshot.taken_at,
        live=run.live_calls,
        cached=run.figures.cached,
        backlog=run.figures.remaining - run.figures.cached,
        retries=run.retries,
        verdict=run.verdict,
        decisions=run.decisions,
    )
