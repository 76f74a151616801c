"""What the doctor says of a PBX, against one that answers as Asterisk 22 does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ami.probe import probe
from core.model import EndPoint, Server, ServerType, Trunk
from core.ports.probe import Finding
from tests.support.ami_server import AmiServer, Headers, first, refuse, silence

ensure: Callable[..., Any] = pytest_twisted.ensureDeferred


def commands(headers: Headers) -> list[str]:
    match first(headers, "Command"):
        case "manager show user wombat":
            return ["Response: Success", "Output:   read perm: call,user", "Output: x"]
        case "core show channeltypes":
            return ["Response: Success", "Output: Local   Proxy", "Output: PJSIP   Driver"]
        case other:
            return ["Response: Error", f"Message: {other}"]


def dialplan(headers: Headers) -> list[str]:
    match first(headers, "Context"), first(headers, "Extension"):
        case "target", "s" | "":
            return ["Response: Success", "Priority: 1"]
        case "target", extension:
            return ["Response: Error", f"Message: Did not find extension {extension}@target"]
        case context, _:
            return ["Response: Error", f"Message: Did not find context {context}"]


def pjsip(headers: Headers) -> list[str]:
    name = first(headers, "Endpoint")
    if name == "carrier":
        return ["Response: Success"]
    return ["Response: Error", f"Message: Unable to retrieve endpoint {name}"]


@pytest.fixture
def pbx() -> Iterator[AmiServer]:
    pbx = AmiServer()
    pbx.answers |= {
        "CoreSettings": lambda headers: ["Response: Success", "AsteriskVersion: 22.10.1"],
        "Command": commands,
        "ShowDialPlan": dialplan,
        "PJSIPShowEndpoint": pjsip,
    }
    yield pbx
    pytest_twisted.blockon(Deferred.fromCoroutine(pbx.stop()))


async def examine(
    pbx: AmiServer, *dial_strings: str, places: tuple[tuple[str, str], ...] = ()
) -> dict[str, Finding]:
    """The findings under their subjects."""
    server = Server(name="hq", port=pbx.listen(), login="wombat", password="dials")
    trunks = [Trunk(server_id=0, name=text, dial_string=text) for text in dial_strings]
    endpoints = [
        EndPoint(server_id=0, name=extension, extension=extension, context=context)
        for extension, context in places
    ]
    found = await probe(server, trunks, endpoints)
    assert len({finding.subject for finding in found}) == len(found)
    return {finding.subject: finding for finding in found}


@ensure
async def test_the_login_and_the_version_are_told(pbx: AmiServer) -> None:
    found = await examine(pbx)
    assert found["server hq"] == Finding(
        subject="server hq", is_ok=True, text="login accepted, Asterisk 22.10.1"
    )


@ensure
async def test_a_missing_read_class_is_named_with_its_remedy(pbx: AmiServer) -> None:
    finding = (await examine(pbx))["server hq, read classes"]
    assert not finding.is_ok
    assert finding.text == 'login "wombat" cannot see events of class system'
    assert finding.remedy == "add system to the login's read = … in manager.conf"


@ensure
async def test_a_missing_write_class_is_named_with_its_remedy(pbx: AmiServer) -> None:
    pbx.answers["ListCommands"] = lambda headers: [
        "Response: Success",
        *("CoreStatus: x", "CoreShowChannels: x", "Hangup: x"),
    ]
    finding = (await examine(pbx))["server hq, write classes"]
    assert not finding.is_ok
    assert finding.text == 'login "wombat" may not use Originate'
    assert finding.remedy == "add originate to the login's write = … in manager.conf"


@ensure
async def test_dial_strings_are_looked_up_on_the_pbx(pbx: AmiServer) -> None:
    found = await examine(
        pbx,
        "Local/${num}@target/n",
        "Local/9${num}@nowhere",
        "PJSIP/${num}@carrier",
        "PJSIP/nobody/sip:${num}@10.0.0.1",
        "PJSIP/${num}",
        "SIP/${num}@old",
    )
    assert {subject: finding.is_ok for subject, finding in found.items() if "trunk" in subject} == {
        "trunk Local/${num}@target/n": True,
        "trunk Local/9${num}@nowhere": False,
        "trunk PJSIP/${num}@carrier": True,
        "trunk PJSIP/nobody/sip:${num}@10.0.0.1": False,
        "trunk PJSIP/${num}": True,
        "trunk SIP/${num}@old": False,
    }
    assert found["trunk PJSIP/nobody/sip:${num}@10.0.0.1"].text == (
        'there is no PJSIP end-point "nobody"'
    )
    assert found["trunk SIP/${num}@old"].text == "this Asterisk has no channel type SIP"


@ensure
async def test_end_points_need_their_extension_with_priority_1(pbx: AmiServer) -> None:
    found = await examine(pbx, places=(("s", "target"), ("x", "target"), ("y\r\n", "nowhere")))
    assert found["end-point s"].is_ok
    assert not found["end-point x"].is_ok
    assert found["end-point x"].text == "there is no extension x@target with priority 1"
    assert not found["end-point y\r\n"].is_ok


@ensure
async def test_what_may_not_be_looked_at_is_unchecked_not_wrong(pbx: AmiServer) -> None:
    for action in ("Command", "ShowDialPlan", "PJSIPShowEndpoint"):
        pbx.answers[action] = refuse("Permission denied")
    found = await examine(
        pbx, "SIP/${num}@a", "PJSIP/${num}@b", "Local/${num}@c/n", places=(("s", "target"),)
    )
    unchecked = [finding for finding in found.values() if finding.text.startswith("not checked")]
    assert len(unchecked) == 5
    assert [finding.is_ok and bool(finding.remedy) for finding in unchecked] == [True] * 5


@ensure
async def test_a_refused_login_is_the_only_finding(pbx: AmiServer) -> None:
    pbx.answers["Login"] = refuse("Authentication failed")
    (finding,) = (await examine(pbx, "Local/${num}@target/n")).values()
    assert not finding.is_ok
    assert finding.text.endswith("check user and secret")
    assert finding.remedy.startswith("correct [wombat] in manager.conf")


@ensure
async def test_a_pbx_that_falls_silent_ends_the_probe_and_keeps_what_was_found(
    pbx: AmiServer,
) -> None:
    pbx.answers["ListCommands"] = silence
    timer = Clock()
    server = Server(name="hq", port=pbx.listen(), login="wombat", password="dials")
    running = Deferred.fromCoroutine(probe(server, [], [], timer=timer))
    await pbx.until_action("ListCommands")
    timer.advance(5)
    found = await running
    assert [finding.is_ok for finding in found] == [True, False]
    assert "did not answer ListCommands within 5 s" in found[1].text


@ensure
async def test_a_simulated_server_is_always_well(pbx: AmiServer) -> None:
    pbx.listen()
    server = Server(name="demo", type=ServerType.SIMULATED, port=1)
    assert [finding.is_ok for finding in await probe(server, [], [])] == [True]
