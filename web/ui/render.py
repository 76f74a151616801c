"""Values to HTML. Every value is escaped here, by Jinja2's autoescape, and nowhere else."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.operations.campaigns import CampaignView
from core.operations.live import Sight
from core.operations.reports import RunReport, RunSummary
from core.people import Actor
from core.ports.snapshot import Snapshot
from core.rules.keys import Key, Keyring
from core.rules.states import RunState
from web.ui import words
from web.ui.assets import Assets
from web.ui.bars import lay_out_day, stack, stack_decisions
from web.ui.journal import LogPage
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Whom a page is for: what they hold, and the token of their forms. Without a name it is
    nobody yet."""

    name: str = ""
    ring: Keyring = field(default_factory=Keyring)
    token: str = ""

    def can(self, key: str) -> bool:
        """Whether a page offers what needs this key."""
        return self.ring.holds(key)


class Renderer:
    """Renders the pages and their parts; `assets` gives the addresses of static files. Each
    page says so if the installation `is_for_show`."""

    def __init__(self, assets: Assets, *, is_for_show: bool = False) -> None:
        self._viewer = Viewer()
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
            is_for_show=is_for_show,
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

    def to(self, viewer: Viewer) -> "Renderer":
        """A renderer whose pages are for this viewer."""
        other = copy.copy(self)
        other._viewer = viewer
        return other

    def seen_by(self, actor: Actor, token: str) -> "Renderer":
        """A renderer whose pages are for this actor, with the token of their forms."""
        return self.to(Viewer(name=actor.name, ring=actor.ring, token=token))

    def stream(self, snapshot: Snapshot, sight: Sight) -> dict[str, str]:
        """What `live` gives, for all who have this sight."""
        keys = frozenset({Key.CTRL_WBT} if sight.can_control else ())
        return self.to(Viewer(ring=Keyring(keys=keys))).live(snapshot)

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
        notice: Notice | None = None,
    ) -> str:
        """The whole live page."""
        return self._render(
            "live.html",
            snapshot=snapshot,
            campaigns=tuple(campaigns),
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

    def log_on(self, *, onward: str, is_first: bool, name: str = "", refusal: str = "") -> str:
        """The page for logging on; `onward` is where it leads, and `is_first` says that there
        is nobody yet who could."""
        return self._render(
            "log_on.html", onward=onward, is_first=is_first, name=name, refusal=refusal
        )

    def first_user(self, *, secret: str, name: str = "", refusal: str = "") -> str:
        """The page that makes the first administrator."""
        return self._render("first_user.html", secret=secret, name=name, refusal=refusal)

    def password(self, notice: Notice | None = None) -> str:
        """The page on which a user changes their password."""
        return self._render("password.html", notice=notice)

    def system_log(self, page: LogPage) -> str:
        """A page of the system log."""
        return self._render("log.html", page=page)

    def problem(self, status: int, title: str, text: str) -> str:
        """The page shown in place of one that cannot be."""
        return self._render("problem.html", status=status, title=title, text=text)

    def _render(self, template: str, **values: object) -> str:
        return self._jinja.get_template(template).render(viewer=self._viewer, **values)


def offers(state: RunState) -> tuple[str, ...]:
    """The verbs of the buttons beside a run in this state."""
    return _OFFERS.get(state, ())
