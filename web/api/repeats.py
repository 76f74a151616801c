"""Requests with an Idempotency-Key: what was done once is answered again, and not done again."""

import hashlib
from collections.abc import Awaitable, Callable

import msgspec

from core.errors import WhipbirdError
from core.operations import repeats
from core.store.kept_answers import KeptAnswer
from web.api.operation import Ask
from web.api.reply import Headers, Reply

#: The request's header, and the answer's that says it was answered before.
KEY, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"


async def do_once(ask: Ask, key: str, work: Callable[[], Awaitable[Reply]]) -> Reply:
    """What the work answers, or answered when the same was asked under this key before.

    After an error that is none of Whipbird's own nobody knows what was done: the key stays taken.
    """
    begun = await ask.run(repeats.begin, key, _fingerprint(ask), ask.now)
    if isinstance(begun, KeptAnswer):
        return _replay(begun)
    try:
        reply = await work()
    except WhipbirdError:
        await ask.run(repeats.give_back, begun)
        raise
    headers = msgspec.json.encode(reply.headers).decode()
    await ask.run(repeats.keep, begun, reply.status, headers, reply.body.decode())
    return reply


def _replay(kept: KeptAnswer) -> Reply:
    assert kept.status is not None
    headers = msgspec.json.decode(kept.headers, type=Headers)
    return Reply(
        status=kept.status, headers=(*headers, (REPLAYED, "true")), body=kept.body.encode()
    )


def _fingerprint(ask: Ask) -> str:
    """Of all that was asked, and of what whoever asks may do: an answer is not for another token
    of theirs that opens less."""
    content, ring = ask.request.content, ask.actor.ring
    content.seek(0)
    held = " ".join(["*"] if ring.is_master else sorted(ring.keys)).encode()
    parts = (ask.request.method, ask.request.uri, held, content.read())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()
