"""Manual 25.02, "Add (or restart) list to a running campaign" and what follows it."""

import msgspec

from core.operations.campaigns import fetch_answer
from core.operations.run_lists import pause_list, run_lists, start_list
from web.compat.asked import Asked, Ground, Operations, Reply


class ListInRun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A list of a run; it "is running" unless it is paused, finished or not."""

    list_id: int
    list_name: str
    high_water: int
    is_running: bool
    is_finished: bool


async def start(ground: Ground, asked: Asked) -> Reply:
    campaign, name = asked.filled("campaign"), asked.filled("list")
    now = ground.clock.now()
    wish = await ground.queries.run(start_list, asked.actor, campaign, name, now)
    return await _settle(ground, asked, wish, f"start of list {name} in campaign {campaign}")


async def pause(ground: Ground, asked: Asked) -> Reply:
    campaign, name = asked.filled("campaign"), asked.filled("list")
    now = ground.clock.now()
    wish = await ground.queries.run(pause_list, asked.actor, campaign, name, now)
    return await _settle(ground, asked, wish, f"pause of list {name} in campaign {campaign}")


async def _settle(ground: Ground, asked: Asked, wish: int | None, what: str) -> str:
    """What the dialer made of it, in words."""
    if wish is None:
        return f"OK: {what}: nothing to do"
    await ground.control.wake()
    answer = await ground.queries.run(fetch_answer, asked.actor, wish)
    return f"OK: {what}: {'done' if answer else 'asked; the dialer takes it up when it runs'}"


async def show(ground: Ground, asked: Asked) -> Reply:
    await ground.control.written()
    found = await ground.queries.run(run_lists, asked.actor, asked.filled("campaign"))
    return [
        ListInRun(
            list_id=one.list_id,
            list_name=one.list_name,
            high_water=one.highwater,
            is_running=not one.is_paused,
            is_finished=one.is_complete,
        )
        for one in found
    ]


OPERATIONS: Operations = {"start": start, "pause": pause, "list": show}
