"""What was asked of the dialer, and its answer."""

import time
from typing import TYPE_CHECKING

from core.cli.output import answer

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: How long a running dialer is waited for, and how often it is looked for its answer.
WAIT_S = 5.0
LOOK_S = 0.1
#: The dialer's word when it did what was asked.
OK = "OK"


def show_outcome(engine: "Engine", command_id: int, name: str, verb: str, **more: object) -> int:
    """Wait for the dialer's answer to a wish and say it, `more` with --json; the exit code: 1 if
    it refused."""
    from core.store.lock import is_dialer_running

    is_running = is_dialer_running(engine)
    outcome = wait_for_outcome(engine, command_id) if is_running else None
    answer(
        {
            "command_id": command_id,
            "campaign": name,
            "verb": verb,
            "is_dialer_running": is_running,
            "outcome": outcome,
            **more,
        },
        _describe(name, verb, is_running=is_running, outcome=outcome),
    )
    return 0 if outcome in (None, OK) else 1


def wait_for_outcome(engine: "Engine", command_id: int, wait_s: float = WAIT_S) -> str | None:
    """The dialer's answer in words; None if there is none in time."""
    from core.store.database import reading
    from core.store.runs import fetch_outcome

    end = time.monotonic() + wait_s
    while True:
        with reading(engine) as conn:
            outcome = fetch_outcome(conn, command_id)
        if outcome is not None or time.monotonic() >= end:
            return outcome
        time.sleep(LOOK_S)


def _describe(name: str, verb: str, *, is_running: bool, outcome: str | None) -> str:
    if not is_running:
        return f"{name}: {verb} is noted; no dialer is running, `whipbird run` will take it up"
    if outcome is None:
        return f"{name}: {verb} is noted; the dialer has not taken it up within {WAIT_S:.0f} s"
    return f"{name}: {verb}: {outcome}"
