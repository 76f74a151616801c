"""The addresses of the pages, and who may send what to them. They decide nothing.

The database is asked in threads; what the handlers return are Deferreds.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from klein import Klein
from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web.http import CACHED, Request
from twisted.web.iweb import IRequest
from werkzeug.exceptions import NotFound as NoRoute

from core.operations.campaigns import ask, campaigns
from core.operations.reports import LogPage, log_page, recent_runs, run_report
from core.people import SYSTEM, Actor, Face
from core.ports import Clock
from core.ports.snapshot import SnapshotSource
from web.failures import describe
from web.forgery import COOKIE, FormTokens, check_origin, is_cookie
from web.health import Health, check_health
from web.ui.assets import Assets
from web.ui.download import PAGE, send_logs
from web.ui.questions import (
    HoursAnswer,
    HoursForm,
    WhyAnswer,
    WhyForm,
    answer_hours,
    answer_why,
)
from web.ui.render import Notice, Renderer
from web.ui.stream import LiveStream, cut_off

#: Calls on one page of a report, and runs in the list of runs.
CALLS_A_PAGE = 50
RUNS_SHOWN = 100

P = ParamSpec("P")
T = TypeVar("T")

_HTML = b"text/html; charset=utf-8"
_DONE = {
    "start": "start asked; its run appears in a moment.",
    "pause": "pause asked; no new call is placed, calls that are up go on.",
    "unpause": "asked to go on.",
    "reload": "reload asked; new calls go by the campaign's definition of now.",
    "remove": "end asked; calls that are up go on, nothing more is dialled.",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the pages stand on. `pool` is where database work runs."""

    source: SnapshotSource
    engine: Engine
    pool: ThreadPool
    reactor: IReactorFromThreads
    clock: Clock
    stream: LiveStream
    renderer: Renderer
    assets: Assets
    tokens: FormTokens


class Pages:
    """The web application."""

    app = Klein()

    def __init__(self, surroundings: Surroundings) -> None:
        self._on = surroundings
        self._show = surroundings.renderer

    @app.route("/", methods=["GET"])
    def live(self, request: Request) -> Deferred[str]:
        _declare_html(request)
        token = self._token(request)
        done = _DONE.get(_field(request, b"asked"))
        notice = Notice(kind="done", text=done.capitalize()) if done else None
        return self._query(campaigns, _actor(request)).addCallback(
            lambda found: self._show.live_page(self._on.source.latest(), found, token, notice)
        )

    @app.route("/live/stream", methods=["GET"])
    def stream(self, request: Request) -> Deferred[None] | bytes:
        request.setHeader(b"Content-Type", b"text/event-stream")
        request.setHeader(b"Cache-Control", b"no-store")
        request.setHeader(b"X-Accel-Buffering", b"no")
        return b"" if request.method == b"HEAD" else self._on.stream.attach(request)

    @app.route("/live/campaigns", methods=["GET"])
    def campaigns(self, request: Request) -> Deferred[str]:
        _declare_html(request)
        return self._query(campaigns, _actor(request)).addCallback(self._show.campaigns)

    @app.route("/campaigns/<verb>", methods=["POST"])
    def ask(self, request: Request, verb: str) -> Deferred[str]:
        self._check_ours(request)
        name = _field(request, b"campaign")
        asked = self._query(ask, _actor(request), name, verb, self._on.clock.now())
        return asked.addCallback(lambda _: self._asked(request, verb, name))

    @app.route("/runs/", methods=["GET"])
    def runs(self, request: Request) -> Deferred[str]:
        _declare_html(request)
        return self._query(recent_runs, _actor(request), RUNS_SHOWN).addCallback(self._show.runs)

    @app.route("/runs/<int:run_id>/", methods=["GET"])
    def report(self, request: Request, run_id: int) -> Deferred[str]:
        _declare_html(request)
        after_id = _count(request, b"after")
        report = self._query(run_report, _actor(request), run_id, after_id, CALLS_A_PAGE)
        return report.addCallback(self._show.report)

    @app.route("/runs/<int:run_id>/logs.csv", methods=["GET"])
    async def logs(self, request: Request, run_id: int) -> None:
        def fetch(after_id: int) -> Deferred[LogPage]:
            return self._query(log_page, _actor(request), run_id, after_id, PAGE)

        request.setHeader(b"Content-Type", b"text/csv; charset=utf-8; header=present")
        request.setHeader(
            b"Content-Disposition", f'attachment; filename="run-{run_id}.csv"'.encode()
        )
        request.setHeader(b"Cache-Control", b"no-store")
        await send_logs(request, fetch)

    @app.route("/hours/", methods=["GET"])
    def hours(self, request: Request) -> Deferred[str]:
        _declare_html(request)
        asked = HoursForm(
            of=_field(request, b"of"), at=_field(request, b"at"), zone=_field(request, b"tz")
        )

        def show(answer: HoursAnswer) -> str:
            request.setResponseCode(answer.status)
            return self._show.hours(answer)

        answered = self._query(answer_hours, _actor(request), asked, self._on.clock.now())
        return answered.addCallback(show)

    @app.route("/why/", methods=["GET"])
    def why(self, request: Request) -> Deferred[str]:
        _declare_html(request)
        asked = WhyForm(
            number=_field(request, b"number").strip(), campaign=_field(request, b"campaign")
        )

        def show(answer: WhyAnswer) -> str:
            request.setResponseCode(answer.status)
            return self._show.why(answer)

        return self._query(answer_why, _actor(request), asked, self._on.clock.now()).addCallback(
            show
        )

    @app.route("/static/<path:path>", methods=["GET"])
    def static(self, request: Request, path: str) -> bytes:
        asset = self._on.assets.find(path)
        if asset is None:
            raise NoRoute
        is_exact = _field(request, b"v") == asset.version
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

        return self._query(check_health, self._on.source.latest()).addCallback(answer)

    @app.handle_errors(Exception)
    def failed(self, request: IRequest, failure: Failure) -> str:
        """The border of a request: whatever went wrong ends here, in words."""
        assert isinstance(request, Request)
        assert failure.value is not None
        problem = describe(failure.value)
        if not problem.is_expected:
            _log.error(
                "%s %s failed",
                request.method.decode("ascii", "replace"),
                request.path.decode("ascii", "replace"),
                exc_info=failure.value,
            )
        if request.startedWriting:
            cut_off(request)
            return ""
        request.responseHeaders.removeHeader(b"Content-Disposition")
        for name, value in problem.headers:
            request.setHeader(name.encode(), value.encode())  # type: ignore[no-untyped-call]  # Twisted is untyped
        request.setResponseCode(problem.status)
        _declare_html(request)
        if request.getHeader(b"HX-Request"):
            return self._show.notice(Notice(kind="refused", text=problem.text))
        return self._show.problem(problem.status, problem.title, problem.text)

    def _asked(self, request: Request, verb: str, campaign: str) -> str:
        """The part of the page that says so, or the whole page for a browser without
        scripts, by way of a redirect, so that loading it again asks nothing."""
        if not request.getHeader(b"HX-Request"):
            request.redirect(f"/?asked={verb}".encode())
            request.setResponseCode(303)
            return ""
        _declare_html(request)
        request.setHeader(b"HX-Trigger", b"asked")
        return self._show.notice(Notice(kind="done", text=f"{campaign}: {_DONE[verb]}"))

    def _token(self, request: Request) -> str:
        """The token for this browser's form; it gets a cookie if it has none."""
        cookie = _cookie(request)
        if not is_cookie(cookie):
            cookie = self._on.tokens.new_cookie()
            request.addCookie(COOKIE, cookie, path=b"/", httpOnly=True, sameSite="strict")
        return self._on.tokens.sign(cookie)

    def _check_ours(self, request: Request) -> None:
        """Forged unless the request comes from a form of ours."""
        check_origin(
            request.getHeader("host") or "",
            request.getHeader("origin"),
            request.getHeader("sec-fetch-site"),
        )
        self._on.tokens.check(_cookie(request), _field(request, b"token"))

    def _query(
        self, work: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """Run `work` on the database, in a thread."""
        return deferToThreadPool(
            self._on.reactor, self._on.pool, work, self._on.engine, *args, **kwargs
        )


def _actor(request: Request) -> Actor:
    """The pages are for the machine's own people, until somebody can log on."""
    return replace(SYSTEM, face=Face.WEB, address=_address(request))


def _address(request: Request) -> str:
    return str(getattr(request.getClientAddress(), "host", ""))


def _declare_html(request: Request) -> None:
    request.setHeader(b"Content-Type", _HTML)
    request.setHeader(b"Cache-Control", b"no-store")


def _cookie(request: Request) -> str:
    value: bytes = request.getCookie(COOKIE.encode()) or b""
    return value.decode("ascii", "replace")


def _field(request: Request, name: bytes) -> str:
    """The field's first value, "" if it is not there."""
    values: list[bytes] = (request.args or {}).get(name, [b""])
    return values[0].decode("utf-8", "replace")


def _count(request: Request, name: bytes) -> int:
    """The field as a whole number from 0; 0 of anything else."""
    text = _field(request, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
