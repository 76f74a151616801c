"""Puts the web server together.

Import this only once the reactor is chosen: klein would install another one.
"""

import secrets
from collections.abc import Collection

from sqlalchemy import Engine
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.python.threadpool import ThreadPool
from twisted.web.http import Request
from twisted.web.resource import Resource

from core.config import WebSettings
from core.ports import Clock
from core.ports.control import Control
from core.ports.snapshot import SnapshotSource
from web.channel import WebSite
from web.compat.admission import Open
from web.compat.asked import Ground
from web.compat.dialect import Dialect
from web.forgery import FormTokens
from web.guard import Guarded
from web.queries import Queries
from web.ui.assets import load_assets
from web.ui.pages import Pages, Surroundings
from web.ui.render import Renderer
from web.ui.stream import LiveStream


def make_site(
    *,
    source: SnapshotSource,
    control: Control,
    engine: Engine,
    pool: ThreadPool,
    clock: Clock,
    reactor: IReactorTime,
    names: Collection[str] = (),
    secret: bytes | None = None,
    max_connections: int = 1000,
    contexts: Collection[str] = WebSettings().contexts,
) -> WebSite:
    """The web server, to be listened with on 127.0.0.1 only: it knows no users yet.

    `pool` is a started thread pool for database work; `reactor` also takes calls from its
    threads. `names` are host names, without port, under which browsers reach the server
    besides localhost, over at most `max_connections` at once. `secret` signs the forms' tokens;
    one is made up if it is None. `contexts` are the first parts of the dialect's addresses.
    """
    assets = load_assets()
    renderer = Renderer(assets)
    pages = Pages(
        Surroundings(
            source=source,
            engine=engine,
            pool=pool,
            reactor=IReactorFromThreads(reactor),
            clock=clock,
            stream=LiveStream(source, reactor, renderer.live),
            renderer=renderer,
            assets=assets,
            tokens=FormTokens(secret or secrets.token_bytes(32)),
        )
    )
    queries = Queries(IReactorFromThreads(reactor), pool, engine)
    ground = Ground(queries=queries, clock=clock, source=source, control=control)
    faces = _Faces(pages.app.resource(), Dialect(ground, Open()), contexts)
    return WebSite(Guarded(faces, names), reactor=reactor, max_connections=max_connections)


class _Faces(Resource):
    """Gives the contexts' addresses to the dialect, all others to the pages."""

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __init__(self, pages: Resource, dialect: Dialect, contexts: Collection[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._pages = pages
        self._dialect = dialect
        self._contexts = frozenset(context.encode() for context in contexts)

    def render(self, request: Request) -> bytes | int:
        context = request.path.lstrip(b"/").partition(b"/")[0]
        face = self._dialect if context in self._contexts else self._pages
        rendered: bytes | int = face.render(request)
        return rendered
