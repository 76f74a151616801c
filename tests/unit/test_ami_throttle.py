"""Which message leaves when."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from ami.throttle import Budget, Lane, Throttle

#: A power of two, so that sums of it are exact.
UNIT_S = 0.0625


def throttle(
    timer: Clock, *, limit: int = 2, may_originate: Callable[[], bool] = lambda: True
) -> Throttle:
    return Throttle(timer, Budget(limit=limit, unit_s=UNIT_S), may_originate)


def test_no_more_than_the_limit_leave_in_a_unit_and_the_rest_follow_in_order() -> None:
    timer, sent = Clock(), list[tuple[float, int]]()
    gate = throttle(timer)
    for n in range(5):
        gate.push(Lane.ORIGINATE, lambda n=n: sent.append((timer.seconds(), n)))
    timer.pump([UNIT_S / 4] * 12)
    assert sent == [(0.0, 0), (0.0, 1), (0.0625, 2), (0.0625, 3), (0.125, 4)]


@given(st.lists(st.floats(0, 0.03), min_size=1, max_size=60), st.integers(1, 6))
def test_no_stretch_of_a_unit_holds_more_than_the_limit(pauses: list[float], limit: int) -> None:
    timer, sent = Clock(), list[float]()
    gate = throttle(timer, limit=limit)
    for pause_s in pauses:
        timer.advance(pause_s)
        gate.push(Lane.ORIGINATE, lambda: sent.append(timer.seconds()))
    timer.pump([0.01] * 400)
    assert len(sent) == len(pauses)
    close = [b - a < UNIT_S - 1e-9 for a, b in zip(sent, sent[limit:], strict=False)]
    assert not any(close)


def test_control_goes_before_hang_ups_and_hang_ups_before_originates() -> None:
    timer, sent = Clock(), list[str]()
    gate = throttle(timer, limit=1)
    gate.push(Lane.ORIGINATE, lambda: sent.append("first"))
    gate.push(Lane.ORIGINATE, lambda: sent.append("originate"))
    gate.push(Lane.HANG_UP, lambda: sent.append("hang up"))
    gate.push(Lane.CONTROL, lambda: sent.append("ping"))
    timer.pump([UNIT_S] * 4)
    assert sent == ["first", "ping", "hang up", "originate"]


def test_without_room_originates_wait_and_hang_ups_do_not() -> None:
    timer, sent, room = Clock(), list[str](), [False]
    gate = throttle(timer, limit=9, may_originate=lambda: room[0])
    gate.push(Lane.ORIGINATE, lambda: sent.append("originate"))
    gate.push(Lane.HANG_UP, lambda: sent.append("hang up"))
    assert sent == ["hang up"]
    room[0] = True
    gate.pump()
    assert sent == ["hang up", "originate"]


def test_what_is_taken_back_or_cleared_never_leaves() -> None:
    timer, sent = Clock(), list[int]()
    gate = throttle(timer, limit=1)
    for n in range(4):
        gate.push(Lane.ORIGINATE, lambda n=n: sent.append(n))
    gate.take_back(Lane.ORIGINATE)
    timer.pump([UNIT_S] * 2)
    assert sent == [0, 1, 2]
    gate.push(Lane.ORIGINATE, lambda: sent.append(9))
    gate.stop()
    timer.pump([UNIT_S] * 3)
    assert sent == [0, 1, 2]
    assert timer.getDelayedCalls() == []
