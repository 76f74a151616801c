"""Recipients' hours in a whole campaign, with the real store: across a crash, and over zones."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.model import Record, Simulation
from core.rules.active_period import ActivePeriod
from core.rules.recipient_hours import RecipientHours
from core.rules.states import RunState
from core.store.lists import save_record
from core.store.runs import fetch_run
from core.store.schema import call_log, retry
from tests.support.rig import MORNING, Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
HOURS = RecipientHours(
    period=ActivePeriod(start=time(9), end=time(19, 59, 59)), attribute="TZ", country="US"
)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def ats(rig: Rig) -> dict[str, datetime]:
    with rig.database.connect() as conn:
        return {row.number: row.requested_at for row in conn.execute(select(call_log))}


def test_each_is_called_in_the_morning_of_the_place(rig: Rig) -> None:
    numbers = ["2125550100", "3125550100", "+13105550100", "+41915550100", "*100"]
    campaign = rig.configure(
        numbers, simulation=ANSWERED, recipient_hours=HOURS, time_zone="Asia/Tokyo", batch_size=2
    )
    with rig.database.begin() as conn:
        inputs = {"TZ": "Pacific/Honolulu", "MULTINUM1": "2125550101"}
        record = Record(list_id=campaign.list_ids[0], number="+41915550102", inputs=inputs)
        save_record(conn, record)
    rig.start(beat_s=600)
    rig.ask(campaign)
    rig.turn(24 * 3600)
    assert {number: (at - MORNING) // timedelta(hours=1) for number, at in ats(rig).items()} == {
        "*100": 0,
        "+41915550100": 0,
        "2125550100": 5,
        "3125550100": 6,
        "+13105550100": 8,
        "+41915550102": 10,
    }
    with rig.database.connect() as conn:
        assert fetch_run(conn, 1).state is RunState.COMPLETED
        assert fetch_run(conn, 1).attempted == 6


def test_a_crash_forgets_nobody_who_sleeps_and_wakes_nobody_twice(rig: Rig) -> None:
    numbers = [f"+1310555{n:04}" for n in range(60)]
    campaign = rig.configure(
        [*numbers, "+41915550100"], simulation=ANSWERED, recipient_hours=HOURS, batch_size=10
    )
    rig.start(beat_s=60)
    rig.ask(campaign)
    rig.turn(120)
    with rig.database.connect() as conn:
        assert conn.execute(select(func.count()).select_from(retry)).scalar_one() == 60
    rig.kill()
    rig.start(beat_s=60)
    rig.turn(9 * 3600)
    assert rig.outcomes() == {"TERMINATED": 61}
    assert len(ats(rig)) == 61
    wakes_at = MORNING + timedelta(hours=8)
    assert all(ats(rig)[number] >= wakes_at for number in numbers)
