"""All that is configured, brought at once to what a site file says."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations import site as work
from core.operations.site_changes import Action, Change
from web.api.operation import Ask, Tag

TAG = Tag(name="Site file", text="All that is configured, at once.")


class SiteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site file, whose lists name no files. A `dry_run` changes nothing."""

    toml: Annotated[str, Meta(max_length=1_000_000, examples=["[lists.people]\nhidden = true\n"])]
    dry_run: bool = False


class FieldChangeShown(msgspec.Struct, frozen=True, kw_only=True):
    """`old` is null in a new element; secrets are not shown."""

    key: str
    old: str | None
    new: str


class ChangeShown(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one element."""

    action: Action
    kind: str
    name: str
    fields: tuple[FieldChangeShown, ...]


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    is_applied: bool
    changes: tuple[ChangeShown, ...]


@TAG.post("/configuration/apply", errors=(404,))
async def apply_site(ask: Ask, body: SiteFile) -> Applied:
    """Bring servers, trunks, lists, campaigns … to what a site file says: all of it, or nothing.

    Nothing is deleted, and what the file does not mention stays. It needs the keys of all kinds
    that the file mentions."""
    plan = await ask.run(work.plan_text, body.toml, None)
    if not body.dry_run:
        await ask.run(work.apply, plan, ask.now)
    return Applied(is_applied=not body.dry_run, changes=tuple(map(_show, plan.changes)))


def _show(change: Change) -> ChangeShown:
    fields = (FieldChangeShown(key=one.key, old=one.old, new=one.new) for one in change.fields)
    entry = change.entry
    return ChangeShown(action=change.action, kind=entry.kind, name=entry.name, fields=tuple(fields))


OPERATIONS = (apply_site,)
