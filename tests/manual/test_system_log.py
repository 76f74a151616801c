"""Manual 25.02: "The system log", with the lines of its screen, of April 22 2015."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.model import Simulation
from core.operations.calls import add_call
from core.operations.doorkeeper import Doorkeeper
from core.operations.system_log import read_log
from core.people import SYSTEM, Actor, Face
from core.rules.keys import Keyring
from core.store.audit import LogFilter
from tests.support.people import PASSWORD, QUICK, MovingClock, make_user
from tests.support.rig import Rig

ADDRESS = "10.10.5.100"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def lines(rig: Rig, *actions: str) -> list[tuple[str, str, str, str]]:
    """Who did what, from where and to what, the newest first as on the screen."""
    return [
        (line.who, line.action, line.address, line.subject)
        for line in read_log(rig.database, SYSTEM, LogFilter(), 100)
        if line.action in actions
    ]


def test_the_dialer_shuts_down(rig: Rig) -> None:
    engine = rig.start()
    rig.turn(1)
    engine.stopService()
    rig.turn(1)
    found = lines(rig, "dialer.started", "dialer.stopped")
    assert [action for _who, action, *_ in found] == ["dialer.stopped", "dialer.started"]


def test_a_user_logs_on_and_off(rig: Rig) -> None:
    clock = MovingClock(rig.clock.now())
    make_user(rig.database, clock.now(), "demoadmin")
    door = Doorkeeper(rig.database, clock, QUICK)
    session = door.log_in("demoadmin", PASSWORD, ADDRESS)
    door.log_out(session.secret, ADDRESS)
    assert lines(rig, "login", "logout") == [
        ("demoadmin", "logout", ADDRESS, ""),
        ("demoadmin", "login", ADDRESS, ""),
    ]


def test_a_number_is_added_through_the_api(rig: Rig) -> None:
    rig.configure([])
    api = Actor(name="RD", ring=Keyring(is_master=True), face=Face.API, address=ADDRESS)
    add_call(rig.database, api, "campaign", "204", rig.clock.now(), attributes={})
    [line] = read_log(rig.database, SYSTEM, LogFilter(action="call.add"), 9)
    assert (line.who, line.face, line.subject) == ("RD", Face.API, "campaign")


def test_campaign_life_cycle_events(rig: Rig) -> None:
    campaign = rig.configure(["204"], simulation=Simulation(outcomes={"answered": 1}))
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    rig.ask(campaign, "pause")
    rig.turn(1)
    rig.ask(campaign, "unpause")
    rig.turn(60)
    states = ("run.running", "run.paused", "run.completed")
    found = [(action, subject) for _who, action, _address, subject in lines(rig, *states)]
    assert found == [
        ("run.completed", "campaign"),
        ("run.running", "campaign"),
        ("run.paused", "campaign"),
        ("run.running", "campaign"),
    ]
