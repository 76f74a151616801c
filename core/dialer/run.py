"""A run as the dialer executes it: its hopper, its place in the lists, its figures."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.dialer.calendar import Calendar
from core.dialer.lines import LiveEndPoint, LiveTrunk
from core.dialer.recipients import Recipients
from core.model import Campaign, HopperEntry, ListPosition, Run, Screen
from core.ports.commands import FetchBatch, Mailing, RunProgressed
from core.rules.caps import Cap
from core.rules.decisions import Decisions
from core.rules.news import RunChanged
from core.rules.run_mail import is_told, render_run_mails
from core.rules.states import RunState
from core.rules.verdicts import Verdict

#: How soon an entry is fetched again of which too little is known.
REFETCH = timedelta(seconds=1)


@dataclass(slots=True, kw_only=True)
class LiveRun:
    """The hopper is `due` (retries whose time has come, dialled first) and `fresh` (records
    off the lists). `read` is how far the lists are in memory, `done` how far they are
    accounted for in the journal. `held` are the records of the retries in the hopper or on
    their way to the journal; `retries` counts all open retries, held or not; if it
    `is_gathering`, records of its lists will join them. `told` is the state that people were last
    told of. A run without a `calendar` is over."""

    run: Run
    campaign: Campaign
    trunks: list[LiveTrunk]
    endpoints: list[LiveEndPoint]
    record_count: int
    retries: int
    is_gathering: bool
    state: RunState
    told: RunState
    attempted: int
    completed: int
    read: dict[int, ListPosition]
    done: dict[int, ListPosition]
    calendar: Calendar | None
    recipients: Recipients | None = None
    caps: tuple[Cap, ...] = ()
    hours_at: datetime | None = None
    due: deque[HopperEntry] = field(default_factory=deque)
    fresh: deque[HopperEntry] = field(default_factory=deque)
    fresh_of_list: Counter[int] = field(default_factory=Counter)
    held: set[int] = field(default_factory=set)
    is_fetching: bool = False
    fetch_at: datetime | None = None
    look_at: datetime | None = None
    live: int = 0
    last_attempt_id: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = Verdict.NO_CALLS_FETCHED
    decisions: Decisions = field(default_factory=Decisions)
    ended_at: datetime | None = None
    error: str = ""

    def all_users(self) -> list[set[int]]:
        """The sets in which its trunks and end-points keep the runs that use them."""
        return [t.users for t in self.trunks] + [e.users for e in self.endpoints]

    @property
    def is_read(self) -> bool:
        """Is there nothing in its lists to read on, for now?"""
        return all(position.is_complete or position.is_paused for position in self.read.values())

    @property
    def is_complete(self) -> bool:
        """Are all its lists read to their ends?"""
        return all(position.is_complete for position in self.read.values())

    @property
    def screen(self) -> Screen | None:
        """What its records are checked against; None without black lists, caps and hours of
        the recipients."""
        hours = self.campaign.recipient_hours
        if not self.campaign.black_list_ids and not self.caps and hours is None:
            return None
        return Screen(
            black_list_ids=self.campaign.black_list_ids,
            checks_every_number=self.campaign.checks_every_number,
            caps=self.caps,
            time_zone=self.campaign.time_zone,
            recipient_hours=hours,
        )

    def wakes_at(self, entry: HopperEntry, now: datetime) -> datetime | None:
        """When the person may be called by the clock there: now or later; None for never. A
        reload may bring hours that were unknown when the entry was fetched: it is to be fetched
        again."""
        if self.recipients is None:
            return now
        if entry.zones is None:
            return now + REFETCH
        return self.recipients.opens_at(entry.zones, now)

    @property
    def zone(self) -> ZoneInfo:
        """The campaign's time zone; UTC where this machine does not know it."""
        return ZoneInfo(self.campaign.time_zone if self.calendar else "UTC")

    @property
    def next_entry(self) -> HopperEntry | None:
        """What `take` would give."""
        waiting = self.due or self.fresh
        return waiting[0] if waiting else None

    @property
    def hopper_size(self) -> int:
        return len(self.due) + len(self.fresh)

    @property
    def cached(self) -> int:
        """Calls in the hopper and open retries; a retry whose turn has come is both."""
        return len(self.fresh) + self.retries

    @property
    def backlog(self) -> int:
        """Records of its lists that have not been read."""
        if self.is_complete:
            return 0
        return max(0, self.record_count - self.completed - self.live - self.cached)

    @property
    def high_water(self) -> ListPosition | None:
        """How far the last of its lists that was begun has been read into the hopper."""
        begun = [position for position in self.read.values() if position.highwater]
        return begun[-1] if begun else None

    @property
    def is_exhausted(self) -> bool:
        """Nothing is left to dial, now or later (manual, "Pause list in a running campaign": a
        run with a paused list does not end by itself)."""
        return self.is_complete and not (
            self.hopper_size or self.retries or self.live or self.is_fetching or self.is_gathering
        )

    def wants_batch(self, now: datetime) -> bool:
        """Is it time to read on? Due retries are wanted even while fresh records wait."""
        if self.is_fetching or self.state is not RunState.RUNNING:
            return False
        enough = self.campaign.batch_size // 2
        if self.fetch_at is not None and self.fetch_at <= now:
            return len(self.due) <= enough
        return not self.is_read and self.hopper_size <= enough

    def fetch(self) -> FetchBatch:
        """Due retries, and fresh records too if few are left: the hopper never holds more
        than twice the batch size."""
        self.is_fetching = True
        self.fetch_at = None
        size = self.campaign.batch_size
        is_low = len(self.fresh) * 2 <= size
        return FetchBatch(
            run_id=self.run.id,
            limit=max(1, size // 2, size - self.hopper_size),
            positions=tuple(p for p in self.read.values() if not p.is_paused) if is_low else (),
            held=frozenset(self.held),
            screen=self.screen,
        )

    def change_lists(self, lists: Sequence[ListPosition]) -> None:
        """Take over which lists the run has, in which order, and which are paused. What was read
        of one that is begun again is dropped: it is read anew."""
        for position in lists:
            known = self.read.get(position.list_id)
            if known is None or known.round < position.round:
                self._begin(position)
            for places in (self.read, self.done):
                at = places[position.list_id]
                places[position.list_id] = replace(at, is_paused=position.is_paused)
        self.read = {p.list_id: self.read[p.list_id] for p in lists}

    def _begin(self, position: ListPosition) -> None:
        self.read[position.list_id] = self.done[position.list_id] = position
        if self.fresh_of_list.pop(position.list_id, 0):
            kept = (e for e in self.fresh if e.record.list_id != position.list_id)
            self.fresh = deque(kept)

    def fill(self, entries: Iterable[HopperEntry], positions: Sequence[ListPosition]) -> None:
        """Take a batch into the hopper, but not what was read of a list before it was begun
        again."""
        self.is_fetching = False
        stale = {p.list_id for p in positions if p.round != self.read[p.list_id].round}
        for position in positions:
            if position.list_id not in stale:
                is_paused = self.read[position.list_id].is_paused
                self.read[position.list_id] = replace(position, is_paused=is_paused)
        for entry in entries:
            if entry.is_retry:
                self.held.add(entry.record.id)
                self.due.append(entry)
            elif entry.record.list_id not in stale:
                self.fresh_of_list[entry.record.list_id] += 1
                self.fresh.append(entry)
        for list_id in self.read:
            self._settle(list_id)

    def take(self) -> HopperEntry:
        """The next entry to dial; one off a list moves the accounted position there on."""
        if self.due:
            return self.due.popleft()
        entry = self.fresh.popleft()
        list_id = entry.record.list_id
        self.fresh_of_list[list_id] -= 1
        self.done[list_id] = replace(self.done[list_id], highwater=entry.record.id)
        self._settle(list_id)
        return entry

    def round_of(self, entry: HopperEntry) -> int:
        """In which round of its list the entry was read; of a retry it does not matter."""
        position = self.read.get(entry.record.list_id)
        return position.round if position else 0

    def _settle(self, list_id: int) -> None:
        if not self.fresh_of_list[list_id]:
            self.done[list_id] = self.read[list_id]

    def await_retry(self, due_at: datetime) -> bool:
        """Read on at `due_at`; False if that is to happen earlier anyway."""
        if self.fetch_at is not None and self.fetch_at <= due_at:
            return False
        self.fetch_at = due_at
        return True

    def wake(self) -> None:
        """Go on, if there was nothing to do."""
        if self.state is RunState.IDLE:
            self.state = RunState.RUNNING

    def keep_hours(self, now: datetime) -> None:
        """Go to WRONG_TIME and back, as the calendar says."""
        assert self.calendar is not None
        is_open = self.calendar.is_open(now)
        self.state = RunState.RUNNING if is_open else RunState.WRONG_TIME

    def end(self, state: RunState, now: datetime) -> None:
        """Go to a state from which no run comes back; what waits in memory is dropped."""
        self.state = state
        self.ended_at = now
        self.due.clear()
        self.fresh.clear()
        self.fresh_of_list.clear()

    def progress(self, now: datetime) -> RunProgressed:
        """Where it is, with the news and the e-mails that are due if its state is another than
        the last one told."""
        mailing, news = None, None
        if self.state is not self.told:
            mailing, news = self._mail(now), self._news(now)
        self.told = self.state
        return RunProgressed(
            run_id=self.run.id,
            state=self.state,
            attempted=self.attempted,
            completed=self.completed,
            ended_at=self.ended_at,
            error=self.error,
            positions=tuple(self.done.values()),
            mailing=mailing,
            news=news,
        )

    def _news(self, now: datetime) -> RunChanged:
        return RunChanged(
            at=now,
            run_id=self.run.id,
            campaign_id=self.campaign.id,
            campaign=self.campaign.name,
            state=self.state,
            attempted=self.attempted,
            completed=self.completed,
            error=self.error,
        )

    def _mail(self, now: datetime) -> Mailing | None:
        campaign = self.campaign
        if not is_told(campaign.email_events, self.state):
            return None
        letters = render_run_mails(
            campaign.email_addresses,
            campaign=campaign.name,
            run_id=self.run.id,
            state=self.state,
            started_at=self.run.started_at,
            now=now,
            zone=self.zone,
            attempted=self.attempted,
            completed=self.completed,
            outcomes=self.outcomes,
            error=self.error,
        )
        return Mailing(campaign_id=campaign.id, at=now, letters=letters)
