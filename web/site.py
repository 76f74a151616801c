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

from core.operations.doorkeeper import Doorkeeper
from core.operations.first import FirstLink, is_for_show
from core.operations.passwords import Passwords
from core.ports import Clock
from core.ports.control import Control
from core.ports.news import NewsSource
from core.ports.snapshot import SnapshotSource
from core.settings import WebSettings
from web.api.description import describing
from web.api.face import Api, refuse_as_problem
from web.api.offered import OPERATIONS, TAGS
from web.api.operation import ROOT
from web.api.operation import Ground as ApiGround
from web.channel import WebSite, refuse_in_a_line
from web.compat.admission import Gated
from web.compat.asked import Ground
from web.compat.dialect import Dialect
from web.events import EventStream
from web.forgery import FormTokens
from web.gate import Gate
from web.guard import Guarded
from web.intake import Intake
from web.queries import Queries
from web.request import MAX_BODY
from web.ui.assets import load_assets
from web.ui.entrance import Entrance
from web.ui.pages import Pages
from web.ui.render import Renderer
from web.ui.stream import LiveStream
from web.ui.visits import Surroundings

_API = f"{ROOT}/".encode()


def make_site(
    settings: WebSettings,
    *,
    source: SnapshotSource,
    news: NewsSource,
    control: Control,
    engine: Engine,
    pool: ThreadPool,
    clock: Clock,
    reactor: IReactorTime,
    logons: ThreadPool | None = None,
    door: Doorkeeper | None = None,
    first: FirstLink | None = None,
    passwords: Passwords | None = None,
    secret: bytes | None = None,
) -> WebSite:
    """The web server.

    `pool` is a started thread pool for database work, `logons` one of a single thread in which
    passwords are checked, `pool` if it is None; `reactor` also takes calls from their threads.
    `door` knows who asks, `first` makes the first of them, and `passwords` keeps how they are
    checked; each is made if it is None. `secret` signs the forms' tokens; one is made up if it
    is None. Of the connections three quarters may be streams of events.
    """
    passwords = passwords or Passwords()
    threads = IReactorFromThreads(reactor)
    tokens = FormTokens(secret or secrets.token_bytes(32))
    gate = Gate(
        door=door or Doorkeeper(engine, clock, passwords),
        reactor=threads,
        pool=pool,
        logons=logons or pool,
        proxies=frozenset(settings.trusted_proxies),
    )
    around = _surroundings(source, engine, pool, clock, reactor, tokens, gate, first, passwords)
    queries = Queries(threads, pool, engine)
    intake = Intake(control, engine, clock)
    ground = Ground(queries=queries, clock=clock, source=source, control=control, intake=intake)
    gated = Gated(gate, is_open=settings.is_control_open, addresses=settings.control_addresses)
    events = EventStream(news, reactor, most=settings.max_connections * 3 // 4)
    api_ground = ApiGround(
        queries=queries,
        clock=clock,
        source=source,
        control=control,
        intake=intake,
        gate=gate,
        tokens=tokens,
        passwords=passwords,
        events=events,
    )
    described = describing(OPERATIONS, TAGS, around.assets.address)
    api = Api(api_ground, (*OPERATIONS, *described), reactor)
    dialect = Dialect(ground, gated, reactor)
    faces = _Faces(Pages(around).app.resource(), dialect, settings.contexts, api)
    return WebSite(
        Guarded(faces, settings.names),
        reactor=reactor,
        max_connections=settings.max_connections,
        body_limit=lambda path: api.body_limit(path) if path.startswith(_API) else MAX_BODY,
        flows=lambda method, path: path.startswith(_API) and api.flows(method, path),
        refusal=_refuse,
        at_end=(around.stream.end, events.end),
    )


def _surroundings(
    source: SnapshotSource,
    engine: Engine,
    pool: ThreadPool,
    clock: Clock,
    reactor: IReactorTime,
    tokens: FormTokens,
    gate: Gate,
    first: FirstLink | None,
    passwords: Passwords,
) -> Surroundings:
    """What the pages stand on."""
    assets = load_assets()
    renderer = Renderer(assets, is_for_show=is_for_show(engine))
    entrance = Entrance(
        engine=engine,
        clock=clock,
        gate=gate,
        first=first or FirstLink(engine, passwords),
        renderer=renderer,
        tokens=tokens,
    )
    return Surroundings(
        source=source,
        engine=engine,
        pool=pool,
        reactor=IReactorFromThreads(reactor),
        clock=clock,
        stream=LiveStream(source, reactor, renderer.stream),
        renderer=renderer,
        assets=assets,
        tokens=tokens,
        gate=gate,
        entrance=entrance,
    )


def _refuse(path: bytes, status: int, text: str) -> tuple[bytes, bytes]:
    speak = refuse_as_problem if path.startswith(_API) else refuse_in_a_line
    return speak(path, status, text)


class _Faces(Resource):
    """Gives the contexts' addresses to the dialect, those below ROOT to the API, all others to
    the pages."""

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __init__(
        self, pages: Resource, dialect: Dialect, contexts: Collection[str], api: Api
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._pages = pages
        self._dialect = dialect
        self._api = api
        self._contexts = frozenset(context.encode() for context in contexts)

    def render(self, request: Request) -> bytes | int:
        rendered: bytes | int = self._find(request.path).render(request)
        return rendered

    def _find(self, path: bytes) -> Resource:
        if path.startswith(_API):
            return self._api
        context = path.lstrip(b"/").partition(b"/")[0]
        return self._dialect if context in self._contexts else self._pages
