"""What of the dialer's snapshots somebody may see: campaigns and servers by their keys.

Who sees a campaign sees its calls whole, whatever protects its trunks (manual 25.02, "The
security model").
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from core.model import Pace, RunOverview
from core.operations.permission import require, visible
from core.operations.unseen import hidden_campaigns, hide
from core.people import Actor
from core.ports.snapshot import Snapshot
from core.rules.keys import Key
from core.store.campaign_heads import fetch_campaign_heads, fetch_running_ids
from core.store.database import reading
from core.store.protection import fetch_protected_servers
from core.store.run_overview import fetch_runs_of_ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one does not see, by name, and whether one may ask something of runs. Those who
    see and may the same are equal, so that one rendering serves them all."""

    can_control: bool
    hidden_campaigns: frozenset[str] = frozenset()
    hidden_servers: frozenset[str] = frozenset()


def fetch_sight(engine: Engine, actor: Actor) -> Sight:
    """What the actor sees as things are now. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        return Sight(
            can_control=actor.ring.holds(Key.CTRL_WBT),
            hidden_campaigns=hidden_campaigns(conn, actor),
            hidden_servers=hide(actor, fetch_protected_servers(conn)),
        )


def narrow(snapshot: Snapshot, sight: Sight) -> Snapshot:
    """The snapshot as somebody of this sight may see it: live calls are counted over the runs
    that are left, calls placed in the last minute over all."""
    if not sight.hidden_campaigns and not sight.hidden_servers:
        return snapshot
    runs = tuple(run for run in snapshot.runs if run.campaign not in sight.hidden_campaigns)
    return replace(
        snapshot,
        servers=tuple(one for one in snapshot.servers if one.name not in sight.hidden_servers),
        runs=runs,
        calls=tuple(one for one in snapshot.calls if one.campaign not in sight.hidden_campaigns),
        live_total=sum(run.live_calls for run in runs),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveCampaign:
    """A campaign that the actor may see. One that is not `is_offered` is hidden from lists."""

    id: int
    name: str
    security_key: str
    is_running: bool
    is_offered: bool


def live_campaigns(engine: Engine, actor: Actor) -> list[LiveCampaign]:
    """All campaigns that the actor may see, by name, and whether they run. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        running = fetch_running_ids(conn)
        found = visible(actor, fetch_campaign_heads(conn))
    return [
        LiveCampaign(
            id=head.id,
            name=head.name,
            security_key=head.security_key,
            is_running=head.id in running,
            is_offered=head.pace is not Pace.HIDDEN,
        )
        for head in sorted(found, key=lambda head: head.name.casefold())
    ]


def live_runs(engine: Engine, actor: Actor, run_ids: Collection[int]) -> dict[int, RunOverview]:
    """Those of the runs that the actor may see, by id. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        return {run.id: run for run in visible(actor, fetch_runs_of_ids(conn, run_ids))}
