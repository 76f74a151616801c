"""News for tests."""

from core.rules.news import CallChanged, CallEnded, RunChanged, RunFigures
from core.rules.states import CallState, RunState
from tests.support.world import NOON

_RUN: dict[str, object] = {"at": NOON, "run_id": 7, "campaign_id": 3, "campaign": "Spring"}
_COUNTS: dict[str, object] = {"state": RunState.RUNNING, "attempted": 5, "completed": 2}
_CALL: dict[str, object] = {
    "list_id": 2,
    "list_name": "people",
    "record_id": 11,
    "number": "5551234",
    "retry_no": 0,
}


def call_news(call_id: int = 1, **changes: object) -> CallChanged:
    """A call of run 7 of the campaign Spring is connected."""
    values = {**_RUN, **_CALL, "call_id": call_id, "state": CallState.CONNECTED}
    return CallChanged(**(values | changes))  # type: ignore[arg-type]


def figures_news(**changes: object) -> RunFigures:
    """The figures of run 7 of the campaign Spring."""
    values: dict[str, object] = {
        **_RUN,
        **_COUNTS,
        "live_calls": 1,
        "hopper": 4,
        "retries": 2,
        "remaining": 40,
        "outcomes": {"RS_BUSY": 2},
    }
    return RunFigures(**(values | changes))  # type: ignore[arg-type]


def call_ended_news(call_id: int = 1, **changes: object) -> CallEnded:
    """A call of run 7 of the campaign Spring has ended normally."""
    values: dict[str, object] = {
        **_RUN,
        **_CALL,
        "call_id": call_id,
        "state": CallState.TERMINATED,
        "ext_status": "",
        "channel_id": f"wb-{call_id}",
        "wait_pre_ms": 10,
        "wait_after_ms": 200,
        "talk_ms": 3000,
        "next_retry_s": 0,
        "cause": 16,
        "tech_cause": "",
        "reason": "",
        "inputs": {"HH": "10"},
        "outputs": {},
    }
    return CallEnded(**(values | changes))  # type: ignore[arg-type]


def run_news(**changes: object) -> RunChanged:
    """Run 7 of the campaign Spring is under way."""
    return RunChanged(**(_RUN | _COUNTS | changes))  # type: ignore[arg-type]
