"""What the dialer shows of its runs to those who see only the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select

from core.rules.decisions import Decision
from core.store.schema import run_shown


@dataclass(frozen=True, kw_only=True, slots=True)
class RunShown:
    """A run at `shown_at`, as the snapshot's view of it: live calls, calls in the cache, records
    not yet read, open retries, and what was decided over the 30 s before."""

    run_id: int
    shown_at: datetime
    live: int
    cached: int
    backlog: int
    retries: int
    verdict: str
    decisions: tuple[Decision, ...]


_decoder = msgspec.json.Decoder(tuple[Decision, ...])


def save_shown(conn: Connection, rows: Sequence[RunShown]) -> None:
    """Put these in the place of what was shown of their runs before."""
    if not rows:
        return
    conn.execute(delete(run_shown).where(run_shown.c.run_id.in_([row.run_id for row in rows])))
    conn.execute(insert(run_shown), [_columns(row) for row in rows])


def fetch_shown(conn: Connection, run_ids: Collection[int]) -> dict[int, RunShown]:
    """By run; one that no dialer has shown yet is not a key."""
    rows = conn.execute(select(run_shown).where(run_shown.c.run_id.in_(run_ids))).mappings()
    return {
        row["run_id"]: RunShown(**{**row, "decisions": _decoder.decode(row["decisions"])})
        for row in rows
    }


def _columns(row: RunShown) -> dict[str, object]:
    return {
        "run_id": row.run_id,
        "shown_at": row.shown_at,
        "live": row.live,
        "cached": row.cached,
        "backlog": row.backlog,
        "retries": row.retries,
        "verdict": row.verdict,
        "decisions": msgspec.json.encode(row.decisions).decode(),
    }
