"""Calls that are over, looked for by what is known of them, page by page.

There is no index for every wish. A page looks at so many calls at most, the newest first, and
says where it stopped: a search never holds the database up, and ends by being asked on.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.model import LoggedCall
from core.operations.permission import is_visible, require, require_visible
from core.people import Actor
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.rules.states import CallState
from core.store.campaign_heads import fetch_campaign_heads
from core.store.database import reading
from core.store.lists import fetch_list_by_name
from core.store.logged_calls import describe_calls
from core.store.reports import LogFilter, search_logs

#: Most calls that a page looks at.
DEPTH = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFilter:
    """Which calls are wanted; None and "" do not limit. Calls placed at `since` count, at `until`
    not. `number` is the one that was dialled."""

    run_id: int | None = None
    list_name: str = ""
    state: CallState | None = None
    ext_status: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundCalls:
    """Calls that pass, the newest first; `next_before` is the id before which the search goes on,
    None at its end. There may be more even where few were found."""

    calls: tuple[LoggedCall, ...]
    next_before: int | None


def find_calls(
    engine: Engine,
    actor: Actor,
    wanted: CallFilter,
    before_id: int | None,
    limit: int,
    depth: int = DEPTH,
) -> FoundCalls:
    """At most `limit` calls with ids below `before_id` that pass, of campaigns that the actor may
    see. NotFound of a list, InvalidValue of a number that is none. Needs REPORT."""
    require(actor, Key.REPORT)
    number = parse_number(wanted.number) if wanted.number else ""
    with reading(engine) as conn:
        asked = LogFilter(
            run_id=wanted.run_id,
            list_id=_find_list(conn, actor, wanted.list_name) if wanted.list_name else None,
            state=wanted.state,
            ext_status=wanted.ext_status,
            number=number,
            since=wanted.since,
            until=wanted.until,
            campaign_ids=_seen_campaigns(conn, actor),
        )
        found = search_logs(conn, asked, before_id=before_id, limit=limit, depth=depth)
        calls = tuple(describe_calls(conn, found.logs))
    return FoundCalls(calls=calls, next_before=found.next_before)


def _find_list(conn: Connection, actor: Actor, name: str) -> int:
    found = fetch_list_by_name(conn, name)
    require_visible(actor, found, "list", name)
    return found.id


def _seen_campaigns(conn: Connection, actor: Actor) -> frozenset[int] | None:
    """None: all of them."""
    heads = fetch_campaign_heads(conn)
    seen = frozenset(head.id for head in heads if is_visible(actor, head))
    return None if len(seen) == len(heads) else seen
