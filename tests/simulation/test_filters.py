"""Black lists in memory, in a whole campaign: the check just before dialling asks no filter."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ami.simulated import SimulatedPbx
from core.model import CallList, Campaign, Server, Simulation
from core.operations.calls import add_call
from core.people import SYSTEM
from core.ports import Post
from core.ports.commands import Originate
from core.store.campaigns import save_campaign
from core.store.lists import insert_records, save_list
from core.store.schema import call_log, record
from tests.support.rig import Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def begin(rig: Rig, dialled: list[str]) -> Campaign:
    """A campaign whose run waits for numbers, with a black list of 100 and 101 in memory; what
    the PBX is asked for goes to `dialled`."""

    class Telling(SimulatedPbx):
        def originate(self, command: Originate) -> None:
            dialled.append(command.channel)
            super().originate(command)

    def make_pbx(server: Server, post: Post) -> SimulatedPbx:
        return Telling(server, post, rig.timer, random.Random(1), rig.clock)

    campaign = rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    with rig.database.begin() as conn:
        black = save_list(conn, CallList(name="do not call"))
        insert_records(conn, [(black.id, number, None) for number in ("100", "101")])
        save_campaign(conn, replace(campaign, black_list_ids=(black.id,)))
    rig.start(make_pbx)
    rig.ask(campaign)
    rig.turn(5)
    return campaign


def add(rig: Rig, campaign: Campaign, *numbers: str) -> None:
    for number in numbers:
        add_call(rig.database, SYSTEM, campaign.name, number, rig.clock.now(), attributes={})
    rig.turn(30)


def logged(rig: Rig) -> dict[str, tuple[str, bool]]:
    """Of each number its state, and whether it had a line, which it loses to the second check."""
    with rig.database.connect() as conn:
        rows = conn.execute(select(call_log))
        return {row.number: (row.state, row.trunk_id is not None) for row in rows}


def write_over(rig: Rig, number: str, other: str) -> None:
    """Another program changes a row that the filter has read."""
    with rig.database.begin() as conn:
        conn.execute(update(record).where(record.c.number == number).values(number=other))


def test_what_the_filter_overlooks_is_found_before_it_is_dialled(rig: Rig) -> None:
    dialled: list[str] = []
    campaign = begin(rig, dialled)
    write_over(rig, "101", "105")
    add(rig, campaign, "100", "105", "106")
    assert logged(rig) == {
        "100": ("RS_BLACKLIST", False),
        "105": ("RS_BLACKLIST", True),
        "106": ("TERMINATED", True),
    }
    assert dialled == ["PJSIP/106@carrier"]


def test_a_filter_is_forgotten_with_the_last_run_that_has_its_list(rig: Rig) -> None:
    dialled: list[str] = []
    campaign = begin(rig, dialled)
    write_over(rig, "101", "105")
    rig.ask(campaign, "remove")
    rig.turn(5)
    rig.ask(campaign)
    rig.turn(5)
    add(rig, campaign, "105")
    assert logged(rig) == {"105": ("RS_BLACKLIST", False)}
    assert dialled == []
