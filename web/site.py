"""Puts the web server together.

Import this only once the reactor is chosen: klein would install another one.
"""

import secrets
from collections.abc import Collection

from sqlalchemy import Engine
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.python.threadpool import ThreadPool

from core.ports import Clock
from core.ports.snapshot import SnapshotSource
from web.channel import WebSite
from web.forgery import FormTokens
from web.guard import Guarded
from web.ui.assets import load_assets
from web.ui.pages import Pages, Surroundings
from web.ui.render import Renderer
from web.ui.stream import LiveStream


def make_site(
    *,
    source: SnapshotSource,
    engine: Engine,
    pool: ThreadPool,
    clock: Clock,
    reactor: IReactorTime,
    names: Collection[str] = (),
    secret: bytes | None = None,
    max_connections: int = 1000,
) -> WebSite:
    """The web server, to be listened with on 127.0.0.1 only: it knows no users yet.

    `pool` is a started thread pool for database work; `reactor` also takes calls from its
    threads. `names` are host names, without port, under which browsers reach the server
    besides localhost, over at most `max_connections` at once. `secret` signs the forms' tokens;
    one is made up if it is None.
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
    return WebSite(
        Guarded(pages.app.resource(), names), reactor=reactor, max_connections=max_connections
    )
