"""The drop-in and AGI() in a real Asterisk, against our server."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.threads import deferToThread

from core.ports.events import Event, Report, Reported
from dialplan.render import render_drop_in
from fastagi.server import FastAgiFactory
from tests.support.asterisk.server import AsteriskServer

pytestmark = pytest.mark.asterisk

LIMIT_S = 40
MODULES = "res_clioriginate app_stack app_read app_amd app_waitforsilence app_senddtmf func_uri"

#: Called parties, and what a dialplan does on the other side. PORT is our server's.
CALLS = r"""
[far]
exten => quiet,1,Answer()
 same => n,Wait(30)
exten => press2,1,Answer()
 same => n,Wait(0.3)
 same => n,SendDTMF(2)
 same => n,Wait(30)
exten => machine,1,Answer()
 same => n,Playback(vm-intro&silence/5)
 same => n,Wait(30)
exten => reports,1,Answer()
 same => n,Wait(0.2)
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,FAR)

[near]
exten => routes,1,AGI(agi://127.0.0.1:PORT/attr_clear)
 same => n,AGI(agi://127.0.0.1:PORT/attribute,NOTE,light, blue)
 same => n,AGI(agi://127.0.0.1:PORT/attr_append,NOTE,and grey)
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,${WHIPBIRD_RESULT})
exten => subroutines,1,GoSub(whipbird-attribute,clear,1)
 same => n,GoSub(whipbird-attribute,s,1(A,Zoë))
 same => n,GoSub(whipbird-attribute,append,1(A, & co))
 same => n,GoSub(whipbird-status,s,1(${GOSUB_RETVAL}))
exten => exact,1,Set(V=say "hi" (you)\, c:\\x\; }e%20 100% $)
 same => n,AGI(agi://127.0.0.1:PORT/attribute?name=A&value=${URIENCODE(${V})})
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,DONE)
exten => wrong,1,AGI(agi://127.0.0.1:PORT/attribute,1x,v)
 same => n,Set(A=${IF($["${WHIPBIRD_RESULT}" = "OK"]?yes:no)})
 same => n,Set(B=${IF($["${WHIPBIRD_RESULT:0:6}" = "ERROR:"]?yes:no)})
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,${AGISTATUS} ${A} ${B})
exten => away,1,Set(WHIPBIRD_RESULT=)
 same => n,AGI(agi://127.0.0.1:1/extstatus,X)
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,[${WHIPBIRD_RESULT}] ${AGISTATUS})
exten => h,1,GotoIf($["${GONE}" = ""]?end)
 same => n,AGI(agi://127.0.0.1:PORT/extstatus,HUNG UP)
 same => n(end),NoOp()
exten => hangup,1,Set(GONE=yes)
 same => n,Hangup()
exten => wait,1,Wait(30)
exten => amd,1,Set(AMD_FILE=hello-world)
 same => n,Goto(whipbird-amd,s,1)
"""


class _Reports:
    """What the server posted, and a way to wait for a status."""

    def __init__(self) -> None:
        self.seen: list[Reported] = []
        self._waiting: dict[str, Deferred[None]] = {}

    def post(self, event: Event) -> None:
        assert isinstance(event, Reported)
        self.seen.append(event)
        if event.value in self._waiting:
            self._waiting.pop(event.value).callback(None)

    async def until(self, value: str) -> list[tuple[Report, str, str]]:
        """All reports up to and with the one of this value."""
        from twisted.internet import reactor

        if value not in [report.value for report in self.seen]:
            waiting: Deferred[None] = Deferred()
            self._waiting[value] = waiting
            await waiting.addTimeout(LIMIT_S, reactor)
        return [(report.report, report.name, report.value) for report in self.seen]


@pytest_twisted.async_yield_fixture
async def reports(asterisk: AsteriskServer) -> AsyncIterator[_Reports]:
    """A FastAGI server, and an Asterisk whose dialplan calls it."""
    from twisted.internet import reactor

    found = _Reports()
    factory = FastAgiFactory(found.post, clock=reactor)
    listening = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    port = listening.getHost().port
    drop_in = render_drop_in(host="127.0.0.1", port=port) + CALLS.replace("PORT", str(port))
    asterisk.extend(drop_in, MODULES.split(), amd="[general]\n")
    yield found
    await _clear(asterisk)
    await listening.stopListening()


async def _clear(asterisk: AsteriskServer) -> None:
    """Hang up all calls and let their sessions end, off the reactor's thread."""
    await deferToThread(asterisk.command, "channel request hangup all")
    for _ in range(100):
        count = await deferToThread(asterisk.command, "core show channels count")
        if count.startswith("0 active channels"):
            return
    raise AssertionError("calls are still up:\n" + asterisk.command("core show channels concise"))


def _call(asterisk: AsteriskServer, far: str, extension: str) -> None:
    asterisk.command(f"channel originate Local/{far}@far/n extension {extension}")


@pytest_twisted.ensureDeferred
async def test_the_four_routes_report_and_answer_ok(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "routes@near")

    assert await reports.until("OK") == [
        (Report.CLEAR, "", ""),
        (Report.ATTRIBUTE, "NOTE", "light, blue"),
        (Report.APPEND, "NOTE", "and grey"),
        (Report.STATUS, "", "OK"),
    ]
    assert len({report.call_ids for report in reports.seen}) == 1


@pytest_twisted.ensureDeferred
async def test_the_subroutines_report_and_return_ok(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "subroutines@near")

    assert await reports.until("OK") == [
        (Report.CLEAR, "", ""),
        (Report.ATTRIBUTE, "A", "Zoë"),
        (Report.APPEND, "A", " & co"),
        (Report.STATUS, "", "OK"),
    ]


@pytest_twisted.ensureDeferred
async def test_a_query_with_uriencode_keeps_every_character(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "exact@near")

    assert (await reports.until("DONE"))[0] == (
        Report.ATTRIBUTE,
        "A",
        r'say "hi" (you)\, c:\\x; }e%20 100% $',
    )


@pytest_twisted.ensureDeferred
async def test_a_refused_report_can_be_told_in_the_dialplan(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "wrong@near")

    assert await reports.until("SUCCESS no yes") == [(Report.STATUS, "", "SUCCESS no yes")]


@pytest_twisted.ensureDeferred
async def test_without_a_server_the_dialplan_goes_on_with_an_empty_answer(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "away@near")

    assert await reports.until("[] FAILURE") == [(Report.STATUS, "", "[] FAILURE")]


@pytest_twisted.ensureDeferred
async def test_the_other_leg_reports_under_the_linkedid_too(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "reports", "wait@near")
    await reports.until("FAR")

    [far_id, our_id] = reports.seen[0].call_ids
    assert int(far_id.partition(".")[2]) == int(our_id.partition(".")[2]) + 1


@pytest_twisted.ensureDeferred
async def test_a_channel_that_hung_up_may_still_report(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "quiet", "hangup@near")

    assert await reports.until("HUNG UP") == [(Report.STATUS, "", "HUNG UP")]


@pytest_twisted.ensureDeferred
async def test_a_key_pressed_becomes_the_status(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "press2", "s@whipbird-message")

    assert await reports.until("DECLINED") == [(Report.STATUS, "", "DECLINED")]


@pytest_twisted.ensureDeferred
async def test_an_answering_machine_gets_its_own_message(
    asterisk: AsteriskServer, reports: _Reports
) -> None:
    _call(asterisk, "machine", "amd@near")

    assert await reports.until("AMDSENT") == [
        (Report.STATUS, "", "AMD"),
        (Report.STATUS, "", "AMDSENT"),
    ]
