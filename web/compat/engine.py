"""Manual 25.02, "Engine control"."""

import msgspec

from core.operations.dialing import Order, log_order
from core.ports.control import EngineState, EngineView
from web.compat.asked import Asked, Ground, Reply
from web.compat.words import UNLIMITED


class Engine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The engine as the dialect shows it; all figures are 0 unless it is READY."""

    state: str
    uptime_ms: int = 0
    msg_sent: int = 0
    msg_received: int = 0
    max_licensed_channels: int = 0


async def state(ground: Ground, _asked: Asked) -> Reply:
    return _show(ground.control.engine())


async def start(ground: Ground, asked: Asked) -> Reply:
    await _order(ground, asked, Order.START)
    await ground.control.start()
    return _show(ground.control.engine())


async def stop(ground: Ground, asked: Asked) -> Reply:
    """Always TERMINATION_REQD: how it went is asked with STATE."""
    await _order(ground, asked, Order.STOP)
    ground.control.stop()
    return Engine(state=EngineState.TERMINATION_REQD)


async def start_in_words(ground: Ground, asked: Asked) -> Reply:
    await _order(ground, asked, Order.START)
    await ground.control.start()
    return f"OK: the dialer is {ground.control.engine().state}"


async def _order(ground: Ground, asked: Asked, order: Order) -> None:
    await ground.queries.run(log_order, asked.actor, order, ground.clock.now())


def _show(view: EngineView) -> Engine:
    if view.state is not EngineState.READY:
        return Engine(state=view.state)
    return Engine(
        state=view.state,
        uptime_ms=round(view.uptime_s * 1000),
        msg_sent=view.sent,
        msg_received=view.received,
        max_licensed_channels=UNLIMITED,
    )


#: What is said of an engine that does not answer in time.
NO_REPLY = Engine(state="TIMEOUT_NO_REPLY")
OPERATIONS = {"STATE": state, "START": start, "STOP": stop}
#: An older address for a start, which answers a text.
DIALER = {"start": start_in_words}
