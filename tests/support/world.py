"""A world in memory for the dialer: lists, a retry queue, a journal and a telephone network.

It answers the dialer's commands the way database and PBX would, under the test's control: what
is committed, fetched or answered happens when the test says so, at the time it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.dialer.dialer import Dialer
from core.model import (
    Campaign,
    EndPoint,
    HopperEntry,
    ListPosition,
    Record,
    Retry,
    Run,
    Server,
    Trunk,
)
from core.ports import events
from core.ports.commands import (
    AttemptPlaced,
    CallClosed,
    CallTransferred,
    Command,
    FetchBatch,
    HangUp,
    Originate,
    RecordDeferred,
    RunProgressed,
)
from core.rules.caps import Cap, Refusal
from core.rules.news import News
from core.rules.notifications import Notification
from core.rules.opening_hours import OpeningHours
from core.rules.recipient_zones import zones_of
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SERVER = Server(id=1, name="pbx")
TRUNK = Trunk(id=1, server_id=1, name="trunk", dial_string="PJSIP/${num}@carrier", capacity=10)
END = EndPoint(id=1, server_id=1, name="message", extension="s", context="message", max_channels=10)


def rule(state: str, **values: object) -> RescheduleRule:
    return RescheduleRule(state=CallState(state), **values)  # type: ignore[arg-type]


@dataclass
class World:
    """`originates`, `logs`, `progress` gather what the dialer wanted, `news` what it told;
    `sent_at` is when each Originate came, by channel id; `retries` is the queue in the database,
    by (run, record)."""

    dialer: Dialer = field(default_factory=lambda: Dialer(site_key="cafe0001", next_attempt_id=1))
    now: datetime = NOON
    lists: dict[int, list[Record]] = field(default_factory=dict)
    retries: dict[tuple[int, int], Retry] = field(default_factory=dict)
    originates: list[Originate] = field(default_factory=list)
    sent_at: dict[str, datetime] = field(default_factory=dict)
    hangups: list[HangUp] = field(default_factory=list)
    logs: list[CallClosed] = field(default_factory=list)
    placed: list[AttemptPlaced] = field(default_factory=list)
    progress: dict[int, RunProgressed] = field(default_factory=dict)
    restarted: dict[int, datetime] = field(default_factory=dict)
    transferred: dict[int, datetime] = field(default_factory=dict)
    mails: list[Notification] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    plans: dict[int, events.RunPlan] = field(default_factory=dict)
    blacklist: set[str] = field(default_factory=set)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    is_database_up: bool = True
    is_throttled: bool = False
    commits: bool = True
    _stalled: list[Command] = field(default_factory=list)

    def add_list(self, list_id: int, numbers: Sequence[str], **inputs: str) -> None:
        start = list_id * 1_000_000
        self.lists[list_id] = [
            Record(id=start + i, list_id=list_id, number=number, inputs=inputs)
            for i, number in enumerate(numbers, 1)
        ]

    def load(
        self,
        campaign: Campaign | None = None,
        *,
        run_id: int = 1,
        trunks: Sequence[Trunk] = (TRUNK,),
        endpoints: Sequence[EndPoint] = (END,),
        servers: Sequence[Server] = (SERVER,),
        hours: Sequence[OpeningHours] = (),
        caps: Sequence[Cap] = (),
        is_up: bool = True,
    ) -> None:
        """Start a run over the campaign's lists (all lists if it names none)."""
        campaign = campaign or Campaign(id=run_id, name=f"campaign {run_id}")
        lists = campaign.list_ids or tuple(self.lists)
        run = Run(
            id=run_id,
            campaign_id=campaign.id,
            started_at=self.now,
            lists=tuple(ListPosition(list_id=i, list_name=f"list {i}") for i in lists),
        )
        plan = events.RunPlan(
            run=run,
            campaign=campaign,
            servers=tuple(servers),
            trunks=tuple(trunks),
            endpoints=tuple(endpoints),
            opening_hours=tuple(hours),
            caps=tuple(caps),
            record_count=sum(len(self.lists[i]) for i in lists),
        )
        self.plans[run_id] = plan
        self.post(events.RunLoaded(plan=plan))
        if is_up:
            for server in servers:
                self.server_up(server.id)

    def server_up(
        self,
        server_id: int = 1,
        live: Sequence[str] = (),
        started_at: datetime | None = None,
        **more: frozenset[str],
    ) -> None:
        up = events.ServerUp(
            server_id=server_id, started_at=started_at, live_channels=frozenset(live), **more
        )
        self.post(up)

    def post(self, event: events.Event) -> None:
        self.dialer.receive(event, self.now)
        self.settle()

    def settle(self) -> None:
        """Carry out commands until there are none."""
        while commands := self.dialer.decide(self.now):
            self.news += [one for one in commands if isinstance(one, News)]
            for command in commands:
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if not self.is_database_up and not isinstance(command, Originate | HangUp):
            self._stalled.append(command)
            return
        match command:
            case Originate():
                self.originates.append(command)
                self.sent_at[command.channel_id] = self.now
                if not self.is_throttled:
                    self.send(command)
            case HangUp():
                self.hangups.append(command)
            case FetchBatch():
                self.dialer.receive(self._screen(command, self._fetch(command)), self.now)
            case _:
                self._write(command)

    def _write(self, command: Command) -> None:
        match command:
            case AttemptPlaced(attempt=attempt):
                self.placed.append(command)
                self.retries.pop((attempt.run_id, attempt.record_id), None)
                if (verdict := self._check(command)) is not None:
                    self.dialer.receive(verdict, self.now)
            case CallClosed(retry=retry):
                self.logs.append(command)
                attempt = command.log.attempt
                if attempt.trunk_id is None:
                    self.retries.pop((attempt.run_id, attempt.record_id), None)
                if retry is not None:
                    self.retries[retry.run_id, retry.record_id] = retry
            case CallTransferred():
                self.transferred[command.attempt_id] = command.connected_at
            case RecordDeferred(retry=retry):
                self.retries[retry.run_id, retry.record_id] = retry
            case RunProgressed():
                self.progress[command.run_id] = command
                self.mails += command.mailing.letters if command.mailing else ()

    def _check(self, command: AttemptPlaced) -> events.Event | None:
        """The second check, and the commit."""
        attempt, screen = command.attempt, command.screen
        if screen and self.blacklist.intersection(command.numbers):
            return events.AttemptsBlacklisted(attempt_ids=(attempt.id,))
        if screen and screen.caps and attempt.number in self.refusals:
            refusals = {attempt.id: self.refusals[attempt.number]}
            return events.AttemptsCapped(refusals=refusals)
        return events.AttemptsCommitted(attempt_ids=(attempt.id,)) if self.commits else None

    def database_back(self) -> None:
        self.is_database_up = True
        stalled, self._stalled = self._stalled, []
        for command in stalled:
            self._carry_out(command)
        self.settle()

    def _fetch(self, command: FetchBatch) -> events.BatchFetched:
        mine = [
            r
            for (run_id, record_id), r in sorted(self.retries.items())
            if run_id == command.run_id and record_id not in command.held
        ]
        mine.sort(key=lambda retry: (retry.priority, retry.due_at))
        due = [retry for retry in mine if retry.due_at <= self.now][: command.limit]
        later = [retry.due_at for retry in mine if retry not in due]
        entries = [self._entry(retry) for retry in due]
        positions = []
        for position in command.positions:
            fresh = (
                []
                if position.is_complete
                else self._after(command.run_id, position, command.limit - len(entries))
            )
            entries += fresh
            positions.append(
                replace(
                    position,
                    highwater=fresh[-1].record.id if fresh else position.highwater,
                    is_complete=position.is_complete or len(entries) < command.limit,
                )
            )
        return events.BatchFetched(
            run_id=command.run_id,
            entries=tuple(entries),
            positions=tuple(positions),
            next_due_at=min(later, default=None),
        )

    def _screen(self, command: FetchBatch, batch: events.BatchFetched) -> events.BatchFetched:
        if command.screen is None:
            return batch
        entries = tuple(
            replace(
                entry,
                is_blacklisted=entry.record.number in self.blacklist,
                refusal=self.refusals.get(entry.record.number) if command.screen.caps else None,
                zones=self._zones(command, entry),
            )
            for entry in batch.entries
        )
        return replace(batch, entries=entries)

    def _zones(self, command: FetchBatch, entry: HopperEntry) -> tuple[str, ...] | None:
        if command.screen is None or command.screen.recipient_hours is None:
            return None
        hours, record = command.screen.recipient_hours, entry.record
        return zones_of(hours, record.number, record.inputs)

    def _after(self, run_id: int, position: ListPosition, limit: int) -> list[HopperEntry]:
        over = {log.log.attempt.id for log in self.logs}
        attempts = [p.attempt for p in self.placed if p.attempt.run_id == run_id]
        busy = {a.record_id for a in attempts if a.id not in over}
        since = self.restarted.get(position.list_id)
        busy |= {
            log.log.attempt.record_id
            for log in self.logs
            if log.log.attempt.run_id == run_id and since is not None and log.log.ended_at > since
        }
        busy |= {record_id for of_run, record_id in self.retries if of_run == run_id}
        records = [
            r
            for r in self.lists[position.list_id]
            if r.id > position.highwater and not (position.round and r.id in busy)
        ]
        return [
            HopperEntry(
                record=record,
                list_name=position.list_name,
                attempt_no=sum(a.record_id == record.id for a in attempts),
            )
            for record in records[:limit]
        ]

    def _entry(self, retry: Retry) -> HopperEntry:
        list_id = retry.record_id // 1_000_000
        record = next(r for r in self.lists[list_id] if r.id == retry.record_id)
        return HopperEntry(
            record=record,
            list_name=f"list {list_id}",
            attempt_no=retry.attempt_no,
            retry_no=retry.retry_no,
            is_retry=True,
        )

    def change_list(self, list_id: int, **changes: object) -> None:
        """What the database makes of a wish for a list of run 1: its position there is changed,
        or made if the run has no such list."""
        known = self.dialer.live.runs[1].done
        at = {key: replace(position) for key, position in known.items()}
        new = ListPosition(list_id=list_id, list_name=f"list {list_id}")
        at[list_id] = replace(at.get(list_id, new), **changes)
        count = sum(len(self.lists[key]) * (p.round + 1) for key, p in at.items())
        self.post(events.ListsChanged(run_id=1, lists=tuple(at.values()), record_count=count))

    def restart_list(self, list_id: int) -> None:
        round = self.dialer.live.runs[1].done[list_id].round
        self.restarted[list_id] = self.now
        self.change_list(list_id, highwater=0, is_complete=False, is_paused=False, round=round + 1)

    def add_records(
        self, *records: Record, due_at: datetime | None = None, run_id: int = 1
    ) -> None:
        """Hand the run these records, as the database does with those that were added to it."""
        for record in records:
            self.lists.setdefault(record.list_id, []).append(record)
            self.retries[run_id, record.id] = Retry(
                run_id=run_id,
                record_id=record.id,
                attempt_no=0,
                retry_no=0,
                after_s=0,
                due_at=due_at or self.now,
                priority=record.priority,
            )
        self.post(events.RecordsAdded(run_id=run_id, count=len(records)))

    def restart(self) -> None:
        """Kill the dialer and start another on what is in the database. Its servers are to come
        up."""
        self._stalled.clear()
        self.dialer = Dialer(site_key="cafe0001", next_attempt_id=self._last_id() + 1)
        for plan in self.plans.values():
            found = self._reload(plan)
            if not found.plan.run.state.is_over or found.open_calls:
                self.post(found)

    def _last_id(self) -> int:
        """The highest id ever given to an attempt, placed or refused."""
        placed = (entry.attempt.id for entry in self.placed)
        return max([0, *placed, *(entry.log.attempt.id for entry in self.logs)])

    def _reload(self, plan: events.RunPlan) -> events.RunLoaded:
        """The run as the database has it: an attempt took its list's position along."""
        run_id = plan.run.id
        known = self.progress.get(run_id)
        run = plan.run
        if known is not None:
            run = replace(
                run,
                state=known.state,
                attempted=known.attempted,
                completed=known.completed,
                ended_at=known.ended_at,
                lists=known.positions,
            )
        reached = {
            p.attempt.list_id: p.attempt.record_id
            for p in self.placed
            if p.attempt.run_id == run_id and p.attempt.attempt_no == 0
        }
        lists = tuple(
            replace(at, highwater=max(at.highwater, reached.get(at.list_id, 0))) for at in run.lists
        )
        retries = sum(run_id == of_run for of_run, _record in self.retries)
        return events.RunLoaded(
            plan=replace(plan, run=replace(run, lists=lists), retry_count=retries),
            open_calls=tuple(self._open_calls(plan)),
        )

    def _open_calls(self, plan: events.RunPlan) -> Iterator[events.OpenCall]:
        over = {log.log.attempt.id for log in self.logs}
        for attempt in (p.attempt for p in self.placed):
            if attempt.run_id != plan.run.id or attempt.id in over:
                continue
            record = next(r for r in self.lists[attempt.list_id] if r.id == attempt.record_id)
            yield events.OpenCall(
                attempt=attempt,
                entry=HopperEntry(
                    record=record,
                    list_name=f"list {attempt.list_id}",
                    attempt_no=attempt.attempt_no,
                    retry_no=attempt.retry_no,
                ),
                trunk=next(t for t in plan.trunks if t.id == attempt.trunk_id),
                endpoint=next(e for e in plan.endpoints if e.id == attempt.endpoint_id),
                connected_at=self.transferred.get(attempt.id),
            )

    # The telephone network

    def _call(self, channel_id: str) -> dict[str, Any]:
        """Which call, on which server."""
        placed = next((o for o in self.originates if o.channel_id == channel_id), None)
        return {"server_id": placed.server_id if placed else 1, "channel_id": channel_id}

    def send(self, command: Originate) -> None:
        """The Originate leaves; at once, unless the world is throttled."""
        sent = events.OriginateSent(server_id=command.server_id, channel_id=command.channel_id)
        self.dialer.receive(sent, self.now)

    def ring(self, channel_id: str) -> None:
        self.post(events.Dialling(**self._call(channel_id), channel=f"PJSIP/{channel_id}"))
        self.post(events.Signalled(**self._call(channel_id), signal=events.DialSignal.RINGING))

    def answer(self, channel_id: str) -> None:
        self.ring(channel_id)
        self.post(events.Originated(**self._call(channel_id), is_answered=True, reason=4))

    def transfer(self, channel_id: str) -> None:
        self.post(events.Transferred(**self._call(channel_id)))

    def hang_up(self, channel_id: str, cause: int = 16, tech_cause: str = "") -> None:
        self.post(events.HungUp(**self._call(channel_id), cause=cause, tech_cause=tech_cause))

    def fail(self, channel_id: str, reason: int, cause: int, tech_cause: str = "") -> None:
        self.ring(channel_id)
        self.post(events.Originated(**self._call(channel_id), is_answered=False, reason=reason))
        self.hang_up(channel_id, cause, tech_cause)

    def busy(self, channel_id: str) -> None:
        self.fail(channel_id, 5, 17)

    def complete(self, channel_id: str) -> None:
        self.answer(channel_id)
        self.hang_up(channel_id)

    def report(self, channel_id: str, report: str, name: str = "", value: str = "") -> None:
        self.post(
            events.Reported(
                call_ids=(channel_id,), report=events.Report(report), name=name, value=value
            )
        )

    def wait(self, **span: float) -> None:
        """Let time pass, in the steps that the dialer asked for."""
        end = self.now + timedelta(**span)
        while (at := self.dialer.next_look_at()) is not None and at <= end:
            self.now = max(self.now, at)
            self.settle()
        self.now = end
        self.settle()

    @property
    def ringing(self) -> list[str]:
        """Channel ids of calls that were sent and are not over, in order."""
        over = {log.log.attempt.channel_id for log in self.logs}
        return [o.channel_id for o in self.originates if o.channel_id not in over]

    def states(self) -> list[str]:
        return [str(log.log.state) for log in self.logs]
