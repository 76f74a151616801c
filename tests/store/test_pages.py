"""Pages of what is configured, and what may be deleted of it, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.errors import NotPossible
from core.model import CallList, Pace
from core.rules.caps import Cap
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours
from core.rules.stamps import made
from core.store import pages, removal
from core.store.campaigns import save_campaign
from core.store.caps import save_cap
from core.store.database import reading
from core.store.lists import save_list
from core.store.opening_hours import save_opening_hours
from core.store.pages import Wanted, fetch_page
from core.store.runs import answer, ask
from tests.support.store_site import NOW, furnish

LATER = NOW + timedelta(minutes=1)


def test_a_page_holds_what_may_be_seen(database: Engine) -> None:
    with database.begin() as conn:
        for name, key, creator in (
            ("open", "", ""),
            ("ours", "ZURICH", "bea"),
            ("theirs", "BERN", "bea"),
            ("mine", "BERN", "anna"),
        ):
            stamp = made(creator, NOW)
            save_list(conn, CallList(name=name, security_key=key, stamp=stamp))
        save_list(conn, CallList(name="away 100%", is_hidden=True))
    anna = Wanted(keys=frozenset({"ZURICH"}), creator="anna")
    with reading(database) as conn:
        for wanted, names in (
            (anna, ["mine", "ours", "open"]),
            (replace(anna, text="N"), ["mine", "open"]),
            (Wanted(), ["mine", "theirs", "ours", "open"]),
            (Wanted(with_hidden=True, text="0%"), ["away 100%"]),
            (Wanted(text="_"), []),
        ):
            found, total = fetch_page(conn, pages.LISTS, wanted, offset=0, limit=9)
            assert [one.name for one in found] == names
            assert total == len(names)
            assert fetch_page(conn, pages.LISTS, wanted, offset=1, limit=1) == (found[1:2], total)


def test_campaigns_and_hours_of_a_page_are_whole(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        rules = (HourRule(is_open=True), HourRule(name="x", is_open=False))
        hours = save_opening_hours(
            conn, OpeningHours(name="office", default=DefaultMode.OPEN, rules=rules)
        )
        campaign = save_campaign(conn, replace(site.campaign, opening_hours_ids=(hours.id,)))
        hidden = save_campaign(
            conn, replace(site.campaign, id=0, name="hidden", pace=Pace.HIDDEN, list_ids=())
        )
        wanted = Wanted(with_hidden=True)
        found, _ = fetch_page(conn, pages.CAMPAIGNS, wanted, offset=0, limit=9)
        assert found == [hidden, campaign]
        assert fetch_page(conn, pages.OPENING_HOURS, Wanted(), offset=0, limit=9) == ([hours], 1)
        assert fetch_page(conn, pages.CAMPAIGNS, Wanted(), offset=0, limit=9)[1] == 1


def test_a_trunk_may_go_once_no_run_goes_by_it(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        stamp = site.campaign.stamp.touched("anna", LATER)
        bare = replace(site.campaign, trunk_ids=(), endpoint_ids=(), stamp=stamp)
        save_campaign(conn, bare)
        for work, value in (
            (removal.delete_trunk, site.trunk),
            (removal.delete_endpoint, site.endpoint),
        ):
            with pytest.raises(NotPossible, match="may be used by the runs of "):
                work(conn, value)  # type: ignore[operator]
        for outcome, minutes in (("no", 2), ("OK", 3)):
            wish = ask(conn, bare.id, "reload", LATER)
            answer(conn, wish, outcome, NOW + timedelta(minutes=minutes))
            if outcome == "no":
                with pytest.raises(NotPossible):
                    removal.delete_trunk(conn, site.trunk)
        with pytest.raises(NotPossible, match=f'"{site.server.name}" is used by '):
            removal.delete_server(conn, site.server)
        removal.delete_trunk(conn, site.trunk)
        removal.delete_endpoint(conn, site.endpoint)
        removal.delete_server(conn, site.server)
        for shelf in (pages.TRUNKS, pages.END_POINTS, pages.SERVERS):
            assert fetch_page(conn, shelf, Wanted(), offset=0, limit=9) == ([], 0)


def test_hours_and_caps_go_with_what_is_theirs(database: Engine) -> None:
    with database.begin() as conn:
        rules = (HourRule(is_open=True),)
        hours = save_opening_hours(
            conn, OpeningHours(name="office", default=DefaultMode.OPEN, rules=rules)
        )
        cap = save_cap(conn, Cap(name="gentle", attempts=1, days=1))
        removal.delete_opening_hours(conn, hours)
        removal.delete_cap(conn, cap)
        assert fetch_page(conn, pages.OPENING_HOURS, Wanted(), offset=0, limit=9) == ([], 0)
        assert fetch_page(conn, pages.CAPS, Wanted(), offset=0, limit=9) == ([], 0)
