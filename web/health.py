"""What a watchdog asks: is the server there, does its database answer, are the PBXs up?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from core.ports.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """The body of `/health`. `servers_down` names the PBXs that are out of reach. A database
    that answers but takes nothing, for want of room on its disk say, is `failing`."""

    status: Literal["ok", "degraded", "failing"]
    database: Literal["ok", "unreachable", "failing"]
    servers_down: tuple[str, ...]
    live_calls: int
    uptime_s: int
    taken_at: datetime


def check_health(engine: Engine, snapshot: Snapshot) -> Health:
    """Ask the database; `failing` when it does not do its work, `degraded` when a PBX is down."""
    database = _look_at(engine, snapshot)
    down = tuple(server.name for server in snapshot.servers if not server.is_up)
    return Health(
        status=("degraded" if down else "ok") if database == "ok" else "failing",
        database=database,
        servers_down=down,
        live_calls=snapshot.live_total,
        uptime_s=int(snapshot.uptime_s),
        taken_at=snapshot.taken_at,
    )


def _look_at(engine: Engine, snapshot: Snapshot) -> Literal["ok", "unreachable", "failing"]:
    try:
        with engine.connect() as conn:
            conn.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "unreachable"
    return "failing" if snapshot.database_reason else "ok"
