"""The addresses of the pages, and who may send what to them. They decide nothing."""

import msgspec
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.web.http import CACHED, Request
from twisted.web.iweb import IRequest
from werkzeug.exceptions import NotFound as NoRoute

from core.errors import Forbidden, InvalidValue, TooManyAttempts
from core.operations.campaigns import ask, campaigns
from core.operations.live import fetch_sight, narrow
from core.operations.reports import LogPage, log_page, recent_runs, run_report
from core.rules.keys import Key
from web.download import COLUMNS, PAGE, Sheet, SheetPage, cells, send_sheet
from web.failures import describe
from web.gate import read_session
from web.health import Health, check_health
from web.request import WebRequest
from web.ui.entrance import check_form, declare_html, lead_to, read_field
from web.ui.journal import LogForm, read_page
from web.ui.questions import (
    HoursAnswer,
    HoursForm,
    WhyAnswer,
    WhyForm,
    answer_hours,
    answer_why,
)
from web.ui.render import Notice
from web.ui.visits import Seen, Surroundings, Visits, look

#: Calls on one page of a report, and runs in the list of runs.
CALLS_A_PAGE = 50
RUNS_SHOWN = 100
#: The address of a run, whose number a database can hold.
_RUN = f"/runs/<int(max={2**63 - 1}):run_id>"

_DONE = {
    "start": "start asked; its run appears in a moment.",
    "pause": "pause asked; no new call is placed, calls that are up go on.",
    "unpause": "asked to go on.",
    "reload": "reload asked; new calls go by the campaign's definition of now.",
    "remove": "end asked; calls that are up go on, nothing more is dialled.",
}

_CHANGED = "Your password is changed; you are logged off everywhere else."


class Pages:
    """The web application."""

    app = Klein()

    def __init__(self, surroundings: Surroundings) -> None:
        self._on = surroundings
        self._visits = Visits(surroundings)

    @app.route("/", methods=["GET"])
    async def live(self, request: Request) -> str:
        declare_html(request)
        done = _DONE.get(read_field(request, b"asked"))
        notice = Notice(kind="done", text=done.capitalize()) if done else None
        try:
            sight = await self._visits.ask(request, fetch_sight)
        except Forbidden as error:
            return self._lead_on(request, error)
        found = await self._visits.ask(request, campaigns)
        snapshot = narrow(self._on.source.latest(), sight.value)
        return found.show.live_page(snapshot, found.value, notice)

    @app.route("/live/stream", methods=["GET"])
    async def stream(self, request: Request) -> bytes | None:
        sight = await self._visits.ask(request, fetch_sight)
        request.setHeader(b"Content-Type", b"text/event-stream")
        request.setHeader(b"Cache-Control", b"no-store")
        request.setHeader(b"X-Accel-Buffering", b"no")
        if request.method == b"HEAD":
            return b""
        await self._on.stream.attach(request, sight.value, lambda: self._visits.look(request))
        return None

    @app.route("/live/campaigns", methods=["GET"])
    def campaigns(self, request: Request) -> Deferred[str]:
        declare_html(request)
        return self._visits.ask(request, campaigns).addCallback(
            lambda seen: seen.show.campaigns(seen.value)
        )

    @app.route("/campaigns/<verb>", methods=["POST"])
    def ask(self, request: Request, verb: str) -> Deferred[str]:
        check_form(request, self._on.tokens, read_session(request))
        name = read_field(request, b"campaign")
        asked = self._visits.ask(request, ask, name, verb, self._on.clock.now())
        return asked.addCallback(lambda _: self._asked(request, verb, name))

    @app.route("/runs/", methods=["GET"])
    def runs(self, request: Request) -> Deferred[str]:
        declare_html(request)
        return self._visits.ask(request, recent_runs, RUNS_SHOWN).addCallback(
            lambda seen: seen.show.runs(seen.value)
        )

    @app.route(f"{_RUN}/", methods=["GET"])
    def report(self, request: Request, run_id: int) -> Deferred[str]:
        declare_html(request)
        after_id = _count(request, b"after")
        report = self._visits.ask(request, run_report, run_id, after_id, CALLS_A_PAGE)
        return report.addCallback(lambda seen: seen.show.report(seen.value))

    @app.route(f"{_RUN}/logs.csv", methods=["GET"])
    async def logs(self, request: Request, run_id: int) -> None:
        def read(after_id: int) -> Deferred[SheetPage]:
            page = self._visits.ask(request, log_page, run_id, after_id, PAGE)
            return page.addCallback(lambda seen: lay_out(seen.value))

        def lay_out(page: LogPage) -> SheetPage:
            end = page.next_after
            return SheetPage(
                rows=[cells(line.log, line.list_name, line.trunk) for line in page.lines],
                read_on=None if end is None else lambda: read(end),
            )

        page = await read(0)
        sheet = Sheet(name=f"run-{run_id}.csv", columns=COLUMNS, page=page)
        await send_sheet(request, sheet)

    @app.route("/hours/", methods=["GET"])
    def hours(self, request: Request) -> Deferred[str]:
        declare_html(request)
        asked = HoursForm(
            of=read_field(request, b"of"),
            at=read_field(request, b"at"),
            zone=read_field(request, b"tz"),
        )

        def show(seen: Seen[HoursAnswer]) -> str:
            request.setResponseCode(seen.value.status)
            return seen.show.hours(seen.value)

        answered = self._visits.ask(request, answer_hours, asked, self._on.clock.now())
        return answered.addCallback(show)

    @app.route("/why/", methods=["GET"])
    def why(self, request: Request) -> Deferred[str]:
        declare_html(request)
        asked = WhyForm(
            number=read_field(request, b"number").strip(),
            campaign=read_field(request, b"campaign"),
        )

        def show(seen: Seen[WhyAnswer]) -> str:
            request.setResponseCode(seen.value.status)
            return seen.show.why(seen.value)

        answered = self._visits.ask(request, answer_why, asked, self._on.clock.now())
        return answered.addCallback(show)

    @app.route("/log/", methods=["GET"])
    def system_log(self, request: Request) -> Deferred[str]:
        declare_html(request)
        asked = LogForm(
            who=read_field(request, b"who").strip(),
            action=read_field(request, b"action").strip(),
            before=_count(request, b"before"),
        )
        read = self._visits.ask(request, read_page, asked)
        return read.addCallback(lambda seen: seen.show.system_log(seen.value))

    @app.route("/password", methods=["GET"])
    def show_password(self, request: Request) -> Deferred[str]:
        declare_html(request)
        is_changed = read_field(request, b"changed") == "yes"
        notice = Notice(kind="done", text=_CHANGED) if is_changed else None
        return self._visits.ask(request, look).addCallback(lambda seen: seen.show.password(notice))

    @app.route("/password", methods=["POST"])
    async def change_password(self, request: Request) -> str:
        declare_html(request)
        check_form(request, self._on.tokens, read_session(request))
        seen = await self._visits.ask(request, look)
        try:
            await self._on.entrance.change_password(request)
        except (InvalidValue, TooManyAttempts) as error:
            problem = describe(error)
            request.setResponseCode(problem.status)
            for name, value in problem.headers:
                request.setHeader(name.encode(), value.encode())
            return seen.show.password(Notice(kind="refused", text=problem.text))
        return lead_to(request, "/password?changed=yes")

    @app.route("/login", methods=["GET"])
    def show_log_on(self, request: Request) -> Deferred[str]:
        return self._on.entrance.show(request)

    @app.route("/login", methods=["POST"])
    async def log_on(self, request: Request) -> str:
        return await self._on.entrance.log_on(request)

    @app.route("/logout", methods=["POST"])
    async def log_off(self, request: Request) -> str:
        return await self._on.entrance.log_off(request)

    @app.route("/first", methods=["GET"])
    def show_first(self, request: Request) -> Deferred[str]:
        return self._on.entrance.show_first(request)

    @app.route("/first", methods=["POST"])
    async def make_first(self, request: Request) -> str:
        return await self._on.entrance.make_first(request)

    @app.route("/static/<path:path>", methods=["GET"])
    def static(self, request: Request, path: str) -> bytes:
        asset = self._on.assets.find(path)
        if asset is None:
            raise NoRoute
        is_exact = read_field(request, b"v") == asset.version
        keep = "public, max-age=31536000, immutable" if is_exact else "no-cache"
        request.setHeader(b"Cache-Control", keep.encode())
        request.setHeader(b"Content-Type", asset.content_type.encode())
        is_known = request.setETag(f'"{asset.version}"'.encode()) is CACHED
        return b"" if is_known else asset.content

    @app.route("/health", methods=["GET"])
    def health(self, request: Request) -> Deferred[bytes]:
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Cache-Control", b"no-store")

        def answer(health: Health) -> bytes:
            request.setResponseCode(200 if health.database == "ok" else 503)
            return msgspec.json.encode(health)

        on = self._on
        checked = deferToThreadPool(
            on.reactor, on.pool, check_health, on.engine, on.source.latest()
        )
        return checked.addCallback(answer)

    @app.handle_errors(Exception)
    def failed(self, request: IRequest, failure: Failure) -> str:
        assert isinstance(request, Request)
        return self._visits.end_badly(request, failure)

    def _lead_on(self, request: Request, refused: Forbidden) -> str:
        """To the page that this user has instead of the live one."""
        assert isinstance(request, WebRequest)
        if request.actor is None or not request.actor.ring.holds(Key.REPORT):
            raise refused
        return lead_to(request, "/runs/")

    def _asked(self, request: Request, verb: str, campaign: str) -> str:
        """The part of the page that says so, or the whole page for a browser without
        scripts, by way of a redirect, so that loading it again asks nothing."""
        if not request.getHeader(b"HX-Request"):
            return lead_to(request, f"/?asked={verb}")
        declare_html(request)
        request.setHeader(b"HX-Trigger", b"asked")
        return self._on.renderer.notice(Notice(kind="done", text=f"{campaign}: {_DONE[verb]}"))


def _count(request: Request, name: bytes) -> int:
    """The field as a whole number from 0; 0 of anything else."""
    text = read_field(request, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
