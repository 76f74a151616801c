"""The names of what somebody may not see, so that no answer betrays them.

Keys are not transitive: what a visible campaign uses is told with it.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from core.operations.permission import is_seen, is_visible
from core.operations.site_file import Entry, Kind
from core.operations.site_saving import uses
from core.operations.site_stored import Site, describe
from core.people import Actor
from core.store import protection
from core.store.protection import ProtectedName


def hidden_campaigns(conn: Connection, actor: Actor) -> frozenset[str]:
    """The campaigns that the actor may not see."""
    return hide(actor, protection.fetch_protected_campaigns(conn))


def hidden_lists(conn: Connection, actor: Actor) -> frozenset[str]:
    """The lists that the actor may not see."""
    return hide(actor, protection.fetch_protected_lists(conn))


def hidden_users(conn: Connection, actor: Actor) -> frozenset[str]:
    """Whatever may use something, and the actor may not see."""
    lines = (protection.fetch_protected_trunks(conn), protection.fetch_protected_endpoints(conn))
    return hidden_campaigns(conn, actor).union(*(hide(actor, found) for found in lines))


def hide(actor: Actor, names: Iterable[ProtectedName]) -> frozenset[str]:
    """Those that the actor may not see."""
    return frozenset(one.name for one in names if not is_visible(actor, one))


def known_to(actor: Actor, site: Site) -> tuple[Entry, ...]:
    """What is configured, as a site file would say it, without what the actor may not see, unless
    something that they may see uses it."""
    entries = describe(site)
    hidden = {(kind, one.name) for kind in Kind for one in site.of(kind) if not is_seen(actor, one)}
    if not hidden:
        return entries
    seen = [entry for entry in entries if (entry.kind, entry.name) not in hidden]
    unknown = hidden - {use for entry in seen for use in uses(entry)}
    return tuple(entry for entry in entries if (entry.kind, entry.name) not in unknown)
