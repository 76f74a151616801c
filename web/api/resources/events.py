"""What happens to calls and runs, as it happens."""

from typing import Annotated

import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred

from core.errors import Forbidden, NotRecognised
from core.operations.live import Sight, fetch_sight
from core.rules.keys import Key
from core.rules.news import Filter, Topic
from web.api.identity import identify
from web.api.kinds import Id, Name
from web.api.operation import Ask, Streamed, Tag
from web.api.problems import Refused

TAG = Tag(name="Events", text="What happens to calls and runs, as it happens.")


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after` is the id of the last event that was heard; the header Last-Event-ID, which
    browsers send when they come back, wins over it."""

    type: tuple[Topic, ...] = ()
    campaign: tuple[Name, ...] = ()
    run: tuple[Id, ...] = ()
    after: Annotated[str, Meta(max_length=100)] = ""


@TAG.get("/events", needs=(Key.RT,), media="text/event-stream")
async def stream_events(ask: Ask, query: Wanted) -> Streamed:
    """Listen to events.

    Server-sent events: `call.changed`, `call.ended`, `run.changed`, `run.figures` with a JSON
    object each, narrowed by `type`, `campaign` (names) and `run`, which may each be there several
    times. Who comes back with the id of the last event goes on behind it; the event `reset` says
    that this cannot be, and that everything is to be read anew. A listener hears what it may see.
    """
    request, stream = ask.request, ask.ground.events
    sight = await ask.run(fetch_sight)
    if stream.is_full:
        text = "as many streams are open as may be; end one of yours, or come back later"
        raise Refused(503, text, headers=(("Retry-After", "10"),))
    for name, value in (
        (b"Content-Type", b"text/event-stream"),
        (b"Cache-Control", b"no-store"),
        (b"X-Accel-Buffering", b"no"),
        (b"Vary", b"Authorization, Cookie"),
    ):
        request.setHeader(name, value)  # type: ignore[no-untyped-call]  # Twisted is untyped
    if request.method == b"HEAD":
        return Streamed()
    heard = request.getHeader("last-event-id") or query.after
    wanted = Filter(
        topics=frozenset(query.type),
        campaigns=frozenset(query.campaign),
        runs=frozenset(query.run),
    )
    await stream.attach(request, wanted, sight, lambda: _look(ask), heard)
    return Streamed()


def _look(ask: Ask) -> Deferred[Sight | None]:
    """What the listener may see now; None once its token opens nothing any more."""

    async def look() -> Sight | None:
        try:
            actor = await identify(ask.ground, ask.request)
            return await ask.ground.queries.run(fetch_sight, actor)
        except (NotRecognised, Forbidden):
            return None

    return Deferred.fromCoroutine(look())


OPERATIONS = (stream_events,)
