"""Manual 25.02, "Campaigns and runs"."""

from core.operations.campaigns import Verb, ask, clone, fetch_answer
from web.compat.asked import Asked, Ground, Handler, Reply


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


OPERATIONS = {verb.value: _asking(verb) for verb in Verb} | {"clone": clone_campaign}
