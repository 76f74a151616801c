"""The names of elements: what one may be called, and how one gets another.

Source: manual 25.02, "The JSON configuration API".
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.errors import InvalidValue, NotFound, NotPossible
from core.model import CallList, Campaign
from core.operations import site_values
from core.operations.element_references import SHELVES
from core.operations.permission import Protected, log_entry
from core.operations.site_file import Kind
from core.operations.site_saving import save_element
from core.people import Actor
from core.store import pages
from core.store.audit import write_log
from core.store.automatic import automatic_name
from core.store.bins import find_bin
from core.store.lists import fetch_list_by_name, save_list


def check_name(conn: Connection, kind: Kind, name: str) -> None:
    """InvalidValue of a name that is none, or that an element of the kind has."""
    try:
        site_values.name(name)
    except InvalidValue as error:
        raise InvalidValue("name", name, error.expected) from None
    if not pages.is_name_free(conn, SHELVES[kind], name):
        raise InvalidValue("name", name, "there is one of this name already: choose another")


def rename(conn: Connection, actor: Actor, kind: Kind, value: Any, name: str, now: datetime) -> Any:
    """The element under its new name. InvalidValue as in `check_name`; NotPossible. A campaign's
    automatic list is renamed with it."""
    check_name(conn, kind, name)
    if kind is Kind.LIST and find_bin(value.name):
        raise NotPossible(f'list "{value.name}" holds what was taken away: leave it alone')
    changes: dict[str, Any] = {"name": name}
    if isinstance(value, Protected):
        changes |= {"stamp": value.stamp.touched(actor.name, now)}
    if isinstance(value, Campaign):
        _rename_automatic(conn, value.name, name)
    write_log(conn, log_entry(actor, now, "config.rename", f"{kind}.{value.name}", f"as {name}"))
    return save_element(conn, kind, replace(value, **changes))


def _rename_automatic(conn: Connection, old: str, new: str) -> None:
    """The numbers that wait for a campaign go with it."""
    try:
        found: CallList = fetch_list_by_name(conn, automatic_name(old))
    except NotFound:
        return
    name = automatic_name(new)
    if not pages.is_name_free(conn, pages.LISTS, name):
        raise InvalidValue("name", new, f'there is a list "{name}" already: choose another')
    save_list(conn, replace(found, name=name))
