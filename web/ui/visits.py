"""Whoever asks for a page: the work is done in their name, in a thread, and what goes wrong
ends here, in words."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Generic, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web.http import Request

from core.errors import Forbidden, NotRecognised
from core.operations.live import Sight, fetch_sight
from core.people import Actor
from core.ports import Clock
from core.ports.snapshot import SnapshotSource
from web.failures import describe
from web.forgery import FormTokens
from web.gate import Gate, read_session
from web.request import WebRequest
from web.ui.assets import Assets
from web.ui.entrance import Entrance, declare_html, lead_to
from web.ui.render import Notice, Renderer
from web.ui.stream import LiveStream
from web.viewer import cut_off

P = ParamSpec("P")
T = TypeVar("T")

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
    gate: Gate
    entrance: Entrance


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen(Generic[T]):
    """What work gave, and the renderer for whoever it was done for."""

    show: Renderer
    value: T


class Visits:
    """What is done for whoever sends a request, and said to them."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._on = surroundings
        self._show = surroundings.renderer

    def ask(
        self,
        request: Request,
        work: Callable[Concatenate[Engine, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[Seen[T]]:
        """Run `work` on the database, in a thread, for whoever is logged on; NotRecognised
        without anybody."""
        on = self._on
        secret, address = read_session(request), on.gate.address(request)

        def do() -> Seen[T]:
            actor = on.gate.find_visitor(secret, address)
            assert isinstance(request, WebRequest)
            request.actor = actor
            value = work(on.engine, actor, *args, **kwargs)
            return Seen(show=self._show_to(request), value=value)

        return deferToThreadPool(on.reactor, on.pool, do)

    def look(self, request: Request) -> Deferred[Sight | None]:
        """What the viewer of a stream may see now; None once they are logged off or have lost
        their key."""

        def is_over(failure: Failure) -> None:
            failure.trap(NotRecognised, Forbidden)

        looked = self.ask(request, fetch_sight).addCallback(lambda seen: seen.value)
        return looked.addErrback(is_over)

    def _show_to(self, request: Request) -> Renderer:
        """The renderer for whoever sends the request, as far as that is known."""
        if not isinstance(request, WebRequest) or request.actor is None:
            return self._show
        return self._show.seen_by(request.actor, self._on.tokens.sign(read_session(request)))

    def end_badly(self, request: Request, failure: Failure) -> str:
        """The border of a request: whatever went wrong ends here, in words."""
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
        if isinstance(failure.value, NotRecognised):
            return self._send_to_log_on(request)
        request.responseHeaders.removeHeader(b"Content-Disposition")
        for name, value in problem.headers:
            request.setHeader(name.encode(), value.encode())
        request.setResponseCode(problem.status)
        declare_html(request)
        if request.getHeader(b"HX-Request"):
            return self._show.notice(Notice(kind="refused", text=problem.text))
        show = self._show_to(request)
        return show.problem(problem.status, problem.title, problem.text)

    def _send_to_log_on(self, request: Request) -> str:
        """Nobody is logged on: a page leads there, and back; a part of a page leads the whole
        page there."""
        request.setHeader(b"Cache-Control", b"no-store")
        if request.getHeader(b"HX-Request"):
            request.setHeader(b"HX-Redirect", b"/login")
            request.setResponseCode(401)
            return ""
        if request.method != b"GET" or request.path == b"/live/stream":
            request.setResponseCode(401)
            declare_html(request)
            return self._show.problem(401, "Log on first", "You are not logged on any more.")
        onward = quote(request.uri.decode("ascii", "replace"), safe="")
        return lead_to(request, f"/login?next={onward}")


def look(_engine: Engine, actor: Actor) -> Actor:
    """Work that asks nothing but who is logged on."""
    return actor
