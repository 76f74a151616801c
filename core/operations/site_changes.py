"""What a site file would change, as values; pure.

An entry that is there already keeps whatever the file does not mention, and nothing is
deleted. Names are looked up in the file first, then in what is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.model import ServerType
from core.operations.site_entries import DEFAULTS
from core.operations.site_file import Entry, Kind
from core.operations.site_misfits import misfits
from core.operations.site_words import show

_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.TRUNK: ("server", "dial_string"),
    Kind.END_POINT: ("server", "extension", "context"),
    Kind.OPENING_HOURS: ("default",),
    Kind.CAP: ("attempts", "days"),
}


class Action(StrEnum):
    """What becomes of an entry."""

    #: It is new.
    CREATE = "create"
    #: Some of its fields change.
    UPDATE = "update"
    #: It is as the file says already.
    KEEP = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """A field's old and new value as people read them; `old` is None in a new entry."""

    key: str
    old: str | None
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What becomes of one entry. `entry` holds all its values as they are to be; `was` is
    the stored entry it changes."""

    action: Action
    entry: Entry
    was: Entry | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListImport:
    """A list that is still empty is filled from a file."""

    list_name: str
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that a site file would do, in the order in which it is to be done."""

    changes: tuple[Change, ...] = ()
    imports: tuple[ListImport, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.imports and all(change.action is Action.KEEP for change in self.changes)


def compare(
    entries: Sequence[Entry], stored: Sequence[Entry], problems: list[str]
) -> tuple[Change, ...]:
    """The changes that bring what is stored to what the file says.

    What does not fit together is added to `problems`; then the changes are not to be made.
    """
    changes = tuple(_change(entry, _find_stored(entry, stored)) for entry in entries)
    changed = [change.was for change in changes]
    after = [change.entry for change in changes] + [
        entry for entry in stored if not any(entry is was for was in changed)
    ]
    for entry, change in zip(entries, changes, strict=True):
        problems += _missing(entry, change)
        problems += misfits(change.entry, entry, after)
    return changes


def _find_stored(entry: Entry, stored: Sequence[Entry]) -> Entry | None:
    same = (other for other in stored if (other.kind, other.name) == (entry.kind, entry.name))
    return next(same, None)


def _change(entry: Entry, was: Entry | None) -> Change:
    if was is None:
        values = {**DEFAULTS[entry.kind].values, **entry.values}
        fields = tuple(
            FieldChange(key=key, old=None, new=show(key, value))
            for key, value in entry.values.items()
        )
        return Change(action=Action.CREATE, entry=_with(entry, values), fields=fields)
    fields = tuple(
        FieldChange(key=key, old=show(key, was.values[key]), new=show(key, value))
        for key, value in entry.values.items()
        if key in was.values and was.values[key] != value
    )
    action = Action.UPDATE if fields else Action.KEEP
    return Change(
        action=action, entry=_with(entry, {**was.values, **entry.values}), was=was, fields=fields
    )


def _with(entry: Entry, values: Mapping[str, Any]) -> Entry:
    return Entry(kind=entry.kind, name=entry.name, values=values, keys=entry.keys)


def _missing(entry: Entry, change: Change) -> Iterable[str]:
    if change.action is not Action.CREATE:
        return
    for key in _REQUIRED.get(entry.kind, ()):
        if key not in entry.keys:
            yield f"{entry.place}.{key}: it must be given"
    is_ami = change.entry.values.get("type") is ServerType.AMI
    if entry.kind is Kind.SERVER and is_ami and "login" not in entry.keys:
        yield f"{entry.place}.login: it must be given, the name of a user in manager.conf"
