"""One door: every public operation is told who acts."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine

import core.operations
from core.operations import site
from core.operations.site_file import Kind
from core.people import Actor

#: Public functions that ask the database and still take no actor, and why.
WITHOUT_ACTOR = {
    "first.check_exposure": "asked by the server itself, before it starts",
    "first.is_empty": "asked before anybody can be known",
    "first.is_for_show": "every page says it, the one for logging on too",
}


def operations() -> Iterator[tuple[str, Callable[..., Any]]]:
    """All public functions of `core.operations` that are given the database."""
    for module_info in pkgutil.iter_modules(core.operations.__path__, "core.operations."):
        module = importlib.import_module(module_info.name)
        for name, found in inspect.getmembers(module, inspect.isfunction):
            is_own = found.__module__ == module.__name__ and not name.startswith("_")
            if is_own and any(kind is Engine for kind in kinds(found).values()):
                yield f"{module_info.name.removeprefix('core.operations.')}.{name}", found


def kinds(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: p.annotation for name, p in inspect.signature(function).parameters.items()}


def test_every_operation_is_told_who_acts() -> None:
    found = dict(operations())
    assert {"campaigns.ask", "site.apply", "list_csv.import_csv", "reports.run_report"} <= set(
        found
    )
    silent = {name for name, one in found.items() if kinds(one).get("actor") is not Actor}
    assert silent == set(WITHOUT_ACTOR)


def test_the_actor_comes_right_behind_the_database() -> None:
    for name, one in operations():
        if name not in WITHOUT_ACTOR:
            assert list(kinds(one))[1] == "actor", name


def test_every_kind_of_entry_needs_a_key() -> None:
    assert set(site.KEYS) == set(Kind)
