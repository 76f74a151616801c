"""Manual 25.02, "Preview dialing" and "Notify the state for an API-driven end-point".

There are no queue and no API end-points yet: no campaign points to an agent, and no call is
ever reserved. The answers say so in the manual's words.
"""

from core.errors import NotFound
from web.compat.asked import Asked, Ground, Operations, Reply


async def reserve(_ground: Ground, asked: Asked) -> Reply:
    asked.filled("agent")
    return "AGENT_CANNOT_RESERVE"


async def place(ground: Ground, asked: Asked) -> Reply:
    """A call that is up was not reserved: it is in a wrong state to be placed or skipped."""
    is_live = ground.control.find_call(asked.wombat_id("id")) is not None
    return "ID_FOUND_WRONG_STATE" if is_live else "ID_NOT_FOUND"


async def update(_ground: Ground, asked: Asked) -> Reply:
    raise NotFound("end-point of type API", asked.filled("queue"))


OPERATIONS: Operations = {"reserve": reserve, "dial": place, "skip": place}
ENDPOINT: Operations = {"update": update}
