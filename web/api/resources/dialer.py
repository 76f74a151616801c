"""The dialer itself: whether it places calls, what is live, and how its PBXs are."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations.dialing import Order, log_order
from core.operations.live import fetch_sight, narrow
from core.operations.permission import require
from core.ports.control import EngineState
from core.rules.keys import Key
from core.rules.states import CallState
from web.api.kinds import show
from web.api.operation import Ask, Tag

TAG = Tag(name="Dialer", text="Whether calls are placed, and what is live this second.")

CampaignFilter = Annotated[str, Meta(max_length=190, description="Of this campaign alone.")]


class DialerShown(msgspec.Struct, frozen=True, kw_only=True):
    """`sent` and `received` count the messages to and from PBXs since the process began;
    `uptime_s` since calls are placed. `database_reason` is what the database says, empty while
    it does its work."""

    state: EngineState
    uptime_s: float
    sent: int
    received: int
    live_calls: int
    placed_last_minute: int
    database_reason: str


class ServerUp(msgspec.Struct, frozen=True, kw_only=True):
    """A PBX; `reason` says why it is down."""

    name: str
    is_up: bool
    reason: str


class LiveCallShown(msgspec.Struct, frozen=True, kw_only=True):
    """A call under way, or just ended."""

    attempt_id: int
    run_id: int
    campaign: str
    number: str
    state: CallState
    trunk: str
    endpoint: str
    retry_no: int
    requested_at: datetime
    connected_at: datetime | None
    ext_status: str


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` are the newest of `live_calls`, 100 at most."""

    taken_at: datetime
    live_calls: int
    servers: tuple[ServerUp, ...]
    calls: tuple[LiveCallShown, ...]


class LiveQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    campaign: CampaignFilter = ""


@TAG.get("/dialer", needs=(Key.V_WBT,))
async def show_dialer(ask: Ask) -> DialerShown:
    """Whether calls are placed."""
    require(ask.actor, Key.V_WBT)
    return _show(ask)


def _show(ask: Ask) -> DialerShown:
    engine, snapshot = ask.ground.control.engine(), ask.ground.source.latest()
    return DialerShown(
        state=engine.state,
        uptime_s=engine.uptime_s,
        sent=engine.sent,
        received=engine.received,
        live_calls=snapshot.live_total,
        placed_last_minute=snapshot.placed_last_minute,
        database_reason=snapshot.database_reason,
    )


@TAG.post("/dialer/start", needs=(Key.CTRL_WBT, Key.V_WBT))
async def start_dialer(ask: Ask) -> DialerShown:
    """Place calls again."""
    require(ask.actor, Key.V_WBT)
    await ask.run(log_order, Order.START, ask.now)
    await ask.ground.control.start()
    return _show(ask)


@TAG.post("/dialer/stop", needs=(Key.CTRL_WBT, Key.V_WBT))
async def stop_dialer(ask: Ask) -> DialerShown:
    """Place no more calls.

    What is up is followed to its end. A stop does not outlive the process."""
    require(ask.actor, Key.V_WBT)
    await ask.run(log_order, Order.STOP, ask.now)
    await ask.ground.control.stop()
    return _show(ask)


@TAG.get("/live", needs=(Key.RT,))
async def show_live(ask: Ask, query: LiveQuery) -> Live:
    """What is live: PBXs, and the newest calls."""
    snapshot = narrow(ask.ground.source.latest(), await ask.run(fetch_sight))
    calls = [one for one in snapshot.calls if query.campaign in ("", one.campaign)]
    return Live(
        taken_at=snapshot.taken_at,
        live_calls=snapshot.live_total,
        servers=tuple(show(one, ServerUp) for one in snapshot.servers),
        calls=tuple(show(one, LiveCallShown) for one in calls),
    )


OPERATIONS = (show_dialer, start_dialer, stop_dialer, show_live)
