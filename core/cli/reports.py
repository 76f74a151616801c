"""`status` and `report`: how things stand, and what became of a run."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from core.cli.campaign_lists import LIST_COLUMNS, list_cells, lists_table
from core.cli.ids import ID
from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.reports import RecallTable, RunReport, RunSummary
    from core.operations.status import Status
    from core.rules.figures import Figures

#: Most runs that `status` shows.
_RUNS = click.IntRange(1, 1000)


@click.command(short_help="Show servers, campaigns and runs.")
@click.option("--runs", type=_RUNS, default=10, show_default=True, help="How many runs to show.")
@json_option
@pass_session
def status(session: Session, runs: int) -> None:
    """Show whether a dialer is running, the servers, the campaigns and the latest runs."""
    from core.operations.status import fetch_status

    found = fetch_status(session.engine, session.actor, runs)
    answer(
        found,
        "a dialer is running" if found.is_dialer_running else "no dialer is running",
        lambda: _servers(found),
        lambda: _campaigns(found),
        lambda: _runs(found),
        *([lambda: _open_runs(found)] if found.is_dialer_running else []),
        *([lambda: _open_lists(found)] if any(run.lists for run in found.lists) else []),
    )


@click.command(short_help="Show what became of a run's calls.")
@click.argument("run", type=ID)
@json_option
@pass_session
def report(session: Session, run: int) -> None:
    """Show the report of the run with the number RUN, which `whipbird status` tells."""
    from core.operations.reports import run_report

    found = run_report(session.engine, session.actor, run)
    answer(
        found,
        _headline(found),
        *([_figures(found.run.figures)] if found.run.figures else []),
        lambda: _outcomes(found),
        lambda: make_table(
            "Calls per trunk",
            "trunk",
            "calls",
            rows=[(line.name, line.count) for line in found.trunks],
        ),
        lambda: _recalls(found.recalls),
        lambda: lists_table(found.lists),
    )


def _servers(found: "Status") -> "RenderableType":
    return make_table(
        "Servers",
        "name",
        "type",
        "address",
        "trunks",
        "end-points",
        rows=[
            (
                server.name,
                server.type.name.lower(),
                server.address,
                server.trunks,
                server.end_points,
            )
            for server in found.servers
        ],
    )


def _campaigns(found: "Status") -> "RenderableType":
    return make_table(
        "Campaigns",
        "name",
        "pace",
        "run",
        "state",
        rows=[
            (view.name, view.pace.value, view.run_id or "", view.run_state or "")
            for view in found.campaigns
        ],
    )


def _runs(found: "Status") -> "RenderableType":
    return make_table(
        "Runs",
        "run",
        "campaign",
        "state",
        "started (UTC)",
        "ended (UTC)",
        "attempted",
        "completed",
        "error",
        rows=[
            (
                run.run_id,
                run.campaign,
                run.state.value,
                _minute(run.started_at),
                _minute(run.ended_at),
                run.attempted,
                run.completed,
                run.error,
            )
            for run in found.runs
        ],
    )


def _open_lists(found: "Status") -> "RenderableType":
    return make_table(
        "Lists of open runs",
        "run",
        *LIST_COLUMNS,
        rows=[(run.run_id, *list_cells(at)) for run in found.lists for at in run.lists],
    )


def _open_runs(found: "Status") -> "RenderableType":
    return make_table(
        "Open runs, as the dialer shows them",
        "run",
        "live",
        "in cache",
        "remaining",
        "terminated %",
        "attempts/h",
        "completions/h",
        "completion in",
        "decisions of the last 30 s",
        rows=[
            (
                run.run_id,
                run.live_calls,
                run.figures.cached,
                run.figures.remaining,
                _known(run.figures.termination_rate),
                _known(run.figures.attempts_per_hour),
                _known(run.figures.completions_per_hour),
                _span(run.figures.completion_s),
                _decisions(run),
            )
            for run in found.runs
            if run.figures is not None and not run.state.is_over
        ],
    )


def _decisions(run: "RunSummary") -> str:
    return ", ".join(f"{made.verdict} {made.held_s:.0f} s" for made in run.decisions)


def _figures(figures: "Figures") -> str:
    return (
        f"{figures.cached} in cache, about {figures.remaining} remaining; "
        f"termination rate {_known(figures.termination_rate)} %, "
        f"reschedule rate {_known(figures.reschedule_rate)} %; per hour "
        f"{_known(figures.attempts_per_hour)} attempts, "
        f"{_known(figures.completions_per_hour)} completions; "
        f"completion in {_span(figures.completion_s)}"
    )


def _known(figure: int | None) -> int | str:
    return "-" if figure is None else figure


def _span(seconds: int | None) -> str:
    """`0:00:09`, `265 days, 0:14:34`; a dash when it is not known."""
    return "-" if seconds is None else str(timedelta(seconds=seconds))


def _headline(found: "RunReport") -> str:
    run = found.run
    return (
        f"Run {run.run_id} of {run.campaign}: {run.state}, started {_minute(run.started_at)} UTC"
        f"{', ended ' + _minute(run.ended_at) + ' UTC' if run.ended_at else ''}; "
        f"{found.calls} calls ended"
    )


def _outcomes(found: "RunReport") -> "RenderableType":
    return make_table(
        "Outcomes (averages in seconds)",
        "state",
        "status",
        "calls",
        "%",
        "wait before",
        "wait",
        "talk",
        rows=[
            (
                line.state,
                line.ext_status,
                line.count,
                100 * line.count / found.calls,
                line.wait_pre_ms / 1000,
                line.wait_after_ms / 1000,
                line.talk_ms / 1000,
            )
            for line in found.outcomes
        ],
    )


def _recalls(recalls: "RecallTable") -> "RenderableType":
    return make_table(
        "Outcomes by attempt",
        "state",
        *("first" if level == 0 else f"retry {level}" for level in recalls.levels),
        "all",
        rows=[(line.state, *line.counts, line.total) for line in recalls.lines],
    )


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
