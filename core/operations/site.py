"""`whipbird apply`: from a site file to the database, by way of a plan that can be shown.

What the file may say is in `site_file`, what it would change in `site_changes`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from core.errors import InvalidConfiguration, NotPossible
from core.operations.permission import require
from core.operations.site_changes import ListImport, Plan, compare
from core.operations.site_file import Entry, Kind, parse_site
from core.operations.site_saving import require_found, require_seen, save_changes
from core.operations.site_stored import Site, describe, fetch_site
from core.operations.unseen import known_to
from core.people import Actor
from core.ports.probe import ProbeTarget
from core.rules.keys import Key
from core.store.database import reading
from core.store.lists import fetch_records
from core.store.site import configuring


def fetch_targets(engine: Engine, actor: Actor) -> tuple[ProbeTarget, ...]:
    """Each server with its trunks and end-points, for a probe. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with reading(engine) as conn:
        site = fetch_site(conn)
    return tuple(
        ProbeTarget(
            server=server,
            trunks=tuple(trunk for trunk in site.trunks if trunk.server_id == server.id),
            endpoints=tuple(point for point in site.endpoints if point.server_id == server.id),
        )
        for server in site.servers
    )


def plan(engine: Engine, actor: Actor, path: Path) -> Plan:
    """What the file would change. InvalidConfiguration lists all that is wrong with it. Needs
    the keys of the kinds it mentions: ADMIN, LIST, OPHR, CAMP."""
    try:
        file_text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidConfiguration([f"{path}: write it in UTF-8"]) from None
    return plan_text(engine, actor, file_text, path.parent)


def plan_text(engine: Engine, actor: Actor, file_text: str, folder: Path | None) -> Plan:
    """The same for the text of a file; lists are read from `folder`, or must not be in a file."""
    entries, problems = parse_site(file_text)
    require(actor, *sorted({KEYS[entry.kind] for entry in entries}))
    with reading(engine) as conn:
        site = fetch_site(conn)
        filled = {
            found.name for found in site.lists if fetch_records(conn, found.id, after_id=0, limit=1)
        }
    for entry in entries:
        require_found(actor, site, entry.kind, entry.name)
    changes = compare(entries, known_to(actor, site), problems)
    files = [entry for entry in entries if entry.kind is Kind.LIST and "file" in entry.values]
    imports = _imports(files, filled, folder, problems)
    if problems:
        raise InvalidConfiguration(problems)
    for change in changes:
        require_seen(actor, site, change)
    return Plan(changes=changes, imports=imports)


def _imports(
    entries: Sequence[Entry], filled: Collection[str], folder: Path | None, problems: list[str]
) -> tuple[ListImport, ...]:
    """The files that fill lists which are still empty; what is wrong is added to `problems`."""
    if folder is None:
        problems += [
            f"{entry.place}.file: only `whipbird apply` reads it; add the numbers by themselves"
            for entry in entries
        ]
        return ()
    imports = tuple(
        ListImport(list_name=entry.name, path=folder / entry.values["file"])
        for entry in entries
        if entry.name not in filled
    )
    problems += [
        f'lists.{wanted.list_name}.file "{wanted.path}": there is no such file'
        for wanted in imports
        if not wanted.path.is_file()
    ]
    return imports


def apply(engine: Engine, actor: Actor, plan: Plan, now: datetime) -> None:
    """Make the plan's changes, all or none. The imports are the caller's, afterwards: they
    take long and show their progress. NotPossible if what it changes is no longer as it was
    planned for. Needs the keys that the plan did."""
    require(actor, *sorted({KEYS[change.entry.kind] for change in plan.changes}))
    with configuring(engine) as conn:
        if not _still_holds(plan, fetch_site(conn)):
            raise NotPossible("what is configured was changed meanwhile: look at the plan again")
        save_changes(conn, actor, plan.changes, now)


def _still_holds(plan: Plan, site: Site) -> bool:
    problems: list[str] = []
    again = compare([change.entry.mentioned for change in plan.changes], describe(site), problems)
    same = all(
        (one.entry, one.was) == (other.entry, other.was)
        for one, other in zip(again, plan.changes, strict=True)
    )
    return same and not problems


#: What a user needs to see or change entries of a kind (manual, "JSON API").
KEYS: Mapping[Kind, Key] = {
    Kind.SERVER: Key.ADMIN,
    Kind.TRUNK: Key.ADMIN,
    Kind.END_POINT: Key.ADMIN,
    Kind.LIST: Key.LIST,
    Kind.OPENING_HOURS: Key.OPHR,
    Kind.CAP: Key.ADMIN,
    Kind.CAMPAIGN: Key.CAMP,
}
