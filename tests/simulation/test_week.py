"""A working week in seconds; `make bench` does the same with a million records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.store.schema import call_log
from tests.support.rig import MORNING
from tests.support.week import DAY_S, Week

RECORDS = 1500


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    week = Week(tmp_path, RECORDS, lines=20)
    yield week
    week.rig.close()


def test_a_week_with_retries_and_nights_accounts_for_every_record(week: Week) -> None:
    week.run()
    ends = week.count_ends()
    assert ends.total() == RECORDS
    assert ends["TERMINATED"] > ends["RS_BUSY"] > 0
    with week.rig.database.connect() as conn:
        asked = conn.execute(select(call_log.c.requested_at, call_log.c.attempt_no)).all()
        most = conn.execute(select(func.max(call_log.c.attempt_no))).scalar_one()
    hours = {at.hour for at, _ in asked}
    assert hours <= set(range(9, 17))
    assert most == 2
    first_day = [no for at, no in asked if (at - MORNING).total_seconds() < DAY_S / 2]
    assert len(first_day) < len(asked)
