"""What only a real Asterisk can prove: what it makes of our Originate, and what it tells back."""

import random
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from ami.greeting import Limits
from ami.pbx import AmiPbx
from core.ports.events import (
    ChannelsListed,
    DialEnded,
    Dialling,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    Report,
    ServerDown,
    ServerUp,
    Signalled,
    Transferred,
)
from core.rules.causes import Evidence, judge
from core.rules.states import CallState
from tests.support.ami_server import Waiting
from tests.support.asterisk.server import LOGIN, AsteriskServer
from tests.support.pbx_desk import PbxDesk, UtcClock, evidence_of
from tests.support.proxy import Proxy

pytestmark = pytest.mark.asterisk

LOCAL = "Local/${num}@carrier"
#: Values that a comma-split, a quote, an expression or a header would harm.
NASTY = [
    "plain",
    "a,b",
    'say "hi"',
    '"',
    "back\\slash",
    "ends with \\",
    "\\,",
    'a\\"b,c',
    "${EXTEN}",
    "$[1 + 1]",
    "a=b",
    "a;b|c&d",
    "(x) [y] {z}",
    "Příliš žluťoučký kůň, 電話 ☎",
    "100% ~!@#^*'`<>?",
]
#: SIP reply: Q.850 cause and DialEnd's status that Asterisk 22 makes of it, and our state.
REPLIES = {
    403: (21, "NOANSWER", CallState.RS_REJECTED),
    404: (1, "NOANSWER", CallState.RS_NUMBER),
    408: (18, "NOANSWER", CallState.RS_NOANSWER),
    410: (22, "NOANSWER", CallState.RS_NUMBER),
    480: (19, "NOANSWER", CallState.RS_NOANSWER),
    484: (28, "NOANSWER", CallState.RS_NUMBER),
    486: (17, "BUSY", CallState.RS_BUSY),
    488: (58, "NOANSWER", CallState.RS_REJECTED),
    500: (38, "NOANSWER", CallState.RS_REJECTED),
    502: (27, "NOANSWER", CallState.RS_REJECTED),
    503: (34, "CONGESTION", CallState.RS_REJECTED),
    504: (102, "NOANSWER", CallState.RS_REJECTED),
    600: (17, "BUSY", CallState.RS_BUSY),
    603: (21, "NOANSWER", CallState.RS_REJECTED),
    604: (1, "NOANSWER", CallState.RS_NUMBER),
}


@pytest.fixture
def desk(asterisk: AsteriskServer) -> Iterator[PbxDesk]:
    """The port to the session's Asterisk, up."""
    yield from _open(asterisk)


@pytest.fixture
def own(asterisk: AsteriskServer) -> Iterator[AsteriskServer]:
    """An Asterisk that the test may ill-treat; it boots where the session's one could."""
    with AsteriskServer(root=asterisk.root) as server:
        yield server


@pytest.fixture
def own_desk(own: AsteriskServer) -> Iterator[PbxDesk]:
    yield from _open(own)


def _open(asterisk: AsteriskServer) -> Iterator[PbxDesk]:
    from twisted.internet import reactor

    server, posted = asterisk.server(), Waiting()
    pbx = AmiPbx(server, posted.add, UtcClock(), timer=reactor, rng=random.Random(1))
    pbx.start()
    pytest_twisted.blockon(posted.until_event(ServerUp))
    yield PbxDesk(server=server, pbx=pbx, posted=posted)
    pytest_twisted.blockon(pbx.stop())


@asynccontextmanager
async def _at(
    asterisk: AsteriskServer, *, port: int = 0, login: str = LOGIN, **limits: float
) -> AsyncIterator[PbxDesk]:
    """A port of its own to Asterisk, with quick pings, started and not yet up."""
    from twisted.internet import reactor

    server = asterisk.server(login=login)
    server = replace(server, port=port or server.port)
    posted = Waiting()
    pbx = AmiPbx(
        server,
        posted.add,
        UtcClock(),
        timer=reactor,
        rng=random.Random(1),
        limits=Limits(ping_every_s=0.3, ping_limit_s=1.0, **limits),
    )
    pbx.start()
    try:
        yield PbxDesk(server=server, pbx=pbx, posted=posted)
    finally:
        await pbx.stop()


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest_twisted.ensureDeferred
async def test_nasty_values_arrive_as_they_left(desk: PbxDesk) -> None:
    calls = [
        (
            value,
            desk.dial(
                "1000001", dial_string=LOCAL, extension="echo", variables=(("VALUE", value),)
            ),
        )
        for value in NASTY
    ]
    for value, call in calls:
        await desk.until_over(call)
        assert desk.reports(call) == [(Report.ATTRIBUTE, "VALUE", base64(value))]


@pytest.mark.parametrize("dial_string", [LOCAL, "PJSIP/${num}@loop"])
@pytest.mark.parametrize(
    ("caller_id", "endpoint_caller_id", "shown", "at_end"),
    [
        ("Firm <100>", "", '"Firm" <100>', '"Firm" <100>'),
        ("Firm <100>", '"C1 WHITE" <5551234>', '"Firm" <100>', '"C1 WHITE" <5551234>'),
        ("100", "700", '"" <100>', '"" <700>'),
        ('"A, (b" <100>', '"W; (x [č" <5>', '"A, (b" <100>', '"W; (x [č" <5>'),
    ],
)
@pytest_twisted.ensureDeferred
async def test_either_side_is_shown_its_caller_id(
    desk: PbxDesk,
    dial_string: str,
    caller_id: str,
    endpoint_caller_id: str,
    shown: str,
    at_end: str,
) -> None:
    channel_id = desk.make_id()
    desk.dial(
        f"12{channel_id}",
        dial_string=dial_string,
        channel_id=channel_id,
        extension="clid",
        caller_id=caller_id,
        endpoint_caller_id=endpoint_caller_id,
    )
    await desk.until_over(channel_id)
    said = {name: value for _, name, value in desk.reports(channel_id)}
    assert said == {"SHOWN": base64(shown), "AT_END": base64(at_end)}


@pytest_twisted.ensureDeferred
async def test_whipbirds_own_variables_arrive_and_one_of_two_words(desk: PbxDesk) -> None:
    sent = {"HOPPER_ID": "17", "RETRY_NO": "2", "DIALING_NUMBER": "1000001", "DIALING_LIST": "A, b"}
    call = desk.dial(
        "1000001",
        dial_string=LOCAL,
        extension="wombat",
        variables=(
            *((f"WOMBAT_{name}", value) for name, value in sent.items()),
            ("FIRST NAME", "KATRINA"),
        ),
    )
    await desk.until_over(call)
    assert [(name, value) for _, name, value in desk.reports(call)] == [
        *(("HOPPER_ID", "17"), ("RETRY_NO", "2"), ("NUMBER", "1000001")),
        ("LIST", base64("A, b")),
        ("FIRST NAME", "KATRINA"),
    ]


@pytest.mark.parametrize(
    ("extension", "report"),
    [
        ("callstatus", (Report.STATUS, "", "SOLD")),
        ("attribute", (Report.ATTRIBUTE, "Colour", "light blue")),
        ("append", (Report.APPEND, "notes", "called back")),
        ("clear", (Report.CLEAR, "", "")),
    ],
)
@pytest.mark.parametrize("dial_string", [LOCAL, "PJSIP/${num}@carrier"])
@pytest_twisted.ensureDeferred
async def test_each_user_event_is_reported_in_any_case(
    desk: PbxDesk, extension: str, report: tuple[Report, str, str], dial_string: str
) -> None:
    call = desk.dial("1100", dial_string=dial_string, extension=extension)
    await desk.until_over(call)
    assert desk.reports(call) == [report]


@pytest_twisted.ensureDeferred
async def test_several_user_events_keep_their_order_and_letters(desk: PbxDesk) -> None:
    call = desk.dial("1100", dial_string=LOCAL, extension="report")
    await desk.until_over(call)
    assert desk.reports(call) == [
        (Report.CLEAR, "", ""),
        (Report.ATTRIBUTE, "Colour", "žluťoučký"),
        (Report.APPEND, "Colour", "kůň"),
        (Report.STATUS, "", "SOLD"),
    ]


@pytest_twisted.ensureDeferred
async def test_a_call_transferred_either_way_is_tracked_and_reported_of_to_its_end(
    desk: PbxDesk,
) -> None:
    calls = [
        desk.dial("1100", dial_string=dial_string, extension=way)
        for dial_string in (LOCAL, "PJSIP/${num}@carrier")
        for way in ("blind", "attended")
    ]
    for call in calls:
        await desk.until(call, Transferred)
        assert HungUp not in [type(event) for event in desk.events(call)]
    for call in calls:
        told = [type(event) for event in await desk.until_over(call)]
        assert (told.count(Transferred), told[-1]) == (1, HungUp)
        assert desk.reports(call) == [(Report.STATUS, "", "ASKED"), (Report.STATUS, "", "DONE")]
        assert judge(evidence_of(desk.events(call))) is CallState.TERMINATED


@pytest.mark.parametrize("dial_string", ["SIP/${num}", "PJSIP/${num}@nosuch"])
@pytest_twisted.ensureDeferred
async def test_an_unknown_technology_or_endpoint_is_judged_without_a_channel(
    desk: PbxDesk, dial_string: str
) -> None:
    call = desk.dial("123", dial_string=dial_string)
    await desk.until(call, Originated)
    await desk.until_over(desk.dial("20"))
    assert [type(event) for event in desk.events(call)] == [OriginateSent, Originated]
    evidence = evidence_of(desk.events(call))
    assert evidence == Evidence(reason=0)
    assert judge(evidence) is CallState.RS_NUMBER


@pytest_twisted.ensureDeferred
async def test_a_number_unknown_behind_a_local_channel_never_starts_to_dial(desk: PbxDesk) -> None:
    events = await desk.until_over(desk.dial("99", dial_string=LOCAL))
    assert {type(event) for event in events} == {OriginateSent, Originated, HungUp}
    assert evidence_of(events) == Evidence(reason=0, cause=0)
    assert judge(evidence_of(events)) is CallState.RS_NUMBER


@pytest_twisted.ensureDeferred
async def test_an_unknown_extension_for_the_answered_call_is_refused_at_once(
    desk: PbxDesk,
) -> None:
    call = desk.dial("1100", dial_string=LOCAL, extension="nosuch")
    refused = await desk.until(call, OriginateRefused)
    assert isinstance(refused, OriginateRefused)
    assert (refused.was_sent, refused.reason) == (True, "Extension does not exist.")
    sent = OriginateSent(server_id=1, channel_id=call)
    assert desk.events(call) == [sent, refused]


@pytest_twisted.ensureDeferred
async def test_every_sip_reply_leads_to_its_cause_and_state(desk: PbxDesk) -> None:
    calls = {code: desk.dial(f"{code}5551234") for code in REPLIES}
    for code, (cause, status, state) in REPLIES.items():
        evidence = evidence_of(await desk.until_over(calls[code]))
        assert evidence == Evidence(
            reason=0, cause=cause, tech_cause=f"SIP {code}", dial_status=status
        )
        assert (code, judge(evidence)) == (code, state)


@pytest_twisted.ensureDeferred
async def test_a_far_end_that_hangs_up_first_ends_the_call_normally(desk: PbxDesk) -> None:
    evidence = evidence_of(await desk.until_over(desk.dial("7005551234", extension="wait")))
    assert (evidence.is_answered, evidence.cause) == (True, 16)


@pytest.mark.parametrize(
    ("number", "expected", "state"),
    [
        ("20", Evidence(reason=5, cause=0, dial_status="BUSY"), CallState.RS_BUSY),
        ("22", Evidence(reason=8, cause=0, dial_status="CONGESTION"), CallState.RS_REJECTED),
        ("23", Evidence(reason=0, cause=1, dial_status="NOANSWER"), CallState.RS_NUMBER),
        (
            "24021",
            Evidence(is_alive=True, reason=0, cause=21, dial_status="NOANSWER"),
            CallState.RS_REJECTED,
        ),
        ("21", Evidence(is_alive=True, reason=3, cause=19), CallState.RS_NOANSWER),
        ("25", Evidence(reason=3, cause=19), CallState.RS_ERROR),
    ],
)
@pytest_twisted.ensureDeferred
async def test_local_channels_fail_with_evidence_of_their_own(
    desk: PbxDesk, number: str, expected: Evidence, state: CallState
) -> None:
    call = desk.dial(number, dial_string=LOCAL, timeout_ms=1_500)
    evidence = evidence_of(await desk.until_over(call))
    assert evidence == expected
    assert judge(evidence) is state


@pytest_twisted.ensureDeferred
async def test_a_local_call_keeps_its_id_to_the_end_and_tells_its_far_half_apart(
    desk: PbxDesk, asterisk: AsteriskServer
) -> None:
    call = desk.dial("1000001", dial_string=LOCAL, extension="wait")
    told = [type(event) for event in await desk.until_over(call)]
    # Asterisk judges the Originate in a thread of its own: its answer may come before DialBegin.
    assert told[1:-1].count(Originated) == 1
    told.remove(Originated)
    assert told == [OriginateSent, Dialling, Signalled, DialEnded, HungUp]
    rows = await deferToThread(asterisk.cdr_of, call)
    assert [row.disposition for row in rows] == ["ANSWERED"]


@pytest_twisted.ensureDeferred
async def test_a_crash_takes_the_server_down_and_a_boot_brings_it_up_empty(
    own: AsteriskServer, own_desk: PbxDesk
) -> None:
    call = own_desk.dial("1100", dial_string=LOCAL, extension="wait")
    await own_desk.until(call, Originated)
    await deferToThread(own.kill)
    await own_desk.posted.until_event(ServerDown)
    assert own_desk.events(own_desk.dial("1100", dial_string=LOCAL)) == [
        event for event in own_desk.posted.seen if isinstance(event, OriginateRefused)
    ]
    await deferToThread(own.start)
    up = await own_desk.posted.until_event(ServerUp, 2)
    assert up.live_channels == frozenset()
    assert HungUp not in [type(event) for event in own_desk.events(call)]


@pytest_twisted.ensureDeferred
async def test_a_call_that_is_up_is_found_again_by_the_next_dialer(
    own: AsteriskServer, own_desk: PbxDesk
) -> None:
    from twisted.internet import reactor

    call = own_desk.dial("1100", dial_string=LOCAL, extension="wait")
    await own_desk.until(call, Originated)
    await own_desk.pbx.stop()
    posted = Waiting()
    again = AmiPbx(own.server(), posted.add, UtcClock(), timer=reactor, rng=random.Random(2))
    again.start()
    up = await posted.until_event(ServerUp)
    assert {call, f"{call};2"} <= up.live_channels
    desk = PbxDesk(server=own.server(), pbx=again, posted=posted)
    desk.hang_up(call)
    await desk.until(call, HungUp)
    await again.stop()


@pytest_twisted.ensureDeferred
async def test_a_restart_is_told_from_a_reload_and_from_a_cut_network_by_its_start(
    own: AsteriskServer,
) -> None:
    with Proxy(own.ami_port) as proxy:
        async with _at(own, port=proxy.port) as desk:
            first = await desk.posted.until_event(ServerUp)
            await deferToThread(own.command, "core reload")
            proxy.cut()
            await desk.posted.until_event(ServerDown)
            proxy.mend()
            reloaded = await desk.posted.until_event(ServerUp, 2)
            await deferToThread(own.restart)
            restarted = await desk.posted.until_event(ServerUp, 3)
    assert first.started_at is not None
    assert reloaded.started_at == first.started_at < restarted.started_at


@pytest_twisted.ensureDeferred
async def test_what_ended_behind_a_cut_network_is_missing_when_it_is_back(
    own: AsteriskServer,
) -> None:
    with Proxy(own.ami_port) as proxy:
        async with _at(own, port=proxy.port) as desk:
            await desk.posted.until_event(ServerUp)
            calls = [desk.dial("1100", dial_string=LOCAL, extension="wait") for _ in range(2)]
            for call in calls:
                await desk.until(call, Originated)
            gone, going_on = calls
            proxy.cut()
            down = await desk.posted.until_event(ServerDown)
            assert "did not answer Ping within" in down.reason
            channel = next(
                event.channel for event in desk.events(gone) if isinstance(event, Dialling)
            )
            await deferToThread(own.command, f"channel request hangup {channel}")
            proxy.mend()
            back = await desk.posted.until_event(ServerUp, 2)
            assert gone not in back.live_channels
            assert going_on in back.answered_channels
            assert HungUp not in [type(event) for event in desk.events(gone)]
            desk.hang_up(going_on)
            await desk.until(going_on, HungUp)


@pytest_twisted.ensureDeferred
async def test_channels_are_listed_as_long_as_they_exist(asterisk: AsteriskServer) -> None:
    async with _at(asterisk, listing_every_s=0.2) as desk:
        await desk.posted.until_event(ServerUp)
        call = desk.dial("1100", dial_string=LOCAL, extension="wait")
        await desk.until(call, Originated)
        listed = await desk.posted.until(lambda event: call in getattr(event, "live_channels", ()))
        assert isinstance(listed, ChannelsListed)
        desk.hang_up(call)
        await desk.until(call, HungUp)
        last = len(desk.posted.seen)
        listings = sum(isinstance(event, ChannelsListed) for event in desk.posted.seen)
        await desk.posted.until_event(ChannelsListed, listings + 2)
        later = [e for e in desk.posted.seen[last + 1 :] if isinstance(e, ChannelsListed)]
        assert call not in later[-1].live_channels


@pytest_twisted.ensureDeferred
async def test_a_login_that_sees_no_calls_is_refused_and_nobody_is_dialled(
    asterisk: AsteriskServer,
) -> None:
    async with _at(asterisk, login="blind", answer_s=1.0) as desk:
        down = await desk.posted.until_event(ServerDown)
        assert "sees nothing of its calls: add call,user,system to its read" in down.reason
        (refused,) = desk.events(desk.dial("1100"))
        assert isinstance(refused, OriginateRefused)
        assert not refused.was_sent


@pytest_twisted.ensureDeferred
async def test_asterisk_takes_the_beginning_of_a_live_id_for_that_call(desk: PbxDesk) -> None:
    """Why channel ids have one length: a shorter one than a live call's is refused."""
    longer = desk.dial("1100", dial_string=LOCAL, extension="wait")
    await desk.until(longer, Originated)
    shorter = desk.dial("1100", dial_string=LOCAL, extension="wait", channel_id=longer[:-1])
    await desk.until(shorter, Originated)
    (judgement,) = [e for e in desk.events(shorter) if isinstance(e, Originated)]
    assert not judgement.is_answered
    desk.hang_up(longer)
    await desk.until_over(longer)


def test_no_event_filter_is_complained_of(desk: PbxDesk, asterisk: AsteriskServer) -> None:
    assert "eventfilter" not in asterisk.log()
