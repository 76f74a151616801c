"""The lists of a run while it is open: added, paused, resumed, begun again.

Source: manual 25.02, "Using dynamic lists" and the API's "Add (or restart) list to a running
campaign" and "Pause list in a running campaign".
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from core.errors import NotPossible
from core.model import CallList, ListPosition, Run
from core.store.ahead import hold, release
from core.store.automatic import automatic_name
from core.store.bins import find_bin
from core.store.campaigns import fetch_campaign
from core.store.schema import run_list


class ListVerb(StrEnum):
    """What may be asked of a list in a run; the values are those of the wishes."""

    #: Read it too, behind the lists that the run has.
    ADD = "list-add"
    #: Do not read on; what was read already is called.
    PAUSE = "list-pause"
    #: Read on.
    RESUME = "list-resume"
    #: Read it from its beginning again, and call everybody again.
    RESTART = "list-restart"


def check_change(conn: Connection, run: Run, verb: ListVerb, call_list: CallList) -> None:
    """NotPossible, in words, of what cannot be done with the list in the run."""
    known = _find(run, call_list)
    if verb is ListVerb.ADD:
        _check_new(conn, run, call_list, known)
    elif known is None:
        raise NotPossible(f'run {run.id} has no list "{call_list.name}": add it first')
    elif verb is ListVerb.PAUSE and known.is_paused:
        raise NotPossible(f'list "{call_list.name}" is paused already')
    elif verb is ListVerb.RESUME and not known.is_paused:
        raise NotPossible(f'list "{call_list.name}" is not paused')


def _check_new(conn: Connection, run: Run, call_list: CallList, known: ListPosition | None) -> None:
    name = call_list.name
    if known is not None:
        what = "resume it" if known.is_paused else "restart it to call everybody on it again"
        raise NotPossible(f'run {run.id} has the list "{name}" already: {what}')
    if find_bin(name):
        raise NotPossible(f'list "{name}" holds what was taken away: it is not called')
    campaign = fetch_campaign(conn, run.campaign_id)
    if name == automatic_name(campaign.name):
        raise NotPossible(
            f'list "{name}" is the campaign\'s automatic one: its numbers are called anyway'
        )
    if call_list.id in campaign.black_list_ids:
        raise NotPossible(f'list "{name}" is a black list of campaign "{campaign.name}"')


def change_list(
    conn: Connection, run: Run, verb: ListVerb, call_list: CallList, now: datetime
) -> None:
    """Do it; NotPossible as `check_change` says. A list that is begun again is not paused."""
    check_change(conn, run, verb, call_list)
    match verb:
        case ListVerb.ADD:
            _append(conn, run, call_list)
        case ListVerb.PAUSE:
            _update(conn, run, call_list, is_paused=True)
            hold(conn, run.id, call_list.id)
        case ListVerb.RESUME:
            _update(conn, run, call_list, is_paused=False)
            release(conn, run.id, call_list.id, now)
        case ListVerb.RESTART:
            again: dict[str, Any] = {"highwater": 0, "ahead_to": 0, "is_complete": False}
            again |= {"round": run_list.c.round + 1, "restarted_at": now}
            _update(conn, run, call_list, is_paused=False, **again)
            release(conn, run.id, call_list.id, now)


def _find(run: Run, call_list: CallList) -> ListPosition | None:
    return next((p for p in run.lists if p.list_id == call_list.id), None)


def _append(conn: Connection, run: Run, call_list: CallList) -> None:
    last = select(func.coalesce(func.max(run_list.c.idx), 0)).where(run_list.c.run_id == run.id)
    idx = conn.execute(last).scalar_one() + 1
    values = {"run_id": run.id, "list_id": call_list.id, "idx": idx}
    conn.execute(insert(run_list).values(values))


def _update(conn: Connection, run: Run, call_list: CallList, **values: object) -> None:
    this = and_(run_list.c.run_id == run.id, run_list.c.list_id == call_list.id)
    conn.execute(update(run_list).where(this).values(values))
