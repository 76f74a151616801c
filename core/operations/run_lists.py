"""The lists of a campaign's open run: how far each was read, and what may be asked of it.

Source: manual 25.02, "Using dynamic lists".
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import NotPossible
from core.model import ListPosition, Run
from core.operations.permission import is_visible, log_entry, require, require_visible
from core.people import Actor
from core.rules.keys import Key
from core.store import runs as stored_runs
from core.store.audit import write_log
from core.store.campaigns import fetch_campaign, fetch_campaign_by_name
from core.store.database import reading
from core.store.lists import count_records, fetch_list_by_name
from core.store.run_lists import ListVerb, check_change


@dataclass(frozen=True, kw_only=True, slots=True)
class ListView:
    """A list in a run. `highwater` is the id of the last record that was read, `read` how many
    of its `records` that makes; `round` counts how often it was begun again."""

    list_id: int
    list_name: str
    highwater: int
    read: int
    records: int
    is_complete: bool
    is_paused: bool
    round: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLists:
    """The lists of an open run."""

    run_id: int
    campaign: str
    lists: tuple[ListView, ...]


def open_run_lists(engine: Engine, actor: Actor) -> tuple[RunLists, ...]:
    """Of every open run of a campaign that the actor may see, the oldest first. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        runs = stored_runs.fetch_open_runs(conn)
        campaigns = {run.campaign_id: fetch_campaign(conn, run.campaign_id) for run in runs}
        return tuple(
            RunLists(
                run_id=run.id,
                campaign=campaigns[run.campaign_id].name,
                lists=view_lists(conn, run),
            )
            for run in runs
            if is_visible(actor, campaigns[run.campaign_id])
        )


def run_lists(engine: Engine, actor: Actor, campaign_name: str) -> tuple[ListView, ...]:
    """The lists of the campaign's open run, in the order in which they are read. NotFound of
    the campaign; NotPossible if it has no run. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        return view_lists(conn, stored_runs.fetch_open_run(conn, campaign.id))


def view_lists(conn: Connection, run: Run) -> tuple[ListView, ...]:
    """The run's lists; each is counted, through its index."""
    return tuple(_view(conn, position) for position in run.lists)


def ask_list(
    engine: Engine,
    actor: Actor,
    campaign_name: str,
    verb: ListVerb,
    list_name: str,
    now: datetime,
) -> int:
    """Ask something of a list in the campaign's open run; the id of the command, which the
    dialer will answer. NotFound of campaign or list; NotPossible of what cannot be done. Needs
    CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    with engine.begin() as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        found = fetch_list_by_name(conn, list_name)
        require_visible(actor, found, "list", list_name)
        runs = stored_runs.fetch_open_runs(conn, campaign.id)
        if not runs:
            raise NotPossible(f'campaign "{campaign.name}" is not running; start it first')
        check_change(conn, runs[0], verb, found)
        write_log(conn, log_entry(actor, now, f"run.{verb}", campaign.name, found.name))
        return stored_runs.ask(conn, campaign.id, verb.value, now, argument=found.name)


def _view(conn: Connection, position: ListPosition) -> ListView:
    return ListView(
        list_id=position.list_id,
        list_name=position.list_name,
        highwater=position.highwater,
        read=count_records(conn, position.list_id, up_to=position.highwater),
        records=count_records(conn, position.list_id),
        is_complete=position.is_complete,
        is_paused=position.is_paused,
        round=position.round,
    )


def start_list(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str, now: datetime
) -> int | None:
    """Have the campaign's open run read the list: it is added, or goes on if it was paused. The
    id of the command; None if the run reads it already. Otherwise as `ask_list`."""
    position = _find_position(engine, actor, campaign_name, list_name)
    if position is None:
        return ask_list(engine, actor, campaign_name, ListVerb.ADD, list_name, now)
    if position.is_paused:
        return ask_list(engine, actor, campaign_name, ListVerb.RESUME, list_name, now)
    return None


def pause_list(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str, now: datetime
) -> int | None:
    """Have the campaign's open run read no more of the list. The id of the command; None if it
    does not read it anyway (manual, "Pause list in a running campaign"). Otherwise as
    `ask_list`."""
    position = _find_position(engine, actor, campaign_name, list_name)
    if position is None or position.is_paused:
        return None
    return ask_list(engine, actor, campaign_name, ListVerb.PAUSE, list_name, now)


def _find_position(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str
) -> ListPosition | None:
    """Where the campaign's open run is in the list."""
    require(actor, Key.CTRL_WBT)
    with reading(engine) as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        run = stored_runs.fetch_open_run(conn, campaign.id)
    return next((one for one in run.lists if one.list_name == list_name), None)
