"""Manual 25.02, "Live Calls" and "Live Campaigns"."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import Engine

from core.model import RunOverview
from core.operations.live import LiveCampaign, live_campaigns, live_runs
from core.people import Actor
from core.ports.control import LiveCall
from core.ports.snapshot import RunView
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.envelope import Panel, Result
from web.compat.run_rows import RunRow, run_row
from web.compat.words import render_moment, render_ms


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A campaign that may be asked to run."""

    campaign_id: int
    name: str
    is_running: bool
    sec_key: str


class CallRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that is up. Moments are milliseconds since 1970, 0 while they are not reached."""

    hopper_call_id: int
    number: str
    state: str
    trunk: str
    ast_server: str
    trunk_size: int = msgspec.field(name="trunk_size")
    endpoint: str
    campaign_run: str
    tst_originate: int = msgspec.field(name="tst_originate")
    tst_connect: int = msgspec.field(name="tst_connect")
    tst_terminate: int = msgspec.field(name="tst_terminate", default=0)
    ast_unique: str
    ast_channel: str
    n_retry: int
    status_ext: str
    sub_ep: str = ""
    bridged_chan: str = ""


class CallsResult(Result, frozen=True, kw_only=True, rename="camel"):
    """Which campaigns there are, and the calls that are up."""

    lock_until_complete: bool = False
    campaigns: Sequence[CampaignRow]
    asterisks: tuple[()] = ()
    hopper_state: Sequence[CallRow]


class RunsResult(Result, frozen=True, kw_only=True, rename="camel"):
    """The runs that are open, or were a moment ago."""

    lock_until_complete: bool = False
    action: str = "NONE"
    hopcamp_id: int = 0
    campaign_id: int = 0
    campaigns: Sequence[RunRow]


async def calls(ground: Ground, asked: Asked) -> Reply:
    """Every call, as the dialer knows it now; the dialer waits for none of the rendering."""
    return await ground.queries.run(_show_calls, asked.actor, ground.control.calls())


def _show_calls(engine: Engine, actor: Actor, calls: Sequence[LiveCall]) -> Panel:
    found = live_campaigns(engine, actor)
    seen = {campaign.id for campaign in found}
    return Panel(
        result=CallsResult(
            campaigns=[_campaign_row(one) for one in found if one.is_offered],
            hopper_state=[_call_row(call) for call in calls if call.campaign_id in seen],
        )
    )


def _campaign_row(campaign: LiveCampaign) -> CampaignRow:
    return CampaignRow(
        campaign_id=campaign.id,
        name=campaign.name,
        is_running=campaign.is_running,
        sec_key=campaign.security_key,
    )


def _call_row(call: LiveCall) -> CallRow:
    return CallRow(
        hopper_call_id=call.attempt_id,
        number=call.number,
        state=call.state,
        trunk=call.trunk,
        ast_server=call.server,
        trunk_size=call.trunk_capacity,
        endpoint=call.endpoint,
        campaign_run=f"{call.campaign} {render_moment(call.run_started_at)}",
        tst_originate=render_ms(call.requested_at),
        tst_connect=render_ms(call.connected_at),
        ast_unique=call.channel_id,
        ast_channel=call.channel,
        n_retry=call.retry_no,
        status_ext=call.ext_status,
    )


async def runs(ground: Ground, asked: Asked) -> Reply:
    views = ground.source.latest().runs
    known = await ground.queries.run(live_runs, asked.actor, [view.run_id for view in views])
    rows = [_run_row(known[view.run_id], view) for view in views if view.run_id in known]
    return Panel(result=RunsResult(campaigns=rows))


def _run_row(run: RunOverview, view: RunView) -> RunRow:
    """What the database has of the run, with the figures that the dialer has of it now."""
    figures = view.figures
    now = replace(
        run,
        priority=view.priority,
        state=view.state,
        attempted=view.attempted,
        completed=view.completed,
        retries=view.retries,
        cached=figures.cached,
        backlog=figures.remaining - figures.cached,
    )
    return run_row(now, view.high_water, figures.running_s)


CALLS: Operations = {"": calls}
RUNS: Operations = {"": runs}
