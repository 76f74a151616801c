"""What of the dialer's snapshots somebody may see: campaigns and servers by their keys.

Who sees a campaign sees its calls whole, whatever protects its trunks (manual 25.02, "The
security model").
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from core.operations.permission import is_visible, require
from core.people import Actor
from core.ports.snapshot import Snapshot
from core.rules.keys import Key
from core.store.database import reading
from core.store.protection import (
    ProtectedName,
    fetch_protected_campaigns,
    fetch_protected_servers,
)


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
            hidden_campaigns=_hidden(actor, fetch_protected_campaigns(conn)),
            hidden_servers=_hidden(actor, fetch_protected_servers(conn)),
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


def _hidden(actor: Actor, names: Iterable[ProtectedName]) -> frozenset[str]:
    return frozenset(one.name for one in names if not is_visible(actor, one))
