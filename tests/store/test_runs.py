"""Runs: how they are made, found and asked of."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.errors import NotPossible
from core.model import CallList, ListPosition, Pace, Run
from core.ports.commands import RunProgressed
from core.ports.events import RunPlan
from core.rules.states import RunState
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.lists import save_list
from core.store.runs import (
    answer,
    ask,
    create_run,
    fetch_asked,
    fetch_open_run,
    fetch_open_runs,
    fetch_outcome,
    fetch_plan,
    fetch_recent_runs,
    fetch_run,
    fetch_unfinished_runs,
)
from tests.support.store_site import NOW, Site, closed, furnish, placed


def over(run: Run) -> RunProgressed:
    return RunProgressed(
        run_id=run.id,
        state=RunState.COMPLETED,
        attempted=5,
        completed=4,
        ended_at=NOW + timedelta(hours=1),
        error="",
        positions=(),
    )


def end(database: Engine, run: Run) -> None:
    with database.begin() as conn:
        write_entries(conn, [over(run)])


def test_a_new_run_stands_at_the_beginning_of_its_lists(database: Engine) -> None:
    site = furnish(database)
    position = ListPosition(list_id=site.call_list.id, list_name="people")
    expected = Run(
        id=site.run.id,
        campaign_id=site.campaign.id,
        state=RunState.RUNNABLE,
        started_at=NOW,
        lists=(position,),
    )
    assert site.run == expected
    with reading(database) as conn:
        assert fetch_run(conn, site.run.id) == expected


def test_a_run_keeps_the_order_of_its_lists(database: Engine) -> None:
    site = furnish(database)
    end(database, site.run)
    with database.begin() as conn:
        second = save_list(conn, CallList(name="a second"))
        changed = replace(site.campaign, list_ids=(second.id, site.call_list.id))
        run = create_run(conn, save_campaign(conn, changed), NOW)
    assert [p.list_name for p in run.lists] == ["a second", "people"]


def test_a_campaign_runs_once_at_a_time(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn, pytest.raises(NotPossible, match="is running already"):
        create_run(conn, site.campaign, NOW)
    end(database, site.run)
    with database.begin() as conn:
        assert create_run(conn, site.campaign, NOW).id > site.run.id


@pytest.mark.parametrize("pace", [Pace.CLOSED, Pace.HIDDEN, Pace.ERROR])
def test_only_a_runnable_campaign_is_run(database: Engine, pace: Pace) -> None:
    site = furnish(database)
    end(database, site.run)
    with database.begin() as conn, pytest.raises(NotPossible, match=f"is {pace}: make it RUNN"):
        create_run(conn, replace(site.campaign, pace=pace), NOW)


def test_an_ended_run_is_recent_but_not_open(database: Engine) -> None:
    site = furnish(database)
    end(database, site.run)
    with database.begin() as conn:
        newer = create_run(conn, site.campaign, NOW)
    with reading(database) as conn:
        assert fetch_open_runs(conn) == fetch_open_runs(conn, site.campaign.id) == [newer]
        assert fetch_open_run(conn, site.campaign.id) == newer
        assert [r.id for r in fetch_recent_runs(conn, 2)] == [newer.id, site.run.id]
        assert [r.id for r in fetch_recent_runs(conn, 1)] == [newer.id]
        found = fetch_run(conn, site.run.id)
    assert (found.state, found.attempted, found.completed) == (RunState.COMPLETED, 5, 4)
    assert found.ended_at == NOW + timedelta(hours=1)


def test_a_campaign_without_a_run_says_so(database: Engine) -> None:
    site = furnish(database)
    end(database, site.run)
    with reading(database) as conn, pytest.raises(NotPossible, match='"calls" has no run'):
        fetch_open_run(conn, site.campaign.id)


def test_an_ended_run_is_unfinished_while_an_attempt_is_open(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt()), over(site.run)])
        assert [r.id for r in fetch_unfinished_runs(conn)] == [site.run.id]
        write_entries(conn, [closed(site.attempt())])
        assert fetch_unfinished_runs(conn) == []


def test_a_plan_holds_all_that_a_run_needs(database: Engine) -> None:
    site = furnish(database, records=7)
    with database.begin() as conn:
        first = site.attempt()
        write_entries(conn, [placed(first), closed(first, retry=site.retry())])
    position = replace(site.run.lists[0], highwater=first.record_id)
    with reading(database) as conn:
        assert fetch_plan(conn, site.run.id) == RunPlan(
            run=replace(site.run, lists=(position,)),
            campaign=site.campaign,
            servers=(site.server,),
            trunks=(site.trunk,),
            endpoints=(site.endpoint,),
            record_count=7,
            retry_count=1,
        )


def test_wishes_are_answered_in_the_order_they_were_made(database: Engine) -> None:
    site = furnish(database)
    later = NOW + timedelta(seconds=1)
    with database.begin() as conn:
        ids = [ask(conn, site.campaign.id, verb, NOW) for verb in ("start", "pause", "remove")]
        assert [(w.id, w.verb) for w in fetch_asked(conn, 2)] == [
            (ids[0], "start"),
            (ids[1], "pause"),
        ]
        assert fetch_outcome(conn, ids[0]) is None
        answer(conn, ids[0], "it runs already", later)
        assert fetch_outcome(conn, ids[0]) == "it runs already"
        left = fetch_asked(conn, 9)
    assert [(w.campaign_id, w.verb) for w in left] == [
        (site.campaign.id, "pause"),
        (site.campaign.id, "remove"),
    ]


def test_each_run_is_of_its_own_site(database: Engine) -> None:
    site: Site = furnish(database)
    with reading(database) as conn:
        assert fetch_open_runs(conn, site.campaign.id + 1) == []
