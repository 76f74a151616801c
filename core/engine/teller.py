"""Tells the figures of runs, which change with every call, now and then."""

from dataclasses import replace
from datetime import datetime, timedelta

from core.dialer.live import Live
from core.dialer.telling import run_figures
from core.rules.news import RunFigures

#: How often at most a run's figures are told.
PAUSE = timedelta(seconds=2)


class Teller:
    """Remembers what it has told."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._told: dict[int, RunFigures] = {}

    def news(self, now: datetime) -> list[RunFigures]:
        """The figures of runs that differ from those last told, after a pause."""
        found = []
        for run_id, run in self._live.runs.items():
            before = self._told.get(run_id)
            if before is not None and before.at <= now < before.at + PAUSE:
                continue
            figures = run_figures(run, now)
            if before is None or replace(before, at=now) != figures:
                self._told[run_id] = figures
                found.append(figures)
        for run_id in self._told.keys() - self._live.runs.keys():
            del self._told[run_id]
        return found
