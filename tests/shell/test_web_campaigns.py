"""What may be asked of campaigns, against a real database."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, update

from core.errors import InvalidValue, NotFound, NotPossible
from core.model import Campaign, Pace
from core.operations.campaigns import CampaignView, ask, campaigns
from core.people import SYSTEM
from core.rules.states import RunState
from core.store.campaigns import save_campaign
from core.store.runs import fetch_asked
from core.store.schema import run as run_table
from tests.support.fixtures_web import NOW, store_run, store_site


def with_run(engine: Engine, campaign: Campaign, state: RunState) -> None:
    run = store_run(engine, campaign)
    with engine.begin() as conn:
        conn.execute(update(run_table).where(run_table.c.id == run.id).values(state=state))


def save(engine: Engine, campaign: Campaign) -> None:
    with engine.begin() as conn:
        save_campaign(conn, campaign)


def test_campaigns_are_listed_by_name_with_their_open_run(web_engine: Engine) -> None:
    spring = store_site(web_engine, name="spring")
    save(web_engine, Campaign(name="Autumn", pace=Pace.CLOSED))
    save(web_engine, Campaign(name="Secret", pace=Pace.HIDDEN))
    with_run(web_engine, spring, RunState.IDLE)
    autumn, second = campaigns(web_engine, SYSTEM)
    assert (autumn.name, autumn.pace, autumn.run_id, autumn.can_start) == (
        "Autumn",
        Pace.CLOSED,
        None,
        False,
    )
    assert second == CampaignView(
        id=spring.id, name="spring", pace=Pace.RUNNABLE, run_id=1, run_state=RunState.IDLE
    )
    assert not second.can_start


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (None, "start"),
        (RunState.RUNNING, "pause"),
        (RunState.IDLE, "pause"),
        (RunState.PAUSED, "unpause"),
        (RunState.PAUSED, "remove"),
        (RunState.RUNNABLE, "remove"),
    ],
)
def test_what_may_be_asked_becomes_a_wish(
    web_engine: Engine, state: RunState | None, verb: str
) -> None:
    campaign = store_site(web_engine)
    if state is not None:
        with_run(web_engine, campaign, state)
    command_id = ask(web_engine, SYSTEM, campaign.name, verb, NOW)
    with web_engine.begin() as conn:
        (wish,) = fetch_asked(conn, 10)
    assert (wish.id, wish.campaign_id, wish.verb) == (command_id, campaign.id, verb)


@pytest.mark.parametrize(
    ("state", "verb", "words"),
    [
        (RunState.RUNNING, "start", "is running already: run 1 is RUNNING"),
        (None, "pause", "is not running; start it first"),
        (None, "remove", "is not running; start it first"),
        (RunState.PAUSED, "pause", "is paused already"),
        (RunState.RUNNING, "unpause", "is RUNNING, not paused"),
    ],
)
def test_what_the_run_does_not_allow_is_refused_in_words(
    web_engine: Engine, state: RunState | None, verb: str, words: str
) -> None:
    campaign = store_site(web_engine)
    if state is not None:
        with_run(web_engine, campaign, state)
    with pytest.raises(NotPossible, match=words):
        ask(web_engine, SYSTEM, campaign.name, verb, NOW)
    with web_engine.begin() as conn:
        assert fetch_asked(conn, 10) == []


@pytest.mark.parametrize("pace", [Pace.CLOSED, Pace.HIDDEN, Pace.ERROR])
def test_only_runnable_campaigns_start(web_engine: Engine, pace: Pace) -> None:
    save(web_engine, replace(store_site(web_engine), pace=pace))
    with pytest.raises(NotPossible, match=f"is {pace.value}; only RUNNABLE ones"):
        ask(web_engine, SYSTEM, "Spring call-back", "start", NOW)


def test_unknown_campaigns_and_verbs_are_named(web_engine: Engine) -> None:
    store_site(web_engine)
    with pytest.raises(NotFound, match='no campaign "spring call-back"'):
        ask(web_engine, SYSTEM, "spring call-back", "start", NOW)
    with pytest.raises(InvalidValue, match='verb "START": one of start, pause'):
        ask(web_engine, SYSTEM, "Spring call-back", "START", NOW)
