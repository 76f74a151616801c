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
from core.operations.doorkeeper import Doorkeeper
from core.operations.first import FirstLink, is_for_show
from core.operations.passwords import Passwords
from core.ports import Clock
from core.ports.control import Control
from core.ports.snapshot import SnapshotSource
from web.channel import WebSite
from web.compat.admission import Gated
from web.compat.asked import Ground
from web.compat.dialect import Dialect
from web.compat.intake import Intake
from web.forgery import FormTokens
from web.gate import Gate
from web.guard import Guarded
from web.queries import Queries
from web.ui.assets import load_assets
from web.ui.entrance import Entrance
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
    logons: ThreadPool | None = None,
    door: Doorkeeper | None = None,
    first: FirstLink | None = None,
    names: Collection[str] = (),
    proxies: Collection[str] = (),
    secret: bytes | None = None,
    max_connections: int = 1000,
    contexts: Collection[str] = WebSettings().contexts,
    is_control_open: bool = True,
    control_addresses: Collection[str] = (),
) -> WebSite:
    """The web server.

    `pool` is a started thread pool for database work, `logons` one of a single thread in which
    passwords are checked, `pool` if it is None; `reactor` also takes calls from their threads.
    `door` knows who asks, and `first` makes the first of them; both are made if they are None.
    `names` are host names, without port, under which browsers reach the server besides
    localhost, over at most `max_connections` at once; `proxies` are addresses whose
    X-Forwarded headers are believed. `secret` signs the forms' tokens; one is made up if it is
    None. `contexts` are the first parts of the dialect's addresses, whose control calls anybody
    may make if `is_control_open`, and who is at one of `control_addresses` in any case.
    """
    assets, threads = load_assets(), IReactorFromThreads(reactor)
    renderer = Renderer(assets, is_for_show=is_for_show(engine))
    tokens = FormTokens(secret or secrets.token_bytes(32))
    gate = Gate(
        door=door or Doorkeeper(engine, clock, Passwords()),
        reactor=threads,
        pool=pool,
        logons=logons or pool,
        proxies=frozenset(proxies),
    )
    pages = Pages(
        Surroundings(
            source=source,
            engine=engine,
            pool=pool,
            reactor=threads,
            clock=clock,
            stream=LiveStream(source, reactor, renderer.stream),
            renderer=renderer,
            assets=assets,
            tokens=tokens,
            gate=gate,
            entrance=Entrance(
                engine=engine,
                clock=clock,
                gate=gate,
                first=first or FirstLink(engine, Passwords()),
                renderer=renderer,
                tokens=tokens,
            ),
        )
    )
    queries = Queries(threads, pool, engine)
    ground = Ground(
        queries=queries,
        clock=clock,
        source=source,
        control=control,
        intake=Intake(control, engine, clock),
    )
    dialect = Dialect(
        ground, Gated(gate, is_open=is_control_open, addresses=control_addresses), reactor
    )
    faces = _Faces(pages.app.resource(), dialect, contexts)
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
