"""The second check of numbers, just before they are dialled."""

from dataclasses import replace

from sqlalchemy import Engine

from core.engine.screening import Screening, count_attempts, screen_attempts
from core.model import CallList, Screen
from core.ports.commands import AttemptPlaced
from core.rules.caps import Cap
from core.store.database import reading
from core.store.lists import insert_records, save_list
from tests.support.store_site import Site, furnish, placed

ONCE = Screen(caps=(Cap(name="once", attempts=1, days=1),), time_zone="UTC")


def attempt(site: Site, id: int, number: str, screen: Screen | None) -> AttemptPlaced:
    made = replace(site.attempt(id, record=id), number=number)
    return replace(placed(made), numbers=(number,), screen=screen)


def test_a_cap_counts_the_calls_of_campaigns_that_have_none(database: Engine) -> None:
    site = furnish(database)
    entries = [
        attempt(site, 1, "+41916309765", None),
        attempt(site, 2, "0041916309765", ONCE),
        attempt(site, 3, "41916309765", Screen(time_zone="UTC")),
        attempt(site, 4, "5551", ONCE),
    ]
    with reading(database) as conn:
        screening = screen_attempts(conn, entries)
    assert (set(screening.refusals), screening.forbidden) == ({2}, {2})


def test_of_attempts_that_are_written_together_the_first_uses_the_cap_up(database: Engine) -> None:
    site = furnish(database)
    entries = [attempt(site, id, "5551", ONCE) for id in (3, 1, 2)]
    with reading(database) as conn:
        assert set(screen_attempts(conn, entries).refusals) == {2, 3}


def test_a_number_on_a_black_list_uses_up_no_cap(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        black = save_list(conn, CallList(name="black"))
        insert_records(conn, [(black.id, "5551", None)])
    entries = [
        attempt(site, 1, "5551", replace(ONCE, black_list_ids=(black.id,))),
        attempt(site, 2, "5551", ONCE),
        attempt(site, 3, "5552", replace(ONCE, black_list_ids=(black.id,))),
    ]
    with reading(database) as conn:
        screening = screen_attempts(conn, entries)
    assert (screening.blacklisted, dict(screening.refusals)) == ({1}, {})


def test_what_was_counted_already_does_not_refuse_itself_or_what_came_before(
    database: Engine,
) -> None:
    """As when the answer of the database to a commit was lost."""
    site = furnish(database)
    entries = [attempt(site, id, "5551", ONCE) for id in (1, 2)]
    with database.begin() as conn:
        count_attempts(conn, entries, Screening())
        assert set(screen_attempts(conn, entries).refusals) == {2}
