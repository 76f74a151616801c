"""The parts of a campaign that have an order keep their ids."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine

from core.errors import NotFound
from core.model import CallList, Campaign, Part
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState
from core.store.campaigns import fetch_campaign, fetch_parts, save_campaign
from core.store.database import reading
from core.store.lists import save_list
from core.store.opening_hours import save_opening_hours

BUSY, LOST, ERROR = (
    RescheduleRule(state=state, max_attempts=2, retry_after_s=60)
    for state in (CallState.RS_BUSY, CallState.RS_LOST, CallState.RS_ERROR)
)


def save(conn: Connection, campaign: Campaign, *rules: RescheduleRule) -> tuple[int, ...]:
    """The ids of the campaign's rules once it has these."""
    save_campaign(conn, replace(campaign, reschedule_rules=rules))
    assert fetch_campaign(conn, campaign.id).reschedule_rules == rules
    return fetch_parts(conn, Part.RESCHEDULE, campaign.id)


@pytest.fixture
def campaign(database: Engine) -> Campaign:
    with database.begin() as conn:
        return save_campaign(conn, Campaign(name="calls"))


def test_rules_keep_their_ids_wherever_they_stand(database: Engine, campaign: Campaign) -> None:
    with database.begin() as conn:
        busy, lost, error = save(conn, campaign, BUSY, LOST, ERROR)
        assert len({busy, lost, error}) == 3
        assert save(conn, campaign, BUSY, LOST, ERROR) == (busy, lost, error)
        assert save(conn, campaign, ERROR, BUSY, LOST) == (error, busy, lost)
        assert save(conn, campaign, ERROR, LOST) == (error, lost)
        again = save(conn, campaign, BUSY, ERROR, LOST)
        assert again[1:] == (error, lost)
        assert again[0] not in (busy, lost, error), "an id never comes back"


def test_a_rule_that_is_changed_at_its_place_keeps_its_id(
    database: Engine, campaign: Campaign
) -> None:
    with database.begin() as conn:
        ids = save(conn, campaign, BUSY, LOST, ERROR)
        assert save(conn, campaign, BUSY, replace(LOST, retry_after_s=7), ERROR) == ids


def test_rules_that_are_alike_have_an_id_each(database: Engine, campaign: Campaign) -> None:
    with database.begin() as conn:
        first, second = save(conn, campaign, BUSY, BUSY)
        assert first != second
        swapped = replace(campaign, reschedule_rules=(BUSY, BUSY))
        save_campaign(conn, swapped, {Part.RESCHEDULE: (second, first)})
        assert fetch_parts(conn, Part.RESCHEDULE, campaign.id) == (second, first)


def test_ids_that_the_campaign_does_not_have_are_refused(
    database: Engine, campaign: Campaign
) -> None:
    with database.begin() as conn:
        other = save_campaign(conn, Campaign(name="other"))
        [foreign] = save(conn, other, BUSY)
        with pytest.raises(NotFound, match=f'there is no reschedule-rule "{foreign}"'):
            save_campaign(
                conn, replace(campaign, reschedule_rules=(LOST,)), {Part.RESCHEDULE: (foreign,)}
            )


def test_lists_and_opening_hours_keep_theirs_too(database: Engine, campaign: Campaign) -> None:
    with database.begin() as conn:
        lists = tuple(save_list(conn, CallList(name=name)).id for name in ("b", "a", "c"))
        hours = tuple(
            save_opening_hours(conn, OpeningHours(name=name, default=DefaultMode.OPEN)).id
            for name in ("office", "holidays")
        )
        save_campaign(conn, replace(campaign, list_ids=lists, opening_hours_ids=hours))
        of_lists, of_hours = (
            fetch_parts(conn, part, campaign.id) for part in (Part.LIST, Part.OPENING_HOURS)
        )
        turned = replace(campaign, list_ids=lists[::-1], opening_hours_ids=hours[::-1])
        save_campaign(conn, turned)
    with reading(database) as conn:
        assert fetch_campaign(conn, campaign.id) == turned
        assert fetch_parts(conn, Part.LIST, campaign.id) == of_lists[::-1]
        assert fetch_parts(conn, Part.OPENING_HOURS, campaign.id) == of_hours[::-1]
