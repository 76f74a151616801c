"""Of those who change what is configured at once each finds it as the one before left it.

SQLite has one writer at a time; here two connections to MariaDB get into each other's way, the
second wherever the first asks the database something.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from core.errors import InvalidValue, NotPossible
from core.model import CallList
from core.operations.campaign_parts import Link, link
from core.operations.campaigns import clone
from core.operations.elements import create, delete, fetch_named, update
from core.operations.lists import open_list, set_hidden, stow_away
from core.operations.site import apply, plan_text
from core.operations.site_file import Kind
from core.people import SYSTEM
from core.store.database import open_database
from tests.support.store_site import NOW

pytestmark = pytest.mark.mariadb

SITE = """
[lists.spring]
[lists.autumn]

[campaigns.ABC]
lists = ["spring"]
"""
Work = Callable[[Engine], object]


@dataclass
class Rival:
    """Tries to do its work whenever another asks the database something, until it is done; a
    database that has it wait is no success."""

    engine: Engine
    work: Work
    tries: int = 0
    is_done: bool = False
    _is_trying: bool = False

    def interrupt(self, *_asked: object) -> None:
        if self.is_done or self._is_trying:
            return
        self._is_trying, self.tries = True, self.tries + 1
        try:
            self.work(self.engine)
            self.is_done = True
        except OperationalError as error:
            if "Lock wait timeout" not in str(error):
                raise
        finally:
            self._is_trying = False


@pytest.fixture
def impatient(mariadb: Engine) -> Iterator[Engine]:
    """Further connections to the same database, which wait for nobody."""
    engine = open_database(mariadb.url.render_as_string(hide_password=False))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.cursor().execute("SET innodb_lock_wait_timeout = 0")

    yield engine
    engine.dispose()


@pytest.fixture
def site(mariadb: Engine) -> Engine:
    apply(mariadb, SYSTEM, plan_text(mariadb, SYSTEM, SITE, None), NOW)
    return mariadb


def overtaken(site: Engine, impatient: Engine, first: Work, second: Work) -> Rival:
    """What became of the second, who came while the first was at work."""
    rival = Rival(impatient, second)
    event.listen(site, "after_cursor_execute", rival.interrupt)
    try:
        first(site)
    finally:
        event.remove(site, "after_cursor_execute", rival.interrupt)
    return rival


def add_x(engine: Engine) -> None:
    create(engine, SYSTEM, Kind.LIST, "x", {}, NOW)


def key_of(engine: Engine, kind: Kind, name: str) -> int:
    return fetch_named(engine, SYSTEM, kind, name).id


def find(engine: Engine, name: str) -> CallList:
    found = fetch_named(engine, SYSTEM, Kind.LIST, name).value
    assert isinstance(found, CallList)
    return found


def test_of_two_who_take_a_name_the_later_is_told_and_changes_nothing(
    site: Engine, impatient: Engine
) -> None:
    def add_hidden(engine: Engine) -> None:
        create(engine, SYSTEM, Kind.LIST, "x", {"hidden": True}, NOW)

    rival = overtaken(site, impatient, add_hidden, add_x)
    assert (rival.is_done, rival.tries > 5) == (False, True)
    with pytest.raises(InvalidValue, match=r'^name "x": there is one of this name already'):
        add_x(impatient)
    assert find(site, "x").is_hidden


def rename(engine: Engine) -> None:
    update(engine, SYSTEM, Kind.LIST, key_of(engine, Kind.LIST, "spring"), {}, NOW, name="x")


def apply_x(engine: Engine) -> None:
    apply(engine, SYSTEM, plan_text(engine, SYSTEM, "[lists.x]", None), NOW)


def link_black_list(engine: Engine) -> None:
    campaign, key = key_of(engine, Kind.CAMPAIGN, "ABC"), key_of(engine, Kind.LIST, "autumn")
    link(engine, SYSTEM, campaign, Link.BLACK_LIST, key, NOW)


DOORS: dict[str, Work] = {
    "rename": rename,
    "stow away": lambda engine: stow_away(engine, SYSTEM, "spring", "x", NOW),
    "hide": lambda engine: set_hidden(engine, SYSTEM, "spring", NOW, is_hidden=True),
    "clone": lambda engine: clone(engine, SYSTEM, "ABC", "x", NOW),
    "site file": apply_x,
    "part": link_black_list,
}


@pytest.mark.parametrize("door", DOORS)
def test_whatever_changes_what_is_configured_does_so_alone(
    site: Engine, impatient: Engine, door: str
) -> None:
    rivals: list[Rival] = []

    def watch(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        """From the moment on at which the first has the word."""
        if "FOR UPDATE" in statement and not rivals:
            rivals.append(Rival(impatient, add_x))
        for rival in rivals:
            rival.interrupt()

    event.listen(site, "after_cursor_execute", watch)
    try:
        DOORS[door](site)
    finally:
        event.remove(site, "after_cursor_execute", watch)
    assert [(rival.is_done, rival.tries > 1) for rival in rivals] == [(False, True)]


def test_who_finds_no_list_and_is_overtaken_gets_that_of_the_other(
    site: Engine, impatient: Engine
) -> None:
    opened: list[tuple[int, bool]] = []
    rival = overtaken(
        site, impatient, lambda engine: opened.append(open_list(engine, SYSTEM, "x", NOW)), add_x
    )
    assert (rival.is_done, rival.tries) == (True, 1)
    assert opened == [(find(site, "x").id, False)]


def test_a_plan_that_was_overtaken_is_not_carried_out(site: Engine) -> None:
    plans = [plan_text(site, SYSTEM, f"[lists.x]\nhidden = {word}", None) for word in ("true",) * 2]
    plans.append(plan_text(site, SYSTEM, "[lists.autumn]\nhidden = true", None))
    apply(site, SYSTEM, plans[0], NOW)
    delete(site, SYSTEM, Kind.LIST, key_of(site, Kind.LIST, "autumn"), NOW)
    for plan in plans[1:]:
        with pytest.raises(NotPossible, match="changed meanwhile: look at the plan again"):
            apply(site, SYSTEM, plan, NOW)
