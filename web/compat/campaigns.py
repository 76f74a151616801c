"""Manual 25.02, "Campaigns and runs"."""

from core.operations.campaigns import (
    BOOSTS,
    Verb,
    add_black_list,
    add_list,
    ask,
    boost,
    clone,
    fetch_answer,
)
from web.compat.asked import Asked, Ground, Handler, Operations, Reply


def _asking(verb: Verb) -> Handler:
    async def handle(ground: Ground, asked: Asked) -> Reply:
        """Ask, and say what the dialer made of it."""
        name = asked.filled("campaign")
        wish = await ground.queries.run(ask, asked.actor, name, verb, ground.clock.now())
        await ground.control.wake()
        answer = await ground.queries.run(fetch_answer, asked.actor, wish)
        done = "done" if answer else "asked; the dialer takes it up when it runs"
        return f"OK: {verb} of campaign {name}: {done}"

    return handle


async def clone_campaign(ground: Ground, asked: Asked) -> Reply:
    name, copy = asked.filled("campaign"), asked.filled("newcampaign")
    await ground.queries.run(clone, asked.actor, name, copy, ground.clock.now())
    return f"OK: campaign {name} cloned as {copy}"


async def boost_run(ground: Ground, asked: Asked) -> Reply:
    name, percent = asked.filled("campaign"), asked.whole("factor", 0, BOOSTS[-1])
    await ground.queries.run(boost, asked.actor, name, percent, ground.clock.now())
    return f"OK: boost factor of campaign {name}: {percent} %"


async def add_list_to_campaign(ground: Ground, asked: Asked) -> Reply:
    campaign, name = asked.filled("campaign"), asked.filled("list")
    await ground.queries.run(add_list, asked.actor, campaign, name, ground.clock.now())
    return f"OK: list {name} added to campaign {campaign}; its next run goes through it"


async def add_black_list_to_campaign(ground: Ground, asked: Asked) -> Reply:
    campaign, name = asked.filled("campaign"), asked.filled("list")
    await ground.queries.run(add_black_list, asked.actor, campaign, name, ground.clock.now())
    return f"OK: black list {name} added to campaign {campaign}; its next run keeps off it"


OPERATIONS: Operations = {
    **{verb.value: _asking(verb) for verb in Verb},
    "clone": clone_campaign,
    "boost": boost_run,
    "addList": add_list_to_campaign,
    "addBlackList": add_black_list_to_campaign,
}
