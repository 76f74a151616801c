"""The whole dialer on an injected clock: real engine, real SQLite, simulated PBX, no waiting."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import select
from twisted.internet.defer import Deferred, execute

from ami.simulated import SimulatedPbx
from core.engine.engine import BEAT_S, Engine
from core.engine.threads import Threads
from core.model import CallList, Campaign, EndPoint, Server, ServerType, Simulation, Trunk
from core.ports import PbxFactory
from core.store.campaigns import save_campaign
from core.store.endpoints import save_endpoint
from core.store.lists import insert_records, save_list
from core.store.lock import DialerLock
from core.store.runs import ask
from core.store.schema import call_log
from core.store.servers import save_server
from core.store.trunks import save_trunk
from tests.support.databases import fresh_sqlite
from tests.support.timer import Timer

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TimerClock:
    """The time of day, by the timer of the test."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self._timer.seconds())


class NoThreads:
    """Blocking work runs on the spot."""

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return execute(work, *args, **kwargs)

    read = write


class Rig:
    """A site with one simulated server, trunk and end-point, and a campaign over a list.

    `start` begins, `turn` lets time pass, `kill` leaves everything as a crash would.
    """

    def __init__(self, directory: Path, *, seed: int = 1) -> None:
        self.timer = Timer()
        self.clock = TimerClock(self.timer)
        self.database: Database = fresh_sqlite(directory / "whipbird.db")
        self.lock = DialerLock(self.database)
        self.lock.acquire()
        self._rng = random.Random(seed)
        self.engine: Engine | None = None

    def simulated(self, server: Server, post: Any) -> SimulatedPbx:
        return SimulatedPbx(server, post, self.timer, self._rng, self.clock)

    def configure(
        self,
        numbers: list[str],
        *,
        simulation: Simulation | None = None,
        trunk: dict[str, Any] | None = None,
        **campaign: Any,
    ) -> Campaign:
        with self.database.begin() as conn:
            server = save_server(conn, Server(name="pbx", type=ServerType.SIMULATED))
            line = save_trunk(
                conn,
                Trunk(
                    server_id=server.id,
                    name="trunk",
                    dial_string="PJSIP/${num}@carrier",
                    simulation=simulation,
                    **{"capacity": 10, **(trunk or {})},
                ),
            )
            end = save_endpoint(
                conn,
                EndPoint(
                    server_id=server.id,
                    name="message",
                    extension="s",
                    context="message",
                    max_channels=line.capacity,
                ),
            )
            numbers_list = save_list(conn, CallList(name="list"))
            insert_records(conn, [(numbers_list.id, number, None) for number in numbers])
            return save_campaign(
                conn,
                Campaign(
                    name="campaign",
                    trunk_ids=(line.id,),
                    endpoint_ids=(end.id,),
                    list_ids=(numbers_list.id,),
                    **campaign,
                ),
            )

    def start(
        self,
        make_pbx: PbxFactory | None = None,
        *,
        beat_s: float = BEAT_S,
        threads: Threads | None = None,
    ) -> Engine:
        self.engine = Engine(
            database=self.database,
            threads=threads or NoThreads(),
            reactor=self.timer,
            clock=self.clock,
            make_pbx=make_pbx or self.simulated,
            lock=self.lock,
            beat_s=beat_s,
        )
        self.engine.startService()
        return self.engine

    def ask(self, campaign: Campaign, verb: str = "start") -> int:
        with self.database.begin() as conn:
            return ask(conn, campaign.id, verb, self.clock.now())

    def turn(self, seconds: float) -> None:
        """Let `seconds` pass, stopping at each moment something is due."""
        end = self.timer.seconds() + seconds
        while (at := self.timer.next_at) is not None and at <= end:
            self.timer.advance(max(0.0, at - self.timer.seconds()))
        self.timer.advance(max(0.0, end - self.timer.seconds()))

    def kill(self) -> None:
        """Forget the running dialer as SIGKILL would: nothing is written, nothing said."""
        for call in list(self.timer.getDelayedCalls()):
            call.cancel()
        self.engine = None

    def close(self) -> None:
        self.kill()
        self.lock.release()
        self.database.dispose()

    def outcomes(self) -> dict[str, int]:
        with self.database.connect() as conn:
            return Counter(conn.execute(select(call_log.c.state)).scalars())
