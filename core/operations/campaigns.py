"""What a person may see and ask of campaigns.

Asking is a row in the database: the dialer takes it up within a second, whichever process
asked. The checks here are for a clear answer at once; the dialer makes its own.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine

from core.errors import InvalidValue, NotPossible
from core.model import MAX_BOOST, CallList, Campaign, Pace, Part, Run
from core.operations import site_values
from core.operations.campaign_parts import Link, add_part, link
from core.operations.permission import log_entry, require, require_visible, visible
from core.people import Actor
from core.rules.keys import Key
from core.rules.stamps import made
from core.rules.states import RunState
from core.rules.verdicts import Verdict
from core.store import runs as stored_runs
from core.store.audit import write_log
from core.store.campaigns import fetch_campaign_by_name, fetch_campaigns, save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name
from core.store.site import configuring

#: The boost factors that a run may have, in percent.
BOOSTS = range(MAX_BOOST + 1)


class Verb(StrEnum):
    """What may be asked of a campaign (manual, "Live page")."""

    #: Begin a run.
    START = "start"
    #: Place no more calls for now.
    PAUSE = "pause"
    #: Go on.
    UNPAUSE = "unpause"
    #: End the run for good.
    REMOVE = "remove"
    #: Go on by the campaign's definition as it is now.
    RELOAD = "reload"


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignView:
    """A campaign and, if it has one, its open run."""

    id: int
    name: str
    pace: Pace
    run_id: int | None = None
    run_state: RunState | None = None

    @property
    def can_start(self) -> bool:
        return self.pace is Pace.RUNNABLE and self.run_id is None


def campaigns(engine: Engine, actor: Actor) -> list[CampaignView]:
    """All campaigns that the actor may see but hidden ones, by name; a campaign has at most
    one open run. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        open_runs = {run.campaign_id: run for run in stored_runs.fetch_open_runs(conn)}
        found = fetch_campaigns(conn)
    return sorted(
        (
            _view(campaign, open_runs.get(campaign.id))
            for campaign in visible(actor, found)
            if campaign.pace is not Pace.HIDDEN
        ),
        key=lambda view: view.name.casefold(),
    )


def ask(engine: Engine, actor: Actor, campaign_name: str, verb: str, now: datetime) -> int:
    """Ask `verb` of the campaign; the id of the command, which the dialer will answer. Needs
    CTRL_WBT.

    InvalidValue of an unknown verb, NotFound of an unknown campaign, NotPossible when the
    campaign's pace or the state of its run does not allow it.
    """
    require(actor, Key.CTRL_WBT)
    asked = _parse_verb(verb)
    with engine.begin() as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        runs = stored_runs.fetch_open_runs(conn, campaign.id)
        _check(asked, campaign, runs[0] if runs else None)
        write_log(conn, log_entry(actor, now, f"campaign.{asked}", campaign.name))
        return stored_runs.ask(conn, campaign.id, asked.value, now)


def warn_of_start(engine: Engine, actor: Actor, campaign_name: str) -> tuple[str, ...]:
    """Why a run of the campaign would place no call, each with the verdict that the run would
    show; none for a campaign that has all it needs. NotFound of an unknown campaign. Needs
    CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    with reading(engine) as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
    lacking = (
        (Verdict.NO_TRUNKS, "trunk", campaign.trunk_ids),
        (Verdict.NO_ENDPOINTS, "end-point", campaign.endpoint_ids),
    )
    return tuple(
        f'{verdict}: campaign "{campaign.name}" has no {noun}, so it places no call; '
        f"give it one and reload it"
        for verdict, noun, ids in lacking
        if not ids
    )


def fetch_answer(engine: Engine, actor: Actor, command_id: int) -> bool:
    """Has the dialer done what was asked? False while it did not look yet; NotPossible, with
    its reason, if it would not. Needs CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    with reading(engine) as conn:
        outcome = stored_runs.fetch_outcome(conn, command_id)
    if outcome not in (None, stored_runs.GRANTED):
        raise NotPossible(outcome)
    return outcome is not None


def clone(engine: Engine, actor: Actor, name: str, new_name: str, now: datetime) -> Campaign:
    """A new campaign with all that the definition of `name` says (manual, "Clone a campaign").
    NotFound of `name`; InvalidValue of a `new_name` that is taken or none. Needs COPY."""
    require(actor, Key.COPY)
    _check_name(new_name)
    with configuring(engine) as conn:
        campaign = fetch_campaign_by_name(conn, name)
        require_visible(actor, campaign, "campaign", name)
        if any(known.name == new_name for known in fetch_campaigns(conn)):
            raise InvalidValue("campaign", new_name, "there is one of this name: choose another")
        write_log(conn, log_entry(actor, now, "campaign.clone", new_name, f"from {name}"))
        stamp = made(actor.name, now)
        return save_campaign(conn, replace(campaign, id=0, name=new_name, stamp=stamp))


def add_list(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str, now: datetime
) -> None:
    """Have the campaign's next run go through the list, after those it has; nothing changes if
    it does so already (manual, "Add an existing list to a campaign"). NotFound of either;
    InvalidConfiguration of a list that it may not call. Needs CAMP."""
    campaign, found = _find_both(engine, actor, campaign_name, list_name)
    if found.id not in campaign.list_ids:
        add_part(engine, actor, campaign.id, Part.LIST, found.name, now)


def add_black_list(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str, now: datetime
) -> None:
    """Have the campaign's next run keep off the numbers on the list; nothing changes if it does
    so already. NotFound of either; InvalidConfiguration of a list that it calls. Needs CAMP."""
    campaign, found = _find_both(engine, actor, campaign_name, list_name)
    link(engine, actor, campaign.id, Link.BLACK_LIST, found.id, now)


def _find_both(
    engine: Engine, actor: Actor, campaign_name: str, list_name: str
) -> tuple[Campaign, CallList]:
    require(actor, Key.CAMP)
    with reading(engine) as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        found = fetch_list_by_name(conn, list_name)
        require_visible(actor, found, "list", list_name)
    return campaign, found


def boost(engine: Engine, actor: Actor, campaign_name: str, percent: int, now: datetime) -> None:
    """Set the boost factor of the campaign's run (manual, "Set boosting on a running campaign").
    It is kept for queue end-points. InvalidValue, NotFound; NotPossible without a run. Needs
    CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    if percent not in BOOSTS:
        raise InvalidValue("factor", percent, f"write a percentage from 0 to {BOOSTS[-1]}")
    with engine.begin() as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        run = stored_runs.fetch_open_run(conn, campaign.id)
        stored_runs.boost(conn, run.id, percent)
        write_log(conn, log_entry(actor, now, "campaign.boost", campaign.name, f"{percent} %"))


def _check_name(name: str) -> None:
    try:
        site_values.name(name)
    except InvalidValue as error:
        raise InvalidValue("campaign", name, error.expected) from None


def _view(campaign: Campaign, run: Run | None) -> CampaignView:
    return CampaignView(
        id=campaign.id,
        name=campaign.name,
        pace=campaign.pace,
        run_id=run.id if run else None,
        run_state=run.state if run else None,
    )


def _parse_verb(verb: str) -> Verb:
    try:
        return Verb(verb)
    except ValueError:
        raise InvalidValue("verb", verb, f"one of {', '.join(Verb)}") from None


def _check(verb: Verb, campaign: Campaign, run: Run | None) -> None:
    if verb is Verb.START:
        _check_start(campaign, run)
    elif run is None:
        raise NotPossible(f'campaign "{campaign.name}" is not running; start it first')
    elif verb is Verb.PAUSE and run.state is RunState.PAUSED:
        raise NotPossible(f'run {run.id} of campaign "{campaign.name}" is paused already')
    elif verb is Verb.UNPAUSE and run.state is not RunState.PAUSED:
        raise NotPossible(f'run {run.id} of campaign "{campaign.name}" is {run.state}, not paused')


def _check_start(campaign: Campaign, run: Run | None) -> None:
    if run is not None:
        raise NotPossible(
            f'campaign "{campaign.name}" is running already: run {run.id} is {run.state}'
        )
    if campaign.pace is not Pace.RUNNABLE:
        raise NotPossible(
            f'campaign "{campaign.name}" is {campaign.pace}; only RUNNABLE ones may be started'
        )
