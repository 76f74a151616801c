"""`apply`: brings what is configured to what a site file says."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.list_import import import_file
from core.cli.output import answer, is_json, json_option, make_console
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.text import Text

    from core.operations.site_changes import Change, Plan


@click.command(short_help="Bring servers, trunks, lists and campaigns to a site file.")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@json_option
@pass_session
def apply(session: Session, site: Path, dry_run: bool) -> None:
    """Bring what is configured to what the file SITE says.

    Nothing is deleted, and what the file does not mention stays. A list's file is imported
    once, while the list is empty.
    """
    from core.operations import site as operations

    plan = operations.plan(session.engine, session.actor, site)
    if not is_json():
        make_console().print(render(plan), soft_wrap=True)
    imported = []
    if not dry_run:
        operations.apply(session.engine, session.actor, plan, session.now())
        imported = [import_file(session, wanted.path, wanted.list_name) for wanted in plan.imports]
    answer(
        {
            "is_applied": not dry_run,
            "changes": [_summarise(change) for change in plan.changes],
            "imports": plan.imports,
            "imported": imported,
        }
    )


def render(plan: "Plan") -> "Text":
    """The plan as a diff, and a line that sums it up."""
    from rich.text import Text

    from core.operations.site_changes import Action

    shown = Text()
    for change in plan.changes:
        if change.action is not Action.KEEP:
            shown += _render(change)
    for wanted in plan.imports:
        shown += Text(f"+ lists.{wanted.list_name}: import {wanted.path}\n", "green")
    if plan.is_empty:
        return shown + Text("nothing to do")
    counts = {action: sum(c.action is action for c in plan.changes) for action in Action}
    return shown + Text(
        f"{counts[Action.CREATE]} to create, {counts[Action.UPDATE]} to change, "
        f"{counts[Action.KEEP]} unchanged, {len(plan.imports)} to import"
    )


def _render(change: "Change") -> "Text":
    from rich.text import Text

    is_new = change.was is None
    sign, style = ("+", "green") if is_new else ("~", "yellow")
    shown = Text(f"{sign} {change.entry.place}\n", style)
    for field in change.fields:
        old = "" if is_new else f"{field.old} → "
        shown += Text(f"    {field.key}: {old}{field.new}\n", "default")
    return shown


def _summarise(change: "Change") -> dict[str, object]:
    """Without the entry's values: they may hold secrets."""
    return {
        "kind": change.entry.kind,
        "name": change.entry.name,
        "action": change.action,
        "fields": change.fields,
    }
