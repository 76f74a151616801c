"""A campaign over a working week, on the simulated PBX, with no waiting: real engine, real SQLite
file, an injected clock, opening hours from Monday to Friday, and retries after an hour or a day."""

from collections import Counter
from collections.abc import Callable
from datetime import time as clock
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from core.model import Simulation
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.opening_hours import save_opening_hours
from core.store.runs import fetch_recent_runs, fetch_run
from core.store.schema import attempt, call_log, retry
from tests.support.rig import Rig
from tests.support.timer import Timer

DAY_S, DAYS = 86_400, 5
#: How long a transaction takes, in simulated seconds: what is decided meanwhile shares the next.
COMMIT_S, READ_S = 0.5, 0.05
#: How often the engine looks for wishes, in simulated seconds: nobody has any.
BEAT_S = 60.0

OUTCOMES = Simulation(outcomes={"answered": 7, "busy": 1.5, "noanswer": 1.5})
RULES = (
    RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=3600),
    RescheduleRule(state=CallState.RS_NOANSWER, max_attempts=2, retry_after_s=DAY_S),
)
OFFICE = OpeningHours(
    name="office",
    default=DefaultMode.CLOSED,
    rules=(
        HourRule(
            is_open=True,
            days=frozenset({2, 3, 4, 5, 6}),
            time_from=clock(9),
            time_to=clock(16, 59, 59),
        ),
    ),
)


class SlowDisk:
    """Work that takes a while of the simulated time, one write after the other."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return deferLater(self._timer, COMMIT_S, work, *args, **kwargs)

    def read(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return deferLater(self._timer, READ_S, work, *args, **kwargs)


class Week:
    """The campaign, in a directory of its own; `records` of its list are dialled by `run`."""

    def __init__(self, directory: Path, records: int, lines: int) -> None:
        self.records = records
        self.rig = Rig(directory)
        with self.rig.database.begin() as conn:
            office = save_opening_hours(conn, OFFICE)
        self._campaign = self.rig.configure(
            [],
            simulation=OUTCOMES,
            trunk={"capacity": lines, "max_calls_per_period": 10**6},
            reschedule_rules=RULES,
            answer_timeout_ms=20_000,
            batch_size=500,
            opening_hours_ids=(office.id,),
        )
        with self.rig.database.begin() as conn:
            conn.exec_driver_sql(_FILL, (records, self._campaign.list_ids[0]))

    def run(self) -> None:
        """From Monday morning to Friday evening, or to the run's end."""
        self.rig.start(threads=SlowDisk(self.rig.timer), beat_s=BEAT_S)
        self.rig.ask(self._campaign)
        while self.rig.timer.seconds() < DAYS * DAY_S and not self.state.is_over:
            self.rig.turn(3600)

    @property
    def state(self) -> RunState:
        with self.rig.database.connect() as conn:
            runs = fetch_recent_runs(conn, 1)
        return runs[0].state if runs else RunState.RUNNABLE

    def count_ends(self) -> Counter[str]:
        """How many records' last calls ended in each state; none may be unaccounted for."""
        newest = select(func.max(call_log.c.id)).group_by(call_log.c.record_id)
        ends = select(call_log.c.state, func.count().label("records"))
        ends = ends.where(call_log.c.id.in_(newest)).group_by(call_log.c.state)
        with self.rig.database.connect() as conn:
            run = fetch_run(conn, 1)
            calls = conn.execute(select(func.count()).select_from(call_log)).scalar_one()
            left = [
                conn.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (attempt, retry)
            ]
            found = Counter({row.state: row.records for row in conn.execute(ends)})
        assert run.state is RunState.COMPLETED
        assert run.completed == self.records == found.total()
        assert run.attempted == calls
        assert left == [0, 0]
        return found


_FILL = """WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO record (list_id, number) SELECT ?, 5550000000 + i FROM n"""
