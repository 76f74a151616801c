"""The web server without sockets, threads or waiting: requests go in as bytes, answers come
out as bytes, and time is a Clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine
from twisted.internet.defer import Deferred, ensureDeferred, execute, maybeDeferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IListeningPort, IReactorFromThreads
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web.http import HTTPChannel
from zope.interface import implementer

from core.engine.newsring import NewsRing
from core.model import (
    Attempt,
    CallList,
    CallLog,
    Campaign,
    EndPoint,
    ListPosition,
    Record,
    Run,
    Server,
    ServerType,
    Trunk,
)
from core.operations.doorkeeper import Doorkeeper
from core.operations.first import FirstLink
from core.people import LoginSession
from core.ports.commands import AttemptPlaced, CallClosed
from core.ports.control import EngineState, EngineView, LiveCall, ServerTraffic
from core.ports.events import Reported
from core.ports.snapshot import CallView, RunView, ServerView, Snapshot
from core.ports.timings import Step, Timing
from core.rules.decisions import Decision
from core.rules.figures import work_out
from core.rules.states import CallState, RunState
from core.rules.verdicts import Verdict
from core.settings import WebSettings
from core.store.campaigns import save_campaign
from core.store.endpoints import save_endpoint
from core.store.journal import write_entries
from core.store.lists import save_list, save_record
from core.store.runs import create_run
from core.store.secrets import hash_secret, save_session
from core.store.servers import save_server
from core.store.trunks import save_trunk
from core.store.users import fetch_user_by_name
from tests.support.databases import fresh_sqlite
from tests.support.people import QUICK, make_user

if TYPE_CHECKING:
    from tests.support.chromium import Browser
    from web.channel import WebSite

NOW = datetime(2026, 11, 21, 17, 3, 44, tzinfo=UTC)
SECRET = b"thirty-two bytes of a test secret"
#: What the cookie of the tests' own browser holds.
SESSION = "s" * 43


class FakeSource:
    """A SnapshotSource that a test publishes through."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._latest = snapshot
        self.subscribers: list[Callable[[Snapshot], None]] = []

    def latest(self) -> Snapshot:
        return self._latest

    def subscribe(self, callback: Callable[[Snapshot], None]) -> Callable[[], None]:
        self.subscribers.append(callback)
        return lambda: self.subscribers.remove(callback)

    def publish(self, snapshot: Snapshot) -> None:
        self._latest = snapshot
        for callback in tuple(self.subscribers):
            callback(snapshot)


@implementer(IReactorFromThreads)
class TurningClock(Clock):
    """A Clock that also takes calls from threads, at once."""

    def callFromThread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)


class FakeControl:
    """A Control over no engine: it is READY until it is stopped, and takes up nothing."""

    def __init__(self) -> None:
        self.state = EngineState.READY
        self.wakes = 0

    def engine(self) -> EngineView:
        return EngineView(state=self.state, uptime_s=5.809, sent=23, received=108)

    def traffic(self) -> list[ServerTraffic]:
        return []

    def timings(self) -> dict[Step, Timing]:
        return dict.fromkeys(Step, Timing())

    def find_call(self, _key: int | str) -> LiveCall | None:
        return None

    def calls(self) -> list[LiveCall]:
        return []

    def count_states(self) -> dict[int, dict[CallState, int]]:
        return {}

    def report(self, _report: Reported) -> Deferred[bool]:
        return succeed(False)

    def written(self) -> Deferred[None]:
        return succeed(None)

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return execute(work, *args, **kwargs)

    def start(self) -> Deferred[None]:
        self.state = EngineState.READY
        return succeed(None)

    def stop(self) -> Deferred[None]:
        self.state = EngineState.DOWN
        return succeed(None)

    def wake(self) -> Deferred[None]:
        self.wakes += 1
        return succeed(None)


class InlinePool:
    """A thread pool whose work is done before the call returns."""

    def callInThreadWithCallback(
        self,
        on_result: Callable[[bool, Any], None],
        work: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        try:
            result = work(*args, **kwargs)
        except Exception:
            on_result(False, Failure())
        else:
            on_result(True, result)


class FixedClock:
    """`now` is always the same."""

    def now(self) -> datetime:
        return NOW


class Wire(StringTransport):
    """A connection that a test can end from its far side."""

    protocol: HTTPChannel

    def hang_up(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))


@dataclass
class Answer:
    """An HTTP answer as it stood on the wire."""

    status: int
    headers: dict[str, str]
    body: str
    cookies: list[str] = field(default_factory=list)


@dataclass
class Web:
    """The web server under test and what it stands on."""

    site: "WebSite"
    source: FakeSource
    control: FakeControl
    news: NewsRing
    clock: TurningClock
    engine: Engine
    #: The Cookie header of requests that name none.
    cookie: str = ""

    def send(
        self,
        method: str,
        path: str,
        body: str = "",
        host: str | None = "127.0.0.1:8080",
        **headers: str,
    ) -> Wire:
        """Send a request on a connection of its own; `Sec_Fetch_Site=…` names a header."""
        wire = self.connect()
        lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else [])]
        headers = ({"Cookie": self.cookie} if self.cookie else {}) | headers
        if body:
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body.encode())}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        wire.protocol.dataReceived("\r\n".join([*lines, "", body]).encode())
        return wire

    def connect(self) -> Wire:
        """A connection on which nothing was said yet."""
        protocol = self.site.buildProtocol(None)
        assert protocol is not None
        wire = Wire()
        protocol.makeConnection(wire)
        wire.protocol = protocol
        return wire

    def ask(self, method: str, path: str, body: str = "", **headers: Any) -> Answer:
        """Send a request and read its whole answer."""
        wire = self.send(method, path, body, **headers)
        answer = parse_answer(wire.value())
        wire.hang_up()
        return answer

    def get(self, path: str, **headers: Any) -> Answer:
        return self.ask("GET", path, **headers)


def parse_answer(raw: bytes) -> Answer:
    """Take an HTTP/1.1 answer apart, chunks put together."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(body))
    return Answer(
        status=int(status_line.split()[1]),
        headers=headers,
        body=body.decode(),
        cookies=[value for name, value in pairs if name.lower() == "set-cookie"],
    )


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        yield rest[:length]
        body = rest[length + 2 :]


def run_view(**changes: Any) -> RunView:
    view = RunView(
        run_id=7,
        campaign="Spring call-back",
        started_at=NOW - timedelta(minutes=12, seconds=5),
        state=RunState.RUNNING,
        priority=10,
        attempted=1234,
        completed=980,
        hopper=40,
        live_calls=3,
        retries=61,
        figures=work_out(attempted=1234, completed=980, cached=101, backlog=1919, running_s=725),
        high_water=ListPosition(list_id=1, list_name="spring", highwater=1081),
        verdict="LIMITED BY EP SIZE",
        decisions=(
            Decision(verdict=Verdict.LIMITED_BY_EP_SIZE, held_s=22.4, times=31),
            Decision(verdict=Verdict.CALLS_PLACED, held_s=7.3, times=9),
            Decision(verdict=Verdict.NO_CALLS_FETCHED, held_s=0.3, times=1),
        ),
        outcomes={"TERMINATED": 600, "RS_BUSY": 300, "RS_NOANSWER": 100},
    )
    return replace(view, **changes)


def call_view(**changes: Any) -> CallView:
    view = CallView(
        attempt_id=501,
        run_id=7,
        campaign="Spring call-back",
        number="+41919605566",
        state=CallState.DIALLING,
        trunk="carrier-a",
        endpoint="agents",
        retry_no=1,
        requested_at=NOW - timedelta(seconds=4),
    )
    return replace(view, **changes)


def snapshot_of(*runs: RunView, **changes: Any) -> Snapshot:
    snapshot = Snapshot(
        taken_at=NOW,
        uptime_s=1808,
        servers=(ServerView(name="pbx-1", is_up=True),),
        runs=runs,
        placed_last_minute=84,
        live_total=3,
    )
    return replace(snapshot, **changes)


def store_site(engine: Engine, name: str = "Spring call-back") -> Campaign:
    """A server, a trunk, an end-point, a list of one record, and a campaign over them."""
    with engine.begin() as conn:
        server = save_server(conn, Server(name="pbx-1", type=ServerType.SIMULATED))
        trunk = save_trunk(
            conn, Trunk(server_id=server.id, name="carrier-a", dial_string="Local/${num}@out/n")
        )
        endpoint = save_endpoint(
            conn, EndPoint(server_id=server.id, name="agents", extension="100", context="in")
        )
        called = save_list(conn, CallList(name="spring"))
        save_record(conn, Record(list_id=called.id, number="201"))
        return save_campaign(
            conn,
            Campaign(
                name=name,
                trunk_ids=(trunk.id,),
                endpoint_ids=(endpoint.id,),
                list_ids=(called.id,),
            ),
        )


def store_run(engine: Engine, campaign: Campaign) -> Run:
    with engine.begin() as conn:
        return create_run(conn, campaign, NOW)


def call_log(run: Run, campaign: Campaign, attempt_id: int, **changes: Any) -> CallLog:
    """An ended call; `retry_no`, `number` and `attempt_no` are the attempt's."""
    own = {key: changes.pop(key) for key in ("retry_no", "number") if key in changes}
    attempt = Attempt(
        id=attempt_id,
        run_id=run.id,
        campaign_id=campaign.id,
        record_id=1,
        list_id=campaign.list_ids[0],
        server_id=1,
        trunk_id=campaign.trunk_ids[0],
        endpoint_id=campaign.endpoint_ids[0],
        attempt_no=attempt_id,
        retry_no=0,
        number="201",
        channel_id=f"wb-{attempt_id}",
        requested_at=NOW,
    )
    log = CallLog(
        attempt=replace(attempt, **own),
        state=CallState.TERMINATED,
        ended_at=NOW + timedelta(seconds=9),
    )
    return replace(log, **changes)


def store_logs(engine: Engine, *logs: CallLog) -> None:
    with engine.begin() as conn:
        write_entries(conn, [AttemptPlaced(attempt=log.attempt) for log in logs])
        write_entries(conn, [CallClosed(log=log, retry=None, outputs=None) for log in logs])


@pytest.fixture
def web_engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database."""
    engine = fresh_sqlite(tmp_path / "web.db")
    yield engine
    engine.dispose()


def make_web(
    engine: Engine,
    settings: WebSettings | None = None,
    *,
    source: FakeSource | None = None,
    news: NewsRing | None = None,
    control: Any = None,
    clock: Any = None,
    cookie: str = "",
    **parts: Any,
) -> Web:
    """A web server over the database, on a reactor that is turned by hand; `parts` are
    `make_site`'s."""
    from web.site import make_site

    source = source or FakeSource(snapshot_of())
    control = control or FakeControl()
    news = news or NewsRing("e1")
    reactor = TurningClock()
    site = make_site(
        settings or WebSettings(),
        source=source,
        news=news,
        control=control,
        engine=engine,
        pool=InlinePool(),
        clock=clock or FixedClock(),
        reactor=reactor,
        **parts,
    )
    return Web(
        site=site,
        source=source,
        control=control,
        news=news,
        clock=reactor,
        engine=engine,
        cookie=cookie,
    )


def make_guarded_web(engine: Engine, settings: WebSettings | None = None, **parts: Any) -> Web:
    """The same with a door that users and tokens open."""
    door = Doorkeeper(engine, FixedClock(), QUICK)
    own = {"secret": SECRET, "door": door, "passwords": QUICK}
    return make_web(engine, settings, **{**own, **parts})


@pytest.fixture
def web(web_engine: Engine) -> Web:
    """The web server over a fresh database, with one run in its snapshot."""
    log_on(web_engine)
    return make_guarded_web(
        web_engine,
        WebSettings(names=("dialer.example",)),
        source=FakeSource(snapshot_of(run_view())),
        first=FirstLink(web_engine, QUICK),
        cookie=f"whipbird_session={SESSION}",
    )


def log_on(engine: Engine, **change: object) -> None:
    """Make the user anna, an administrator unless `change` says another class, whose browser
    has the session SESSION."""
    make_user(engine, NOW, **change)
    with engine.begin() as conn:
        user = fetch_user_by_name(conn, "anna")
        session = LoginSession(
            user_id=user.id, secret_hash=hash_secret(SESSION), created_at=NOW, seen_at=NOW
        )
        save_session(conn, session)


@dataclass
class LiveServer:
    """The web server on a real port of 127.0.0.1, with real threads."""

    address: str
    source: FakeSource
    engine: Engine
    port: IListeningPort
    connections: WrappingFactory

    async def stop(self) -> None:
        """Stop listening and end all connections, as a server does that dies."""
        await maybeDeferred(self.port.stopListening)
        for protocol in tuple(self.connections.protocols):
            protocol.abortConnection()


@pytest.fixture
def live_server(web_engine: Engine) -> Iterator[LiveServer]:
    """The web server as it runs, but for its source of snapshots."""
    import pytest_twisted
    from twisted.internet import reactor

    from web.site import make_site

    pool = ThreadPool(1, 2, name="queries")
    pool.start()
    source = FakeSource(snapshot_of(run_view()))
    log_on(web_engine)
    site = make_site(
        WebSettings(),
        source=source,
        news=NewsRing("e1"),
        control=FakeControl(),
        engine=web_engine,
        pool=pool,
        clock=FixedClock(),
        reactor=reactor,
        door=Doorkeeper(web_engine, FixedClock(), QUICK),
    )
    connections = WrappingFactory(site)
    port = reactor.listenTCP(0, connections, interface="127.0.0.1")
    server = LiveServer(
        address=f"http://127.0.0.1:{port.getHost().port}",
        source=source,
        engine=web_engine,
        port=port,
        connections=connections,
    )
    yield server
    try:
        pytest_twisted.blockon(ensureDeferred(server.stop()))
    finally:
        pool.stop()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """One Chromium for the tests of a module, with a fresh profile."""
    from twisted.internet import reactor

    from tests.support.chromium import Browser
    from tests.support.parts import require

    require("chromium", "chromedriver")
    window = Browser(tmp_path_factory.mktemp("chromium"), reactor)
    window.set_cookie("http://127.0.0.1/", "whipbird_session", SESSION)
    yield window
    window.quit()
