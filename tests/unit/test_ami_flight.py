"""How many Originates are under way on a real PBX: its connection is a list of what was written."""

import random

import pytest
from twisted.internet.task import Clock

from ami.greeting import Inventory
from ami.pbx import AmiPbx
from core.model import Server, Trunk
from core.ports.commands import Originate
from core.ports.events import Dialling, Event, OriginateRefused
from tests.support.world import NOON


class Line:
    """A PBX that is up, with room for twenty Originates."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.timer = Clock()
        self.posted: list[Event] = []
        self.written: list[bytes] = []
        server = Server(id=1, name="pbx", messages_per_unit=1000)
        self.pbx = AmiPbx(server, self.posted.append, self, timer=self.timer, rng=random.Random(1))
        monkeypatch.setattr(self.pbx._link, "write", self.written.append)
        nothing = Inventory(
            started_at=None, live_channels=frozenset(), answered_channels=frozenset()
        )
        self.pbx._up(nothing)

    def now(self) -> object:
        return NOON

    def dial(self, calls: int) -> None:
        for n in range(calls):
            self.pbx.originate(
                Originate(
                    attempt_id=n,
                    server_id=1,
                    trunk=Trunk(server_id=1, name="out", dial_string="PJSIP/${num}@carrier"),
                    channel_id=f"wb-{n}",
                    channel=f"PJSIP/{n}@carrier",
                    extension="s",
                    context="message",
                    answer_timeout_ms=30_000,
                )
            )

    def begin(self, *calls: int) -> None:
        """The PBX shows a first sign of these."""
        for n in calls:
            self.pbx._receive(b"Event: DialBegin\r\nDestUniqueid: wb-%d\r\n" % n)

    def of(self, kind: type[Event]) -> list[str]:
        return [event.channel_id for event in self.posted if isinstance(event, kind)]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_a_pbx_that_grows_slow_gets_half_as_many_at_once(line: Line) -> None:
    line.dial(60)
    assert len(line.written) == 20
    line.timer.advance(0.6)
    line.begin(*range(10))
    assert len(line.written) == 20
    line.begin(10)
    assert len(line.written) == 21


def test_originates_that_nothing_was_heard_of_make_room_for_others(line: Line) -> None:
    line.dial(25)
    line.timer.advance(9.9)
    line.pbx._forget_unanswered()
    assert len(line.written) == 20
    line.timer.advance(0.1)
    line.pbx._forget_unanswered()
    assert len(line.written) == 25


def test_a_pbx_that_is_being_stopped_is_still_heard_and_asked_no_more(line: Line) -> None:
    line.dial(25)
    line.pbx._receive(
        b"Response: Error\r\nActionID: originate/wb-0\r\nMessage: Asterisk is shutting down\r\n"
    )
    written = len(line.written)
    line.begin(*range(1, 20))
    assert line.of(Dialling) == [f"wb-{n}" for n in range(1, 20)]
    assert {"wb-0", "wb-22", "wb-23", "wb-24"} <= set(line.of(OriginateRefused))
    line.pbx._throttle.pump()  # as the next ping does
    assert len(line.written) == written
