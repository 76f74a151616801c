"""The calls of a trunk's last period in the database."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from core.model import Trunk
from core.store import recent_calls
from core.store.database import reading
from core.store.journal import write_entries
from core.store.recent_calls import fetch_recent_calls
from core.store.trunks import save_trunk
from tests.support.store_site import NOW, Site, closed, furnish, placed


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def place(database: Engine, site: Site, *moments: datetime, open_from: int) -> None:
    """Calls in this order; those from the index `open_from` on are under way."""
    attempts = [
        replace(site.attempt(number, record=number), requested_at=moment)
        for number, moment in enumerate(moments)
    ]
    with database.begin() as conn:
        write_entries(conn, [placed(one) for one in attempts])
        write_entries(conn, [closed(one) for one in attempts[:open_from]])


def recent(database: Engine, *trunks: Trunk) -> Mapping[int, tuple[datetime, ...]]:
    with reading(database) as conn:
        return fetch_recent_calls(conn, trunks, NOW)


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_calls_of_the_last_period_are_found_over_and_under_way(
    database: Engine, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(recent_calls, "PAGE", page)
    site = furnish(database)
    place(database, site, ago(70), ago(60), ago(59), ago(2), ago(1), open_from=4)
    minute = replace(site.trunk, period_ms=60_000)
    assert recent(database, minute) == {minute.id: (ago(59), ago(2), ago(1))}


def test_each_trunk_has_its_own_period_and_its_own_calls(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        other = save_trunk(conn, replace(site.trunk, id=0, name="other"))
    place(database, site, ago(5), ago(3), open_from=1)
    short, long = replace(site.trunk, period_ms=4000), replace(other, period_ms=60_000)
    assert recent(database, short, long) == {short.id: (ago(3),)}


def test_without_trunks_and_without_calls_there_are_none(database: Engine) -> None:
    site = furnish(database)
    assert recent(database) == {}
    assert recent(database, site.trunk) == {}
