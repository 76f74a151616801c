"""News for tests."""

from core.rules.news import CallChanged, CallEnded, RunChanged, RunFigures
from core.rules.states import CallState, RunState
from tests.support.world import NOON


def call_news(call_id: int = 1, **changes: object) -> CallChanged:
    """A call of run 7 of the campaign Spring is connected."""
    values: dict[str, object] = {
        "at": NOON,
        "call_id": call_id,
        "run_id": 7,
        "campaign_id": 3,
        "campaign": "Spring",
        "list_id": 2,
        "list_name": "people",
        "record_id": 11,
        "number": "5551234",
        "retry_no": 0,
        "state": CallState.CONNECTED,
    }
    return CallChanged(**(values | changes))  # type: ignore[arg-type]


def figures_news(**changes: object) -> RunFigures:
    """The figures of run 7 of the campaign Spring."""
    values: dict[str, object] = {
        "at": NOON,
        "run_id": 7,
        "campaign_id": 3,
        "campaign": "Spring",
        "state": RunState.RUNNING,
        "attempted": 5,
        "completed": 2,
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
        "at": NOON,
        "call_id": call_id,
        "run_id": 7,
        "campaign_id": 3,
        "campaign": "Spring",
        "list_id": 2,
        "list_name": "people",
        "record_id": 11,
        "number": "5551234",
        "retry_no": 0,
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
    values: dict[str, object] = {
        "at": NOON,
        "run_id": 7,
        "campaign_id": 3,
        "campaign": "Spring",
        "state": RunState.RUNNING,
        "attempted": 5,
        "completed": 2,
    }
    return RunChanged(**(values | changes))  # type: ignore[arg-type]
