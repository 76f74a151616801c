"""What must hold of all that a dialer wrote, whatever happened: said once more, without it."""

from collections.abc import Container, Mapping, Sequence
from datetime import timedelta

from core.model import Attempt, Trunk
from core.ports.commands import CallClosed
from core.rules.caps import CAPPED
from core.rules.states import CallState
from tests.support.world import World

#: For each state, after how many seconds its first, second … retry comes.
Waits = Mapping[CallState, Sequence[float]]

#: A call that did not leave is tried again so soon; one that a cap refused, when that lets it.
UNSENT_S, CAPPED_S = 10, 60


def check_retries(world: World, waits: Waits, runs: Container[int] = (1,)) -> None:
    """In these runs, each call has the retry that its rules give it, and the next call of its
    record is that retry, and not early; after a call without one there is no other. They must
    not have been removed: what ends after that is not tried again."""
    last: dict[tuple[int, int], CallClosed] = {}
    for closed in world.logs:
        attempt = closed.log.attempt
        if attempt.run_id in runs:
            assert _summary(closed) == _expect(closed, waits), closed
            last[attempt.run_id, attempt.record_id] = closed
    for attempt in _attempts(world):
        before = last.get((attempt.run_id, attempt.record_id))
        if before is not None and attempt.attempt_no > before.log.attempt.attempt_no:
            assert before.retry is not None, attempt
            expected = before.log.attempt.attempt_no + 1, before.retry.retry_no
            assert (attempt.attempt_no, attempt.retry_no) == expected
            assert attempt.requested_at >= before.retry.due_at


def check_rates(world: World, trunks: Sequence[Trunk]) -> None:
    """No trunk took more calls in any of its periods than it may."""
    for trunk in trunks:
        period = timedelta(milliseconds=trunk.period_ms)
        times = [a.requested_at for a in _attempts(world) if a.trunk_id == trunk.id]
        for first, last in zip(times, times[trunk.max_calls_per_period :], strict=False):
            assert last - first >= period


def _attempts(world: World) -> list[Attempt]:
    return [placed.attempt for placed in world.placed]


def _summary(closed: CallClosed) -> tuple[float, int] | None:
    """In how many seconds the retry comes, and its number; None without one."""
    if closed.retry is None:
        return None
    return (closed.retry.due_at - closed.log.ended_at).total_seconds(), closed.retry.retry_no


def _expect(closed: CallClosed, waits: Waits) -> tuple[float, int] | None:
    log, retry_no = closed.log, closed.log.attempt.retry_no
    if log.reason.startswith("not sent: "):
        return UNSENT_S, retry_no
    if log.ext_status == CAPPED:
        return CAPPED_S, retry_no
    given = waits.get(log.state, ())
    return (given[retry_no], retry_no + 1) if retry_no < len(given) else None
