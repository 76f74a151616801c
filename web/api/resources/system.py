"""What happened: the system log, and notifications that did not arrive."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations import outbox
from core.operations.system_log import read_log
from core.people import Face
from core.rules.keys import Key
from core.rules.notifications import LetterKind
from core.store.audit import LogFilter
from web.api.kinds import Id, Moment, show
from web.api.operation import Ask, Tag
from web.api.paging import Page, Paged, next_page, read_cursor

TAG = Tag(name="System", text="The system log, and notifications that did not arrive.")

Word = Annotated[str, Meta(max_length=190)]


class LineShown(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the system log: who did what to what, by which way and from where."""

    id: int
    at: datetime
    who: str
    face: Face
    address: str
    action: str
    subject: str
    detail: str


class LogQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    who: Annotated[Word, Meta(description="What this user did.")] = ""
    action: Annotated[Word, Meta(description="Such as `login` or `campaign.start`.")] = ""
    since: Annotated[Moment | None, Meta(description="Then or later.")] = None
    until: Annotated[Moment | None, Meta(description="Before.")] = None


class LetterShown(msgspec.Struct, frozen=True, kw_only=True):
    """A notification. A dead one is not sent again by itself."""

    id: int
    campaign: str
    call_id: int | None
    kind: LetterKind
    url: str
    subject: str
    body: str
    attempts: int
    created_at: datetime
    due_at: datetime
    last_error: str
    dead: bool


class OutboxQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    dead: Annotated[bool, Meta(description="Those that were given up.")] = False
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class OutboxShown(msgspec.Struct, frozen=True, kw_only=True):
    """How many notifications wait and how many are dead; the oldest of the one kind or the
    other."""

    waiting: int
    dead: int
    letters: tuple[LetterShown, ...]


class Letters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """These letters, or all dead ones if none is named."""

    ids: Annotated[tuple[Id, ...], Meta(max_length=1000)] = ()


class LettersDone(msgspec.Struct, frozen=True, kw_only=True):
    letters: int


@TAG.get("/system-log", needs=(Key.SYSLOG,))
async def list_log(ask: Ask, query: LogQuery) -> Page[LineShown]:
    """The system log, the newest line first."""
    wanted = LogFilter(
        who=query.who,
        action=query.action,
        since=query.since,
        until=query.until,
        before_id=read_cursor(query, Id),
    )
    found = await ask.run(read_log, wanted, query.limit + 1)
    items = tuple(show(one, LineShown) for one in found[: query.limit])
    has_more = len(found) > query.limit
    return Page(items=items, next=next_page(ask.request, items[-1].id) if has_more else None)


@TAG.get("/outbox", needs=(Key.ADMIN,))
async def show_outbox(ask: Ask, query: OutboxQuery) -> OutboxShown:
    """Notifications that wait to be sent, or that were given up."""
    found = await ask.run(outbox.fetch_outbox, dead=query.dead, limit=query.limit)
    return show(found, OutboxShown)


@TAG.post("/outbox/retry", needs=(Key.ADMIN,), errors=(404,))
async def retry_letters(ask: Ask, body: Letters) -> LettersDone:
    """Send letters again, at once."""
    return LettersDone(letters=await ask.run(outbox.retry, body.ids, ask.now))


@TAG.post("/outbox/drop", needs=(Key.ADMIN,), errors=(404,))
async def drop_letters(ask: Ask, body: Letters) -> LettersDone:
    """Give letters up for good."""
    return LettersDone(letters=await ask.run(outbox.drop, body.ids, ask.now))


OPERATIONS = (list_log, show_outbox, retry_letters, drop_letters)
