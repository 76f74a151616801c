"""Values to HTML. Every value is escaped here, by Jinja2's autoescape, and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.operations.campaigns import CampaignView
from core.operations.reports import RunReport, RunSummary
from core.ports.snapshot import Snapshot
from core.rules.states import RunState
from web.ui import words
from web.ui.assets import Assets
from web.ui.bars import lay_out_day, stack, stack_decisions
from web.ui.questions import HoursAnswer, WhyAnswer

TEMPLATES = Path(__file__).parent / "templates"

#: What a run's state lets a person ask (manual, "A run's life-cycle").
_OFFERS = {
    RunState.RUNNABLE: ("remove",),
    RunState.RUNNING: ("pause", "reload", "remove"),
    RunState.WRONG_TIME: ("pause", "reload", "remove"),
    RunState.IDLE: ("pause", "reload", "remove"),
    RunState.PAUSED: ("unpause", "reload", "remove"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """The answer to a button, in a sentence."""

    kind: Literal["done", "refused"]
    text: str


class Renderer:
    """Renders the pages and their parts; `assets` gives the addresses of static files."""

    def __init__(self, assets: Assets) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._jinja.filters.update(
            capital=words.capitalise,
            count=words.show_count,
            duration=words.show_duration,
            held=words.show_held,
            percent=words.show_percent,
            outcome=words.show_outcome,
            seconds=words.show_seconds,
            time=words.show_time,
            machine_time=words.machine_time,
        )
        self._jinja.globals.update(
            asset=assets.address,
            clock=words.show_clock,
            lay_out_day=lay_out_day,
            local=words.show_local,
            offers=offers,
            stack=stack,
            stack_decisions=stack_decisions,
            share=words.show_share,
        )
        parts = self._jinja.get_template("_parts.html").module
        self._jinja.globals.update(
            {
                name: getattr(parts, name)
                for name in ("ask_button", "decision_bar", "figures", "outcome_bar", "moment")
            }
        )

    def live(self, snapshot: Snapshot) -> dict[str, str]:
        """The parts of the live page that each snapshot replaces, by the event's name."""
        return {
            "overview": self._render("_overview.html", snapshot=snapshot),
            "calls": self._render("_calls.html", snapshot=snapshot),
        }

    def live_page(
        self,
        snapshot: Snapshot,
        campaigns: Iterable[CampaignView],
        token: str,
        notice: Notice | None = None,
    ) -> str:
        """The whole live page; `token` goes into its one form."""
        return self._render(
            "live.html",
            snapshot=snapshot,
            campaigns=tuple(campaigns),
            token=token,
            notice=notice,
        )

    def campaigns(self, campaigns: Iterable[CampaignView]) -> str:
        """The part of the live page that lists all campaigns."""
        return self._render("_campaigns.html", campaigns=tuple(campaigns))

    def notice(self, notice: Notice) -> str:
        """The answer to a button, as a part of the live page."""
        return self._render("_notice.html", notice=notice)

    def runs(self, runs: Iterable[RunSummary]) -> str:
        """The page that lists runs."""
        return self._render("runs.html", runs=tuple(runs))

    def report(self, report: RunReport) -> str:
        """The page of one run."""
        return self._render("report.html", report=report)

    def hours(self, answer: HoursAnswer) -> str:
        """The opening-hours inspector."""
        return self._render("hours.html", answer=answer)

    def why(self, answer: WhyAnswer) -> str:
        """The page about a number."""
        return self._render("why.html", answer=answer)

    def problem(self, status: int, title: str, text: str) -> str:
        """The page shown in place of one that cannot be."""
        return self._render("problem.html", status=status, title=title, text=text)

    def _render(self, template: str, **values: object) -> str:
        return self._jinja.get_template(template).render(values)


def offers(state: RunState) -> tuple[str, ...]:
    """The verbs of the buttons beside a run in this state."""
    return _OFFERS.get(state, ())
