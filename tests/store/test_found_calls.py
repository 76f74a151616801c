"""Calls are looked for among so many at most, and found by asking on."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from core.errors import Forbidden, InvalidValue, NotFound
from core.operations.found_calls import CallFilter, find_calls
from core.people import SYSTEM
from core.rules.keys import Key
from core.rules.states import CallState
from core.store.campaigns import save_campaign
from core.store.journal import write_entries
from tests.support.people import actor_of
from tests.support.store_site import Site, closed, furnish, placed

NOBODY_ELSE = actor_of("ben", Key.REPORT)


@pytest.fixture
def site(database: Engine) -> Site:
    """Nine calls that are over; the first was answered, the others were busy."""
    site = furnish(database, records=9)
    with database.begin() as conn:
        attempts = [site.attempt(n + 1, record=n) for n in range(9)]
        write_entries(conn, [placed(one) for one in attempts])
        ends = [closed(one) for one in attempts]
        busy = [replace(end, log=replace(end.log, state=CallState.RS_BUSY)) for end in ends]
        answered = replace(ends[0], log=replace(ends[0].log, state=CallState.TERMINATED))
        write_entries(conn, [answered, *busy[1:]])
    return site


def test_a_rare_call_is_found_by_asking_on(database: Engine, site: Site) -> None:
    wanted, before, pages = CallFilter(state=CallState.TERMINATED), None, []
    while True:
        found = find_calls(database, SYSTEM, wanted, before, limit=5, depth=3)
        pages.append([one.log.attempt.id for one in found.calls])
        before = found.next_before
        if before is None:
            break
    assert pages[:3] == [[], [], [1]]
    assert sum(map(len, pages)) == 1


def test_a_full_page_goes_on_behind_its_last_call(database: Engine, site: Site) -> None:
    found = find_calls(database, SYSTEM, CallFilter(), None, limit=4)
    assert [one.log.attempt.id for one in found.calls] == [9, 8, 7, 6]
    rest = find_calls(database, SYSTEM, CallFilter(), found.next_before, limit=5)
    assert [one.log.attempt.id for one in rest.calls] == [5, 4, 3, 2, 1]
    assert rest.next_before is None


def test_calls_of_a_hidden_campaign_are_not_found(database: Engine, site: Site) -> None:
    assert len(find_calls(database, NOBODY_ELSE, CallFilter(), None, limit=99).calls) == 9
    with database.begin() as conn:
        save_campaign(conn, replace(site.campaign, security_key="BOSS"))
    assert find_calls(database, NOBODY_ELSE, CallFilter(), None, limit=99).calls == ()


def test_what_cannot_be_looked_for_is_refused(database: Engine, site: Site) -> None:
    with pytest.raises(InvalidValue, match="number"):
        find_calls(database, SYSTEM, CallFilter(number="x"), None, limit=1)
    with pytest.raises(NotFound, match="nope"):
        find_calls(database, SYSTEM, CallFilter(list_name="nope"), None, limit=1)
    with pytest.raises(Forbidden, match="REPORT"):
        find_calls(database, actor_of("ben"), CallFilter(), None, limit=1)
