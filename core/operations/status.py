"""How things stand, from the database: servers, campaigns, the latest runs.

What only the dialer knows (live calls, whether a PBX is up) is in its snapshots.
"""

from dataclasses import dataclass

from sqlalchemy import Engine

from core.model import ServerType
from core.operations.campaigns import CampaignView, campaigns
from core.operations.permission import require, visible
from core.operations.reports import RunSummary, recent_runs
from core.operations.run_lists import RunLists, open_run_lists
from core.operations.site_stored import Site, fetch_site
from core.people import Actor
from core.rules.keys import Key
from core.store.database import reading
from core.store.lock import is_dialer_running

#: Runs shown unless asked otherwise.
RUNS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerStatus:
    """A server and how much of it is configured; `address` is empty for a simulated one."""

    name: str
    type: ServerType
    address: str
    trunks: int
    end_points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """How things stand. Runs are the latest first; `lists` are those of the open ones."""

    is_dialer_running: bool
    servers: tuple[ServerStatus, ...]
    campaigns: tuple[CampaignView, ...]
    runs: tuple[RunSummary, ...]
    lists: tuple[RunLists, ...]


def fetch_status(engine: Engine, actor: Actor, run_limit: int = RUNS) -> Status:
    """How things stand now, with at most `run_limit` runs. Needs V_WBT, RT and REPORT."""
    require(actor, Key.V_WBT)
    with reading(engine) as conn:
        site = fetch_site(conn)
    return Status(
        is_dialer_running=is_dialer_running(engine),
        servers=_servers(site, actor),
        campaigns=tuple(campaigns(engine, actor)),
        runs=tuple(recent_runs(engine, actor, run_limit)),
        lists=open_run_lists(engine, actor),
    )


def _servers(site: Site, actor: Actor) -> tuple[ServerStatus, ...]:
    return tuple(
        ServerStatus(
            name=server.name,
            type=server.type,
            address=f"{server.host}:{server.port}" if server.type is ServerType.AMI else "",
            trunks=sum(trunk.server_id == server.id for trunk in site.trunks),
            end_points=sum(point.server_id == server.id for point in site.endpoints),
        )
        for server in visible(actor, site.servers)
    )
