"""Which caller-id whom is shown: the dialled person, and the end-point of the answered call.

Source: manual 25.02, "Campaigns", Call Placing Details: the Dial CLID is the campaign's caller-id,
the dial presentation is what callees are expected to see as the caller-id, and the Agent CLID is
what is set on the end-point. All three have their placeholders filled in already.
"""

import re
from dataclasses import dataclass

_WITH_NUMBER = re.compile(r"[^<]*<[^<>]*>")
_NUMBER = re.compile(r"[0-9*#+()./ -]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerIds:
    """Each `"name" <number>`, a number, or empty: the PBX's own."""

    dialled: str
    endpoint: str


def choose_caller_ids(*, dial: str, agent: str, presentation: str, number: str) -> CallerIds:
    """What either side is shown; `number` is the one being called.

    An Agent CLID that is a mere name, such as `C1 WHITE`, gets the number of the person called:
    a telephone shows no name without a number.
    """
    dialled = presentation or dial
    if agent and not (_WITH_NUMBER.fullmatch(agent) or _NUMBER.fullmatch(agent)):
        name = agent.replace('"', "").strip()
        agent = f'"{name}" <{number}>'
    return CallerIds(dialled=dialled, endpoint=agent or dial or dialled)
