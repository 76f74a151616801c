"""One campaign, while its parts are killed at random; and the audit that follows.

The PBX itself bears witness: the first thing that a called number does is to write the call's id
into a file, which survives the PBX. A row of its call detail records comes only at a call's end,
so calls that were up when the PBX was killed have none; they are noted at that moment.
"""

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from core.rules.states import CallState, RunState
from core.store.runs import fetch_recent_runs
from core.store.schema import attempt, retry
from tests.support.asterisk.server import AsteriskServer
from tests.support.audit import count_live, recorded_calls
from tests.support.installation import Installation, describe_campaign
from tests.support.mariadb import MariaDB
from tests.support.network import Line, Network

LINES = 40
#: What becomes of a number, and how many of ten do.
_OUTCOMES = ["1000001"] * 8 + ["20", "21"]
#: How long the campaign may stand still, in seconds.
PATIENCE_S = 60
#: One strike in so many takes a second part along.
_SECOND = 4

NOT_SENT = "not sent"
#: How attempts end whose telephone rang, and those of which nobody saw anything.
_RANG = {CallState.TERMINATED, CallState.RS_BUSY, CallState.RS_NOANSWER, CallState.RS_LOST}
_SILENT = {CallState.RS_LOST, NOT_SENT}


class Blow(StrEnum):
    """What is done to a part."""

    DIALER_KILLED = "dialer killed"
    PBX_KILLED = "PBX killed"
    PBX_RESTARTED = "PBX restarted"
    DATABASE_KILLED = "database killed"
    NETWORK_CUT = "network cut"
    NETWORK_SILENT = "network silent"


#: The parts, and what is done to each.
_PARTS = (
    (Blow.DIALER_KILLED,),
    (Blow.PBX_KILLED, Blow.PBX_RESTARTED),
    (Blow.DATABASE_KILLED,),
    (Blow.NETWORK_CUT, Blow.NETWORK_SILENT),
)


@dataclass(kw_only=True, slots=True)
class Strike:
    """When it began and ended, and what was struck."""

    blows: tuple[Blow, ...]
    began_at: datetime
    ended_at: datetime


@dataclass(kw_only=True)
class Chaos:
    """`run` dials `calls` records and strikes `kills` times meanwhile; `audit` looks whether
    all is accounted for. `unrecorded` are the calls that the PBX took into its grave."""

    installation: Installation
    pbx: AsteriskServer
    mariadb: MariaDB
    seed: int
    calls: int
    kills: int
    strikes: list[Strike] = field(default_factory=list)
    unrecorded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._network = Network(self.pbx.ami_port)

    def close(self) -> None:
        self._network.close()

    # The campaign

    def run(self) -> None:
        numbers = [f"{self._chance.choice(_OUTCOMES)}{i:05}" for i in range(self.calls)]
        server = replace(self.pbx.server(), port=self._network.port)
        self.installation.apply(describe_campaign(server, LINES, dialled="witnessed") + _RULES)
        self.installation.import_numbers(numbers, "numbers")
        self.installation.start()
        self.installation.run("campaign", "start", "calls")
        longest = self.calls // (2 * self.kills)  # What is lost in a strike rings no telephone.
        for _ in range(self.kills):
            self._wait_for_calls(self._chance.randint(1, longest))
            assert not self._is_over(), "the campaign ended before the last strike"
            self._strike()
        while not self._is_over():
            self._wait_for_calls_or_the_end()

    def _wait_for_calls(self, count: int) -> None:
        """Wait until so many telephones more have rung."""
        rang = len(self.pbx.witnesses()) + count
        complaint = f"no progress to {rang} calls after {self.strikes[-1:]}"
        self.installation.wait(lambda: len(self.pbx.witnesses()) >= rang, PATIENCE_S, complaint)

    def _wait_for_calls_or_the_end(self) -> None:
        """However long the rest takes: what is left of the records is a matter of chance."""
        rang = len(self.pbx.witnesses())

        def gets_on() -> bool:
            return len(self.pbx.witnesses()) > rang or self._is_over()

        self.installation.wait(gets_on, PATIENCE_S, f"no progress after {rang} calls")

    def _is_over(self) -> bool:
        with self.installation.database.connect() as conn:
            return fetch_recent_runs(conn, 1)[0].state.is_over

    def _strike(self) -> None:
        """Break one part or two, in any order, and mend them in any order."""
        count = 2 if self._chance.randrange(_SECOND) == 0 else 1
        blows = [self._chance.choice(part) for part in self._chance.sample(_PARTS, count)]
        began_at = datetime.now(UTC)
        for blow in blows:
            self._break(blow)
            time.sleep(self._chance.uniform(0, 0.5))
        time.sleep(self._chance.choice((0, 0.2, 1, 3)))
        for blow in self._chance.sample(blows, count):
            self._mend(blow)
        if Blow.DIALER_KILLED in blows:
            self.installation.revive()
        ended_at = datetime.now(UTC)
        self.strikes.append(Strike(blows=tuple(blows), began_at=began_at, ended_at=ended_at))

    def _break(self, blow: Blow) -> None:
        match blow:
            case Blow.DIALER_KILLED:
                self.installation.kill()
            case Blow.PBX_KILLED:
                self.pbx.kill()
                self.unrecorded |= self._find_unrecorded()
            case Blow.PBX_RESTARTED:
                self.pbx.stop()
                self.unrecorded |= self._find_unrecorded()
            case Blow.DATABASE_KILLED:
                self.mariadb.kill()
            case Blow.NETWORK_CUT:
                self._network.become(Line.CUT)
            case Blow.NETWORK_SILENT:
                self._network.become(Line.SILENT)

    def _find_unrecorded(self) -> set[str]:
        return set(self.pbx.witnesses()) - set(recorded_calls(self.pbx))

    def _mend(self, blow: Blow) -> None:
        match blow:
            case Blow.DIALER_KILLED:
                self.installation.launch()
            case Blow.PBX_KILLED | Blow.PBX_RESTARTED:
                self.pbx.start()
            case Blow.DATABASE_KILLED:
                self.mariadb.start()
            case Blow.NETWORK_CUT | Blow.NETWORK_SILENT:
                self._network.become(Line.WHOLE)

    # The audit

    def audit(self) -> None:
        """Not one call more or less, nobody forgotten, nothing left behind."""
        logs = self.installation.logs()
        self._check_witnesses(logs)
        self._check_records(logs)
        self._check_losses(logs)
        self._check_nothing_is_left(logs)

    def _check_witnesses(self, logs: list[Any]) -> None:
        """Log rows, witnesses and call detail records speak of the same calls."""
        complaint = "calls have no record"  # It may be written a little after the end.
        self.installation.wait(lambda: not self._find_unrecorded() - self.unrecorded, 5, complaint)
        rang, recorded = Counter(self.pbx.witnesses()), recorded_calls(self.pbx)
        assert set(rang.values()) == {1}, rang.most_common(3)
        assert set(recorded.values()) == {1}, recorded.most_common(3)
        assert set(rang) == set(recorded) | self.unrecorded
        assert not set(recorded) & self.unrecorded
        by_call = {log.channel_id: log for log in logs}
        assert set(rang) <= set(by_call)
        for log in logs:
            allowed = _RANG if log.channel_id in rang else _SILENT
            assert kind_of(log) in allowed, log

    def _check_records(self, logs: list[Any]) -> None:
        """Every record was dialled to its end, by the rules and by nothing else."""
        attempts: dict[str, list[Any]] = defaultdict(list)
        for log in logs:
            attempts[log.number].append(log)
        assert len(attempts) == self.calls
        for number, rows in attempts.items():
            rows.sort(key=lambda row: row.attempt_no)
            assert [row.attempt_no for row in rows] == list(range(len(rows))), number
            assert all(is_tried_again(row) for row in rows[:-1]), [*map(kind_of, rows)]
            assert not is_tried_again(rows[-1]), [*map(kind_of, rows)]

    def _check_losses(self, logs: list[Any]) -> None:
        """A call is lost only when something was struck while it was up."""
        for log in logs:
            if log.state == CallState.RS_LOST:
                asked, ended = (at.replace(tzinfo=UTC) for at in (log.requested_at, log.ended_at))
                assert any(s.began_at <= ended and asked <= s.ended_at for s in self.strikes), log

    def _check_nothing_is_left(self, logs: list[Any]) -> None:
        with self.installation.database.connect() as conn:
            [run] = fetch_recent_runs(conn, 9)
            for table in (attempt, retry):
                assert conn.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert run.state is RunState.COMPLETED
        assert run.completed == self.calls
        assert run.attempted == len(logs)
        assert self.installation.get("/health")["live_calls"] == count_live(self.pbx) == 0
        assert "refuses" not in self.installation.log.read_text()

    def describe(self) -> str:
        """What was done and what came of it, for people."""
        blows = Counter(str(blow) for strike in self.strikes for blow in strike.blows)
        kinds = Counter(str(kind_of(log)) for log in self.installation.logs())
        rang, recorded = len(self.pbx.witnesses()), len(recorded_calls(self.pbx))
        return "\n".join(
            [
                f"chaos: seed {self.seed}, {self.calls} records, {len(self.strikes)} strikes",
                ", ".join(f"{count} x {blow}" for blow, count in sorted(blows.items())),
                ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
                f"{rang} telephones rang; the PBX recorded {recorded} of these calls and died "
                f"with {len(self.unrecorded)}",
            ]
        )


def kind_of(log: Any) -> str:
    """The state in which the attempt ended, or that it never left."""
    return NOT_SENT if log.reason.startswith(NOT_SENT) else str(log.state)


def is_tried_again(log: Any) -> bool:
    """By the campaign's one rule, or because nobody was called."""
    return kind_of(log) == NOT_SENT or (log.state == CallState.RS_BUSY and log.retry_no == 0)


_RULES = """answer_timeout_ms = 4000

[[campaigns.calls.reschedule]]
state = "RS_BUSY"
max_attempts = 1
retry_after_s = 2
"""
