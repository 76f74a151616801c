"""Elements that name others by id, where a site file names them by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from core.errors import InvalidConfiguration, NotFound
from core.operations.permission import require_visible
from core.operations.site_file import Kind
from core.operations.site_misfits import REFERENCES
from core.operations.site_stored import refers_to
from core.people import Actor
from core.store import pages

SHELVES: Mapping[Kind, pages.Shelf[Any]] = {
    Kind.SERVER: pages.SERVERS,
    Kind.TRUNK: pages.TRUNKS,
    Kind.END_POINT: pages.END_POINTS,
    Kind.LIST: pages.LISTS,
    Kind.OPENING_HOURS: pages.OPENING_HOURS,
    Kind.CAP: pages.CAPS,
    Kind.CAMPAIGN: pages.CAMPAIGNS,
}


#: The keys of a disposition rule that name elements.
_TARGETS = {"list": Kind.LIST, "campaign": Kind.CAMPAIGN}


class References:
    """What the values of one element name, for an actor; `value` is the element as it is, None
    of a new one. What it names already it may go on naming, visible or not."""

    def __init__(self, conn: Connection, actor: Actor, kind: Kind, value: object) -> None:
        self._conn = conn
        self._actor = actor
        self._known = {
            (other, key)
            for other, ids in (refers_to(kind, value) if value is not None else ())
            for key in ids
        }

    def name_all(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with names in the place of ids. InvalidConfiguration of ids that there are
        not."""
        found, problems = dict(values), list[str]()
        for key, kind in {"server": Kind.SERVER, **REFERENCES}.items():
            if key in found:
                found[key] = self._name(kind, found[key], key, problems)
        rules = found.get("disposition")
        if isinstance(rules, Sequence) and not isinstance(rules, str):
            found["disposition"] = [self._name_targets(rule, problems) for rule in rules]
        if problems:
            raise InvalidConfiguration(problems)
        return found

    def _name_targets(self, rule: Any, problems: list[str]) -> Any:
        if not isinstance(rule, Mapping):
            return rule
        return {
            key: self._name(_TARGETS[key], value, key, problems) if key in _TARGETS else value
            for key, value in rule.items()
        }

    def _name(self, kind: Kind, value: Any, key: str, problems: list[str]) -> Any:
        if isinstance(value, list | tuple):
            return [self._name(kind, one, key, problems) for one in value]
        if type(value) is not int:
            return value
        try:
            found = pages.fetch_element(self._conn, SHELVES[kind], value)
            if (kind, value) not in self._known:
                require_visible(self._actor, found, SHELVES[kind].noun, value)
        except NotFound as error:
            problems.append(f'{key} "{value}": {error}')
            return value
        return str(found.name)
