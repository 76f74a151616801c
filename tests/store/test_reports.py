"""The figures of a run's report."""

from dataclasses import replace

from sqlalchemy import Engine

from core.rules.states import CallState
from core.store.attempts import fetch_open_attempts
from core.store.database import reading
from core.store.journal import write_entries
from core.store.reports import (
    OutcomeCount,
    RecallCount,
    TrunkCount,
    fetch_logs,
    fetch_outcomes,
    fetch_recall_counts,
    fetch_trunk_counts,
)
from tests.support.store_site import Site, closed, furnish, placed

SALE = (CallState.TERMINATED, "SALE", 4000)
CALLS = [SALE, (CallState.TERMINATED, "sale", 1000), (CallState.TERMINATED, "SALE", 1001)]


def dialled(database: Engine) -> Site:
    """Three answered calls, the record of the first busy before."""
    site = furnish(database)
    with database.begin() as conn:
        busy = site.attempt(1)
        write_entries(conn, [placed(busy), closed(busy, retry=site.retry())])
        for i, (state, status, talk_ms) in enumerate(CALLS):
            one = site.attempt(i + 2, record=i, attempt_no=1 if i == 0 else 0)
            end = closed(one, state=state, ext_status=status, talk_ms=talk_ms)
            write_entries(conn, [placed(one), end])
    return site


def test_outcomes_are_counted_with_averages_the_most_frequent_first(database: Engine) -> None:
    site = dialled(database)
    with reading(database) as conn:
        found = fetch_outcomes(conn, site.run.id)
    waits = {"wait_pre_ms": 10.0, "wait_after_ms": 200.0}
    assert found == [
        OutcomeCount(
            state=CallState.TERMINATED, ext_status="SALE", count=2, talk_ms=2500.5, **waits
        ),
        OutcomeCount(state=CallState.RS_BUSY, ext_status="", count=1, talk_ms=0.0, **waits),
        OutcomeCount(
            state=CallState.TERMINATED, ext_status="sale", count=1, talk_ms=1000.0, **waits
        ),
    ]


def test_calls_are_counted_by_trunk(database: Engine) -> None:
    site = dialled(database)
    with reading(database) as conn:
        assert fetch_trunk_counts(conn, site.run.id) == [
            TrunkCount(trunk_id=site.trunk.id, count=4)
        ]


def test_calls_are_counted_by_recall_level(database: Engine) -> None:
    site = dialled(database)
    with reading(database) as conn:
        found = fetch_recall_counts(conn, site.run.id)
    assert found == [
        RecallCount(state=CallState.RS_BUSY, retry_no=0, count=1),
        RecallCount(state=CallState.TERMINATED, retry_no=0, count=2),
        RecallCount(state=CallState.TERMINATED, retry_no=1, count=1),
    ]


def test_logs_come_page_by_page(database: Engine) -> None:
    site = dialled(database)
    with reading(database) as conn:
        first = fetch_logs(conn, site.run.id, after_id=0, limit=3)
        rest = fetch_logs(conn, site.run.id, after_id=first[-1].attempt.id, limit=3)
    assert [log.attempt.id for log in first] == [1, 2, 3]
    assert [log.attempt.id for log in rest] == [4]
    assert (
        first[1]
        == closed(site.attempt(2, attempt_no=1), state=SALE[0], ext_status="SALE", talk_ms=4000).log
    )


def test_a_call_that_was_refused_a_line_is_logged_and_of_no_trunk(database: Engine) -> None:
    site = dialled(database)
    refused = replace(site.attempt(9, record=4), server_id=None, trunk_id=None, endpoint_id=None)
    end = closed(refused, state=CallState.RS_BLACKLIST)
    with database.begin() as conn:
        write_entries(conn, [placed(refused)])
        assert fetch_open_attempts(conn, site.run.id) == [refused]
        write_entries(conn, [end])
    with reading(database) as conn:
        assert fetch_logs(conn, site.run.id, after_id=4, limit=9) == [end.log]
        [trunk] = fetch_trunk_counts(conn, site.run.id)
        assert (trunk.trunk_id, trunk.count) == (site.trunk.id, 4)
        assert sum(outcome.count for outcome in fetch_outcomes(conn, site.run.id)) == 5


def test_another_run_has_no_calls_of_this_one(database: Engine) -> None:
    other = dialled(database).run.id + 1
    with reading(database) as conn:
        assert fetch_outcomes(conn, other) == []
        assert fetch_trunk_counts(conn, other) == []
        assert fetch_recall_counts(conn, other) == []
        assert fetch_logs(conn, other, after_id=0, limit=9) == []
