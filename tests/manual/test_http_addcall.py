"""Manual 25.02, "Add a call to a campaign", with the addresses of its cookbook."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from twisted.internet.defer import Deferred

from core.model import Campaign
from core.operations.calls import CallWish
from core.people import SYSTEM
from core.store.campaigns import save_campaign
from core.store.lists import fetch_list_by_name, fetch_records
from core.store.schema import call_log
from tests.support.fixtures_dialect import ANSWERED, Dialect
from tests.support.fixtures_web import FakeControl, FixedClock
from tests.support.rig import MORNING
from web import intake
from web.intake import Intake

AT = "http://127.0.0.1:8080/wombat/api/calls/?op=addcall"


def begin(dialect: Dialect, name: str = "campaign") -> Campaign:
    """A run that idles, for its list is empty."""
    campaign = dialect.rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    with dialect.rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, name=name))
    dialect.rig.ask(campaign)
    dialect.rig.turn(2)
    assert dialect.run_state() == "IDLE"
    return campaign


def called(dialect: Dialect) -> list[tuple[str, datetime]]:
    with dialect.rig.database.connect() as conn:
        query = select(call_log.c.number, call_log.c.requested_at).order_by(call_log.c.id)
        return [(row.number, row.requested_at) for row in conn.execute(query)]


def numbers(dialect: Dialect) -> list[str]:
    return [number for number, _at in called(dialect)]


def test_a_number_wakes_an_idle_campaign(dialect: Dialect) -> None:
    begin(dialect, "ABC")
    before = dialect.rig.timer.seconds()
    text = dialect.text(f"{AT}&campaign=ABC&number=45678")
    assert text == "OK: number added to list ABC/AUTO"
    assert dialect.rig.timer.seconds() - before < 0.1, "it does not wait for the beat"
    assert dialect.run_state() == "RUNNING", "the dialer has confirmed it"
    dialect.rig.turn(60)
    assert numbers(dialect) == ["45678"]
    assert dialect.run_state() == "IDLE"


@pytest.mark.parametrize(
    ("schedule", "after"),
    [
        ("15", timedelta(seconds=15)),
        ("2026-03-02.09:00:30", timedelta(seconds=28)),
        ("2012-03-18.00:00:00", timedelta(0)),
    ],
)
def test_a_number_is_scheduled(dialect: Dialect, schedule: str, after: timedelta) -> None:
    begin(dialect)
    asked_at = MORNING + timedelta(seconds=dialect.rig.timer.seconds())
    assert "OK" in dialect.text(f"{AT}&campaign=campaign&number=45678&schedule={schedule}")
    dialect.rig.turn(60)
    [(_number, at)] = called(dialect)
    assert after <= at - asked_at < after + timedelta(seconds=1.5)


def test_attributes_travel_with_the_number(dialect: Dialect) -> None:
    begin(dialect, "QmSample")
    path = "http://10.10.5.18:8080/wombat/api/calls/index.jsp"
    dialect.text(f"{path}?op=addcall&campaign=QmSample&number=2000136&attrs=ID:2301,PERS:John_Doe")
    dialect.text(f"{AT}&campaign=QmSample&number=7654321&attrs=orgQ:400%2Cwhen:260302-090000 ")
    with dialect.rig.database.connect() as conn:
        automatic = fetch_list_by_name(conn, "QmSample/AUTO")
        first, second = fetch_records(conn, automatic.id, after_id=0, limit=3)
    assert dict(first.inputs) == {"ID": "2301", "PERS": "John_Doe"}
    assert dict(second.inputs) == {"orgQ": "400", "when": "260302-090000"}


def test_a_number_added_twice_is_called_twice(dialect: Dialect) -> None:
    begin(dialect)
    for _ in range(2):
        dialect.text(f"{AT}&campaign=campaign&number=45678")
    dialect.rig.turn(60)
    assert numbers(dialect) == ["45678", "45678"]


def test_without_waiting_the_answer_comes_before_the_dialer_knows(dialect: Dialect) -> None:
    begin(dialect)
    before = dialect.rig.timer.seconds()
    assert dialect.text(f"{AT}&campaign=campaign&number=1&fireforget=1") == "OK: number queued"
    assert dialect.rig.timer.seconds() == before
    dialect.rig.turn(60)
    assert numbers(dialect) == ["1"]


def test_what_nobody_waits_for_and_cannot_be_added_is_in_the_log(
    dialect: Dialect, caplog: pytest.LogCaptureFixture
) -> None:
    assert "OK" in dialect.text(f"{AT}&campaign=NONE&number=45678&fireforget=1")
    dialect.rig.turn(1)
    assert "was not added: NotFound" in caplog.text
    assert "45678" not in caplog.text


def test_without_a_run_the_number_waits_for_the_next(dialect: Dialect) -> None:
    campaign = dialect.rig.configure([], simulation=ANSWERED)
    text = dialect.text(f"{AT}&campaign=campaign&number=45678")
    assert text == "OK: number added to list campaign/AUTO; it waits for the campaign's next run"
    dialect.rig.ask(campaign)
    dialect.rig.turn(60)
    assert numbers(dialect) == ["45678"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("campaign=NONE&number=1", 'there is no campaign "NONE"'),
        ("number=1", 'campaign "": the request needs campaign='),
        ("campaign=campaign", 'number "": the request needs number='),
        ("campaign=campaign&number=12a", "a number has digits, * and #"),
        ("campaign=campaign&number=1&attrs=x", 'attribute "x": write NAME:value'),
        ("campaign=campaign&number=1&attrs=a-b:1", "a name has letters, digits, _ and"),
        ("campaign=campaign&number=1&schedule=soon", 'schedule "soon": write seconds from now'),
    ],
)
def test_what_cannot_be_added_is_refused(dialect: Dialect, query: str, why: str) -> None:
    begin(dialect)
    text = dialect.text(f"{AT}&{query}")
    assert text.startswith("ERROR: ")
    assert why in text
    dialect.rig.turn(30)
    assert numbers(dialect) == []


class Held(FakeControl):
    """A control that writes when it is told to, and remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[list[str]] = []
        self.writing: Deferred[list[object]] = Deferred()

    def write(self, work, database, actor, wishes, now):  # type: ignore[no-untyped-def]
        self.given.append([wish.number for wish in wishes])
        self.writing = Deferred()
        return self.writing


def test_numbers_that_come_while_others_are_written_share_a_transaction() -> None:
    control = Held()
    adding = Intake(control, None, FixedClock())  # type: ignore[arg-type]
    done: list[object] = []
    for number in ("1", "2", "3"):
        adding.add(SYSTEM, CallWish(campaign="A", number=number)).addCallback(done.append)
    control.writing.callback(["one"])
    assert control.given == [["1"], ["2", "3"]]
    assert done == ["one"]
    control.writing.callback(["two", "three"])
    assert (done, control.wakes) == (["one", "two", "three"], 2)


def test_a_write_that_fails_fails_its_numbers_only() -> None:
    control = Held()
    adding = Intake(control, None, FixedClock())  # type: ignore[arg-type]
    failures: list[str] = []
    for number in ("1", "2"):
        adding.add(SYSTEM, CallWish(campaign="A", number=number)).addErrback(
            lambda failure: failures.append(str(failure.value))
        )
    control.writing.errback(OSError("disk full"))
    assert failures == ["disk full"]
    control.writing.callback([ValueError("not that kind")])
    assert control.given == [["1"], ["2"]]


def test_too_many_that_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST", 2)
    adding = Intake(Held(), None, FixedClock())  # type: ignore[arg-type]
    for number in ("1", "2", "3"):
        adding.add(SYSTEM, CallWish(campaign="A", number=number))
    with pytest.raises(Exception, match="2 calls wait to be added already"):
        adding.add(SYSTEM, CallWish(campaign="A", number="4"))


def test_each_actors_calls_are_written_in_their_own_name() -> None:
    control = Held()
    adding = Intake(control, None, FixedClock())  # type: ignore[arg-type]
    other = replace(SYSTEM, name="anna")
    for number, actor in (("1", SYSTEM), ("2", SYSTEM), ("3", other), ("4", other)):
        adding.add(actor, CallWish(campaign="A", number=number))
    for _ in range(3):
        control.writing.callback(["done"] * len(control.given[-1]))
    assert control.given == [["1"], ["2"], ["3", "4"]]
