"""What faces say of a call, to the dialer while it is up, then to the database."""

from dataclasses import replace
from typing import Protocol

from core.operations.call_details import check_call, check_report, report_closed
from core.operations.permission import require
from core.people import Actor
from core.ports import Clock
from core.ports.control import Control
from core.ports.events import Reported
from core.rules.keys import Key
from web.queries import Queries


class Ground(Protocol):
    """What remarks stand on."""

    @property
    def queries(self) -> Queries: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def control(self) -> Control: ...


async def remark(ground: Ground, actor: Actor, attempt_id: int, said: Reported) -> None:
    """Report it of the live call, or of the one that is over. InvalidValue; NotFound of a call
    that is not there, or whose campaign the actor may not see. Needs CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    check_report(said)
    live = ground.control.find_call(attempt_id)
    if live is None:
        await ground.control.written()
        await ground.queries.run(report_closed, actor, attempt_id, said, ground.clock.now())
        return
    await _require_visible(ground, actor, attempt_id)
    await ground.control.report(replace(said, call_ids=(live.channel_id,)))


async def _require_visible(ground: Ground, actor: Actor, attempt_id: int) -> None:
    """Whoever may see all is not held up by a query."""
    if not (actor.ring.is_master or actor.ring.opens_all):
        await ground.control.written()
        await ground.queries.run(check_call, actor, attempt_id)
