"""The AMI edge over a real socket: what it does when the other end misbehaves."""

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock

from ami.greeting import Limits
from ami.pbx import AmiPbx
from core.model import Server, Trunk
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    ChannelsListed,
    Event,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    Reported,
    ServerDown,
    ServerUp,
)
from tests.support.ami_server import AmiServer, Waiting, first, refuse, silence, success

CALL = "wb-0000abcd-1"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TRUNK = Trunk(id=3, server_id=7, name="t", dial_string="Local/${num}@carrier/n")
Ensure = Callable[..., Any]
ensure: Ensure = pytest_twisted.ensureDeferred


class Noon:
    def now(self) -> datetime:
        return NOW


@dataclass
class Desk:
    """A fake PBX, the edge in front of it, and what it posted."""

    pbx_server: AmiServer = field(default_factory=AmiServer)
    timer: Clock = field(default_factory=Clock)
    posted: Waiting = field(default_factory=Waiting)
    pbx: Any = None
    server: Any = None

    def start(self, *, messages_per_unit: int = 1000) -> None:
        self.server = Server(
            id=7,
            name="hq",
            port=self.pbx_server.listen(),
            login="wombat",
            password="dials",
            messages_per_unit=messages_per_unit,
        )
        self.connect(self.posted.add)

    def connect(self, post: Callable[[Event], None]) -> None:
        self.pbx = AmiPbx(
            self.server, post, Noon(), timer=self.timer, rng=random.Random(1), limits=Limits()
        )
        self.pbx.start()

    async def until_up(self, times: int = 1) -> ServerUp:
        up: ServerUp = await self.posted.until_event(ServerUp, times)
        return up

    async def minutes_pass(self, minutes: float) -> None:
        """In steps that leave the peer time to answer each ping."""
        for _ in range(int(minutes * 60)):
            self.timer.advance(1)
            await _turn_of_the_reactor()
            await _turn_of_the_reactor()

    async def until_caught_up(self) -> None:
        """Until all that the fake PBX has sent so far has been read."""
        mark = f"wb-0000ffff-{len(self.posted.seen)}"
        self.pbx_server.last.send("Event: Hangup", f"Uniqueid: {mark}", "Cause: 0")
        await self.posted.until(lambda event: getattr(event, "channel_id", "") == mark)

    def events(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.posted.seen if isinstance(event, kind)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    if desk.pbx is not None:
        pytest_twisted.blockon(desk.pbx.stop())
        pytest_twisted.blockon(_coroutine(desk.pbx_server.stop()))


def _coroutine(running: Any) -> Any:
    from twisted.internet.defer import Deferred

    return Deferred.fromCoroutine(running)


def originate(channel_id: str = CALL, **changes: Any) -> Originate:
    values: dict[str, Any] = {
        "attempt_id": 1,
        "server_id": 7,
        "trunk": TRUNK,
        "channel_id": channel_id,
        "channel": "Local/100@carrier/n",
        "extension": "s",
        "context": "target",
        "answer_timeout_ms": 30_000,
    }
    return Originate(**(values | changes))


@ensure
async def test_a_ready_server_says_when_it_started_and_what_is_up(desk: Desk) -> None:
    desk.pbx_server.channels = [CALL, f"{CALL};2", "1700000000.1"]
    desk.pbx_server.uptime = "100"
    desk.start()
    assert await desk.until_up() == ServerUp(
        server_id=7,
        started_at=datetime(2026, 3, 1, 11, 58, 20, tzinfo=UTC),
        live_channels=frozenset({CALL, f"{CALL};2", "1700000000.1"}),
        answered_channels=frozenset({CALL, f"{CALL};2", "1700000000.1"}),
    )


@ensure
@pytest.mark.parametrize("uptime", ["", "soon"])
async def test_a_server_that_tells_no_uptime_is_up_without_a_start(desk: Desk, uptime: str) -> None:
    desk.pbx_server.uptime = uptime
    desk.start()
    assert (await desk.until_up()).started_at is None


@ensure
async def test_a_server_that_never_says_it_has_booted_is_up_after_five_seconds(desk: Desk) -> None:
    desk.pbx_server.uptime = None
    desk.start()
    await desk.pbx_server.until_action("Filter", 10)
    await desk.until_caught_up()
    assert desk.events(ServerUp) == []
    desk.timer.advance(5)
    assert (await desk.until_up()).started_at is None


@ensure
async def test_only_the_events_that_are_read_are_asked_for(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    (login,) = desk.pbx_server.named("Login")
    assert first(login, "Events") == "call,user,system"
    filters = desk.pbx_server.named("Filter")
    assert [first(f, "MatchCriteria") for f in filters] == [
        "name(OriginateResponse)",
        "name(DialBegin)",
        "name(DialState)",
        "name(DialEnd)",
        "name(BlindTransfer)",
        "name(AttendedTransfer)",
        "name(Hangup)",
        "name(UserEvent)",
        "name(FullyBooted)",
        "name(Shutdown)",
    ]


@ensure
async def test_a_pbx_without_match_criteria_gets_the_old_filters(desk: Desk) -> None:
    def old_asterisk(headers: Any) -> list[str]:
        return ["Response: Error" if first(headers, "MatchCriteria") else "Response: Success"]

    desk.pbx_server.answers["Filter"] = old_asterisk
    desk.start()
    await desk.until_up()
    taken = [f for f in desk.pbx_server.named("Filter") if not first(f, "MatchCriteria")]
    assert [first(f, "Filter") for f in taken][6:8] == ["Event: Hangup", "Event: UserEvent"]
    assert len(taken) == 10


@ensure
async def test_a_pbx_that_takes_no_filters_is_used_unfiltered(desk: Desk) -> None:
    desk.pbx_server.answers["Filter"] = refuse("Permission denied")
    desk.start()
    await desk.until_up()
    assert len(desk.pbx_server.named("Filter")) == 2


@ensure
async def test_an_originate_is_never_sent_again_after_a_reconnect(desk: Desk) -> None:
    desk.pbx_server.answers["Originate"] = silence
    desk.start()
    await desk.until_up()
    desk.pbx.originate(originate())
    await desk.pbx_server.until_action("Originate")
    desk.pbx_server.last.drop()
    await desk.posted.until_event(ServerDown)
    desk.timer.advance(1)
    await desk.until_up(2)
    desk.pbx.originate(originate("wb-0000abcd-2"))
    await desk.pbx_server.until_action("Originate", 2)
    sent = [first(headers, "ChannelId") for headers in desk.pbx_server.named("Originate")]
    assert sent == [CALL, "wb-0000abcd-2"]
    assert desk.events(OriginateRefused) == []


@ensure
async def test_an_originate_that_is_asked_for_twice_is_sent_once(desk: Desk) -> None:
    desk.pbx_server.answers["Originate"] = silence
    desk.start(messages_per_unit=9)
    while not desk.events(ServerUp):
        desk.timer.advance(0.06)
        await _turn_of_the_reactor()
    desk.timer.advance(0.06)
    for _ in range(12):
        desk.pbx.originate(originate())
    desk.pbx.originate(originate("wb-0000abcd-2"))
    desk.pbx.originate(originate("wb-0000abcd-2"))
    desk.timer.advance(0.06)
    await desk.pbx_server.until_action("Originate", 2)
    await desk.until_caught_up()
    sent = [first(headers, "ChannelId") for headers in desk.pbx_server.named("Originate")]
    assert sent == [CALL, "wb-0000abcd-2"]


@ensure
async def test_an_originate_without_an_answer_is_forgotten_but_not_refused(desk: Desk) -> None:
    desk.pbx_server.answers["Originate"] = silence
    desk.start()
    await desk.until_up()
    for n in range(21):
        desk.pbx.originate(originate(f"wb-0000abcd-{n}"))
    await desk.pbx_server.until_action("Originate", 20)
    for tick in range(1, 7):
        desk.timer.advance(2)
        await desk.pbx_server.until_action("Ping", tick)
        await desk.until_caught_up()
    await desk.pbx_server.until_action("Originate", 21)
    assert desk.events(OriginateRefused) == []
    assert desk.events(ServerDown) == []


@ensure
async def test_an_error_in_a_handler_is_logged_with_its_call_and_the_next_event_comes(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def post(event: Event) -> None:
        if isinstance(event, HungUp) and event.cause == 1:
            raise RuntimeError("a bug")
        desk.posted.add(event)

    desk.start()
    await desk.pbx.stop()
    desk.connect(post)
    await desk.until_up()
    with caplog.at_level(logging.ERROR, "ami"):
        desk.pbx_server.last.send("Event: Hangup", f"Uniqueid: {CALL}", "Cause: 1")
        desk.pbx_server.last.send("Event: Hangup", f"Uniqueid: {CALL}", "Cause: what")
        desk.pbx_server.last.send("Event: Hangup", f"Uniqueid: {CALL}", "Cause: 16")
        await desk.posted.until_event(HungUp, 2)
    assert [hung_up.cause for hung_up in desk.events(HungUp)] == [0, 16]
    assert [CALL in record.getMessage() for record in caplog.records] == [True]
    [down] = desk.events(ServerDown)
    assert (down.reason, down.is_left) == ("it is being left", True)


@ensure
async def test_an_error_that_nobody_foresaw_does_not_end_the_connecting(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def post(event: Event) -> None:
        desk.posted.add(event)
        if len(desk.events(ServerUp)) == 1 and isinstance(event, ServerUp):
            raise RuntimeError("a bug")

    desk.start()
    await desk.pbx.stop()
    desk.posted.seen.clear()
    with caplog.at_level(logging.ERROR, "ami"):
        desk.connect(post)
        down = await desk.posted.until_event(ServerDown)
    assert down.reason == "an internal error ended the connection: a bug"
    assert ["a bug" in (record.exc_text or "") for record in caplog.records] == [True]
    desk.timer.advance(1)
    await desk.until_up(2)
    desk.pbx.originate(originate())
    await desk.pbx_server.until_action("Originate")


@ensure
async def test_leaving_takes_back_what_has_not_left(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    channels = [f"{CALL}{number:03}" for number in range(30)]
    for channel in channels:
        desk.pbx.originate(originate(channel_id=channel))
    await desk.pbx.stop()
    refused = desk.events(OriginateRefused)
    assert [one.channel_id for one in refused] == channels[20:]
    assert not any(one.was_sent or one.is_final for one in refused)


@ensure
async def test_a_black_holed_peer_is_noticed_within_five_seconds_and_reconnected(
    desk: Desk,
) -> None:
    desk.start()
    await desk.until_up()
    desk.pbx_server.answers["Ping"] = silence
    desk.timer.advance(2)
    await desk.pbx_server.until_action("Ping")
    assert desk.events(ServerDown) == []
    desk.timer.advance(3)
    down = await desk.posted.until_event(ServerDown)
    assert "did not answer Ping within 3 s" in down.reason
    desk.timer.advance(1)
    await desk.until_up(2)


@ensure
async def test_a_peer_that_accepts_and_says_nothing_is_given_up(desk: Desk) -> None:
    desk.pbx_server.answers["Login"] = silence
    desk.start()
    await desk.pbx_server.until_action("Login")
    desk.timer.advance(5)
    down = await desk.posted.until_event(ServerDown)
    assert "did not answer Login within 5 s" in down.reason


@ensure
async def test_a_slow_ping_does_not_end_a_connection_that_brings_events(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    desk.pbx_server.answers["Ping"] = silence
    desk.timer.advance(2)
    await desk.pbx_server.until_action("Ping")
    await desk.until_caught_up()
    desk.timer.advance(3)
    await desk.until_caught_up()
    desk.timer.advance(2)
    await desk.pbx_server.until_action("Ping", 2)
    assert desk.events(ServerDown) == []


@ensure
async def test_a_wrong_password_is_named_and_not_tried_again_for_ten_seconds(desk: Desk) -> None:
    desk.pbx_server.answers["Login"] = refuse("Authentication failed")
    desk.start()
    down = await desk.posted.until_event(ServerDown)
    assert down.reason == (
        f'AMI login "wombat" refused at 127.0.0.1:{desk.server.port}: check user and secret'
    )
    assert [10 <= call.getTime() <= 15 for call in desk.timer.getDelayedCalls()] == [True]
    desk.timer.advance(15)
    await desk.pbx_server.until_action("Login", 2)
    assert "dials" not in down.reason


@ensure
async def test_a_secret_that_cannot_be_sent_is_not_shown(desk: Desk) -> None:
    desk.start()
    await desk.pbx.stop()
    desk.server = Server(id=7, name="hq", port=desk.server.port, login="w", password="top\r\nx")
    desk.connect(desk.posted.add)
    down = await desk.posted.until_event(ServerDown, 2)
    assert down.reason.endswith("AMI header Secret cannot be sent as it is")
    assert "top" not in down.reason


@ensure
async def test_a_login_that_may_not_originate_is_no_server(desk: Desk) -> None:
    desk.pbx_server.answers["ListCommands"] = lambda headers: [
        "Response: Success",
        "CoreStatus: x",
        "CoreShowChannels: x",
        "Hangup: x",
    ]
    desk.start()
    down = await desk.posted.until_event(ServerDown)
    assert down.reason.endswith("may not use Originate: add originate to its write classes")


@ensure
async def test_a_login_that_sees_no_calls_is_no_server(desk: Desk) -> None:
    desk.pbx_server.shows_calls = False
    desk.start()
    await desk.pbx_server.until_action("Filter", 10)
    await desk.until_caught_up()
    desk.timer.advance(5)
    down = await desk.posted.until_event(ServerDown)
    assert down.reason == (
        f'AMI login "wombat" at 127.0.0.1:{desk.server.port} sees nothing of its calls: '
        "add call,user,system to its read classes"
    )
    assert desk.events(ServerUp) == []
    desk.pbx_server.shows_calls = True
    desk.timer.advance(15)
    await desk.until_up()


@ensure
async def test_our_channels_are_listed_every_minute_even_after_one_without_an_answer(
    desk: Desk,
) -> None:
    desk.pbx_server.channels = [CALL, f"{CALL};2", "1700000000.1"]
    desk.start()
    await desk.until_up()
    await desk.minutes_pass(1)
    listed = await desk.posted.until_event(ChannelsListed)
    assert listed == ChannelsListed(
        server_id=7, asked_at=NOW, live_channels=frozenset({CALL, f"{CALL};2"})
    )
    desk.pbx_server.answers["CoreShowChannels"] = silence
    await desk.minutes_pass(1)
    del desk.pbx_server.answers["CoreShowChannels"]
    await desk.minutes_pass(1.2)
    await desk.posted.until_event(ChannelsListed, 2)
    assert desk.events(ServerDown) == []


@ensure
async def test_a_connection_that_is_given_up_leaves_nothing_to_arrive_later(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    await desk.pbx.stop()
    closed = await desk.pbx_server.closed.until(lambda _: True)
    assert closed.reason.type is ConnectionLost


@ensure
async def test_something_that_is_no_ami_is_told_by_its_first_words(desk: Desk) -> None:
    desk.pbx_server.banner = b"SSH-2.0-OpenSSH_9.2\r\n"
    desk.start()
    down = await desk.posted.until_event(ServerDown)
    assert down.reason.startswith(f'127.0.0.1:{desk.server.port} said "SSH-2.0-OpenSSH_9.2')


@ensure
async def test_a_peer_that_closes_during_the_login_is_down_at_once(desk: Desk) -> None:
    desk.pbx_server.answers["Login"] = silence
    desk.start()
    await desk.pbx_server.until_action("Login")
    desk.pbx_server.last.drop()
    await desk.posted.until_event(ServerDown)
    assert "closed the connection" in desk.events(ServerDown)[0].reason


@ensure
async def test_a_closed_port_is_down_and_originates_are_refused_unsent(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    await desk.pbx_server.stop()
    await desk.posted.until_event(ServerDown)
    desk.pbx.originate(originate())
    (refused,) = desk.events(OriginateRefused)
    assert not refused.was_sent
    assert refused.reason.startswith("server hq is down: ")
    desk.timer.advance(1)
    down = await desk.posted.until_event(ServerDown, 2)
    assert down.reason == f"cannot connect to 127.0.0.1:{desk.server.port}: Connection refused"
    desk.pbx_server.listen()


@ensure
async def test_before_the_first_login_originates_are_refused_unsent(desk: Desk) -> None:
    desk.start()
    desk.pbx.originate(originate())
    desk.pbx.hang_up(HangUp(server_id=7, channel_id=CALL))
    assert desk.posted.seen == [
        OriginateRefused(
            server_id=7,
            channel_id=CALL,
            was_sent=False,
            reason="server hq is down: it is not connected yet",
        )
    ]


@ensure
async def test_waiting_originates_are_refused_unsent_when_the_connection_breaks(
    desk: Desk,
) -> None:
    desk.pbx_server.answers["Originate"] = silence
    desk.start()
    await desk.until_up()
    for n in range(22):
        desk.pbx.originate(originate(f"wb-0000abcd-{n}"))
    await desk.pbx_server.until_action("Originate", 20)
    desk.pbx_server.last.drop()
    await desk.posted.until_event(ServerDown)
    refused = {event.channel_id: event.was_sent for event in desk.events(OriginateRefused)}
    assert refused == {"wb-0000abcd-20": False, "wb-0000abcd-21": False}


@ensure
async def test_characters_survive_any_chunks_and_latin_1_bytes(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    text = "\r\n".join(
        [
            "Event: UserEvent",
            f"Uniqueid: {CALL}",
            "UserEvent: ATTRIBUTE",
            f"Uniqueid: {CALL}",
            "city: žluťoučký 寧",
        ]
    )
    data = text.encode() + b"\r\n\r\n"
    for start in range(len(data)):
        desk.pbx_server.last.send_bytes(data[start : start + 1])
        if data[start] > 127:
            await desk.pbx_server.until_action("Login")
    reported = await desk.posted.until_event(Reported)
    assert (reported.name, reported.value) == ("city", "žluťoučký 寧")
    desk.pbx_server.last.send_bytes(text.replace("žluťoučký 寧", "Köln").encode("latin-1"))
    desk.pbx_server.last.send_bytes(b"\r\n\r\n")
    assert (await desk.posted.until_event(Reported, 2)).value == "Köln"


@ensure
async def test_a_value_with_a_line_end_is_refused_and_nothing_is_sent(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    nasty = "1\r\nAction: Command\r\nCommand: core stop now"
    desk.pbx.originate(originate(caller_id=nasty))
    desk.pbx.originate(originate(variables=(("A", "x" * 1022),)))
    desk.pbx.originate(originate(answer_timeout_ms=0))
    desk.pbx.originate(originate("wb-0000abcd-2"))
    await desk.pbx_server.until_action("Originate")
    sent = [first(headers, "ChannelId") for headers in desk.pbx_server.named("Originate")]
    assert sent == ["wb-0000abcd-2"]
    assert [event.was_sent for event in desk.events(OriginateRefused)] == [False, False, False]
    assert desk.pbx_server.named("Command") == []


@ensure
async def test_a_synchronous_error_is_a_refusal_after_sending(desk: Desk) -> None:
    desk.pbx_server.answers["Originate"] = refuse("Extension does not exist.")
    desk.start()
    await desk.until_up()
    desk.pbx.originate(originate())
    refused = await desk.posted.until_event(OriginateRefused)
    assert refused == OriginateRefused(
        server_id=7, channel_id=CALL, was_sent=True, reason="Extension does not exist."
    )


@ensure
async def test_a_pbx_that_is_being_stopped_has_dialled_nobody_and_is_asked_no_more(
    desk: Desk,
) -> None:
    desk.pbx_server.answers["Originate"] = refuse("Asterisk is shutting down")
    desk.start()
    await desk.until_up()
    desk.pbx.originate(originate())
    down = await desk.posted.until_event(ServerDown)
    assert down.reason == "Asterisk is shutting down"
    desk.pbx.originate(originate("wb-0000abcd-2"))
    refusals = [(r.channel_id, r.was_sent) for r in desk.events(OriginateRefused)]
    assert refusals == [(CALL, False), ("wb-0000abcd-2", False)]
    assert len(desk.pbx_server.named("Originate")) == 1
    desk.pbx_server.answers["Originate"] = success
    desk.timer.advance(5)
    await desk.pbx_server.closed.until(bool)
    desk.timer.advance(1)
    await desk.until_up(2)
    desk.pbx.originate(originate("wb-0000abcd-3"))
    await desk.pbx_server.until_action("Originate", 2)


@ensure
async def test_a_hang_up_goes_before_originates_that_wait(desk: Desk) -> None:
    desk.start(messages_per_unit=1)
    while not desk.events(ServerUp):
        desk.timer.advance(0.06)
        await desk.pbx_server.until_action("Login")
        await _turn_of_the_reactor()
    desk.timer.advance(0.06)
    desk.pbx.originate(originate("wb-0000abcd-8"))
    await desk.pbx_server.until_action("Originate")
    for n in range(3):
        desk.pbx.originate(originate(f"wb-0000abcd-{n}"))
    assert [event.channel_id for event in desk.events(OriginateSent)] == ["wb-0000abcd-8"]
    desk.pbx.hang_up(HangUp(server_id=7, channel_id="wb-0000abcd-9"))
    desk.pbx.hang_up(HangUp(server_id=7, channel_id="wb-0000abcd-1"))
    before = len(desk.pbx_server.actions.seen)
    for n in range(1, 4):
        desk.timer.advance(0.06)
        await desk.pbx_server.actions.until(lambda _: True, before + n)
    desk.timer.advance(0.06)
    await desk.until_caught_up()
    sent = [(first(a, "Action"), first(a, "ActionID")) for a in desk.pbx_server.actions.seen]
    assert sent[before:] == [
        ("Hangup", "hangup/wb-0000abcd-9"),
        ("Originate", "originate/wb-0000abcd-0"),
        ("Originate", "originate/wb-0000abcd-2"),
    ]
    assert [event.channel_id for event in desk.events(OriginateRefused)] == ["wb-0000abcd-1"]
    assert [event.channel_id for event in desk.events(OriginateSent)] == [
        *("wb-0000abcd-8", "wb-0000abcd-0", "wb-0000abcd-2"),
    ]


async def _turn_of_the_reactor() -> None:
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    await deferLater(reactor, 0)


@ensure
async def test_an_announced_shutdown_is_down_at_once(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    desk.pbx_server.last.send("Event: Shutdown", "Shutdown: Cleanly", "Restart: False")
    down = await desk.posted.until_event(ServerDown)
    assert down.reason.endswith("is shutting down")


@ensure
async def test_a_duplicate_id_is_answered_by_its_action_not_its_uniqueid(desk: Desk) -> None:
    desk.start()
    await desk.until_up()
    desk.pbx_server.last.send(
        "Event: OriginateResponse",
        f"ActionID: originate/{CALL}",
        "Response: Failure",
        "Reason: 0",
        "Uniqueid: wb-0000abcd-77",
    )
    assert await desk.posted.until_event(Originated) == Originated(
        server_id=7, channel_id=CALL, is_answered=False, reason=0
    )
