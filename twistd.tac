"""Whipbird as a service: the only file that knows everyone.

Run it with `whipbird run` or `twistd -ny twistd.tac`. It reads like the picture of the house:
the database below, the engine on it, and around the engine the edges.
"""

# ruff: noqa: E402 - the order of imports is the point of this file

# panoramisk needs asyncio, and importing klein installs whatever reactor is the default: the
# asyncio reactor must be there before anything else is imported.
from twisted.internet import asyncioreactor

asyncioreactor.install()

import logging
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from core.guard import check_packages

check_packages()

from twisted.application.internet import StreamServerEndpointService
from twisted.application.service import Application, IServiceCollection
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.logger import ILogObserver, STDLibLogObserver
from twisted.python.threadpool import ThreadPool

from ami.pbx import AmiPbx
from ami.simulated import SimulatedPbx
from core.cli.program import describe
from core.config import load_config
from core.engine.clock import SystemClock
from core.engine.control import EngineControl
from core.engine.courier import HttpCourier
from core.engine.delivery import by_kind
from core.engine.engine import Engine
from core.engine.notifier import Notifier
from core.engine.retention import Retention
from core.engine.smtp import SmtpCourier
from core.engine.threads import DatabaseThreads
from core.garbage import leave_what_is_there
from core.listening import check_free
from core.log import start_log
from core.model import Server, ServerType
from core.operations.doorkeeper import Doorkeeper
from core.operations.first import FirstLink, check_exposure
from core.operations.passwords import Passwords
from core.ports import Pbx, Post
from core.stopping import stop_once
from core.store.database import check_schema, open_database
from core.store.lock import DialerLock
from fastagi.server import FastAgiFactory
from web.site import make_site

try:
    config = load_config(os.environ)
    start_log(config.log)
    check_free("web", config.web)
    check_free("fastagi", config.fastagi)
    database = open_database(config.database.url)
    check_schema(database)
    if not config.web.is_loopback:
        check_exposure(database, config.web.host)
    lock = DialerLock(database)
    lock.acquire()
except Exception as error:
    if (problems := describe(error, None)) is None:
        raise
    sys.exit("\n".join(problems))

clock = SystemClock()
chance = random.Random(config.dialer.seed)
threads = DatabaseThreads(reactor)


def make_pbx(server: Server, post: Post) -> Pbx:
    if server.type is ServerType.SIMULATED:
        return SimulatedPbx(server, post, reactor, chance, clock)
    return AmiPbx(server, post, clock, timer=reactor, rng=chance)


engine = Engine(
    database=database,
    threads=threads,
    reactor=reactor,
    clock=clock,
    make_pbx=make_pbx,
    lock=lock,
)
notifier = Notifier(
    database=database,
    threads=threads,
    reactor=reactor,
    clock=clock,
    chance=chance,
    deliver=by_kind(HttpCourier(reactor).deliver, SmtpCourier(reactor, config.smtp).deliver),
)
retention = Retention(
    config.retention, database=database, threads=threads, reactor=reactor, clock=clock
)
passwords = Passwords()
door = Doorkeeper(database, clock, passwords, control_tokens=config.web.control_tokens)
first = FirstLink(database, passwords)
logons = ThreadPool(1, 1, name="logons")
site = make_site(
    config.web,
    source=engine.publisher,
    news=engine.news,
    control=EngineControl(engine, threads, clock),
    engine=database,
    pool=threads.readers,
    clock=clock,
    reactor=reactor,
    logons=logons,
    door=door,
    first=first,
    passwords=passwords,
)
agi = FastAgiFactory(
    engine.post,
    clock=reactor,
    is_known=engine.is_ours,
    max_sessions=config.fastagi.max_sessions,
)


def listen(settings, factory):
    endpoint = TCP4ServerEndpoint(reactor, settings.port, interface=settings.host)
    return StreamServerEndpointService(endpoint, factory)


reactor.callWhenRunning(stop_once)
reactor.callWhenRunning(leave_what_is_there)
reactor.callWhenRunning(threads.start)
reactor.callWhenRunning(logons.start)
reactor.addSystemEventTrigger("after", "shutdown", logons.stop)
reactor.addSystemEventTrigger("after", "shutdown", threads.stop)
reactor.addSystemEventTrigger("after", "shutdown", lock.release)

application = Application("whipbird")
application.setComponent(ILogObserver, STDLibLogObserver())
services = IServiceCollection(application)
engine.setServiceParent(services)
notifier.setServiceParent(services)
retention.setServiceParent(services)
listen(config.web, site).setServiceParent(services)
listen(config.fastagi, agi).setServiceParent(services)

logging.getLogger("whipbird").info(
    "database %s; pages on http://%s:%d/; FastAGI on %s:%d",
    config.database.shown_url,
    config.web.host,
    config.web.port,
    config.fastagi.host,
    config.fastagi.port,
)
if key := first.issue(clock.now()):
    logging.getLogger("whipbird").warning(
        "nobody can log on yet: make the first administrator within an hour, on "
        "http://%s:%d/first?key=%s or by `whipbird user add NAME --admin`",
        config.web.host,
        config.web.port,
        key,
    )
