"""The recipes of the manual's cookbook (25.02), run as they are printed against a running
Whipbird and a real Asterisk: what is changed is said at each. Lines that the print has broken
are whole again. `googletts.agi` is not installed: Asterisk says so and goes on.
"""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.store.lists import fetch_list_by_name, fetch_records
from tests.support.asterisk.server import AsteriskServer, free_port
from tests.support.installation import Installation, describe_server
from tests.support.parts import require

pytestmark = pytest.mark.asterisk

MODULES = ("app_read", "app_senddtmf", "func_timeout", "res_curl", "func_curl", "res_clioriginate")

#: "A social media dialer". SIP/500, a telephone, is Local/500@telephones here.
SOCIAL = """
[telecast]
exten => 100,1,Wait(1)
exten => 100,2,Answer
exten => 100,n,Playback(hello-world)
exten => 100,n,Playback(agent-loginok)
exten => 100,n,SayDigits(${user})
exten => 100,n,Playback(vm-youhave)
exten => 100,n,SayDigits(${friends})
exten => 100,n,Playback(vm-Friends)
exten => 100,n,Playback(vm-goodbye)
exten => 100,n,Hangup

[dialout]
exten => _X.,1,Dial(Local/500@telephones/n)
exten => _X.,n,Hangup
"""

#: "Outbound IVRs and dr. Strangelove".
STRANGELOVE = """
[drstrangelove]
exten => s,1,Answer
exten => s,n,Set(TIMEOUT(response)=5)
exten => s,n,UserEvent(CALLSTATUS,Uniqueid:${UNIQUEID},V:0)
exten => s,n(start),agi(googletts.agi,"Your appointment with doctor strangelove is for tomorrow at \
${HH} ${MM}")
exten => s,n,agi(googletts.agi,"Press 1 for to book for major surgery press 2 for psychiatric \
counseling.")
exten => s,n,Read(type,,1)
exten => s,n,GotoIf($["${type}" = "1"]?appe)
exten => s,n,GotoIf($["${type}" = "2"]?psyc)
exten => s,n,Goto(start)

exten => s,n(appe),UserEvent(ATTRIBUTE,Uniqueid:${UNIQUEID},APPT:APPE)
exten => s,n,agi(googletts.agi,"You choose the appendectomy.")
exten => s,n,Goto(confirm)

exten => s,n(psyc),UserEvent(ATTRIBUTE,Uniqueid:${UNIQUEID},APPT:PSYC)
exten => s,n,agi(googletts.agi,"You choose psychiatric counseling.")
exten => s,n,Goto(confirm)

exten => s,n(confirm),agi(googletts.agi,"Thank you! Now press 1 to confirm the appointment")
exten => s,n,agi(googletts.agi,"or 2 to cancel it.")
exten => s,n,Read(conf,,1)
exten => s,n,GotoIf($["${conf}" = "1"]?ok)
exten => s,n,GotoIf($["${conf}" = "2"]?ko)
exten => s,n,Goto(confirm)

exten => s,n(ok),UserEvent(CALLSTATUS,Uniqueid:${UNIQUEID},V:1)
exten => s,n,agi(googletts.agi,"The appointment was confirmed. See you tomorrow.")
exten => s,n,Hangup

exten => s,n(ko),UserEvent(CALLSTATUS,Uniqueid:${UNIQUEID},V:2)
exten => s,n,agi(googletts.agi,"Boo the appointment was canceled.")
exten => s,n,Hangup
"""

#: "Elastix queue call-backs", from where the number is known. The blank at the end of WHEN is
#: not here: Asterisk's libcurl refuses to send it. The brace too many before the last brackets is.
ELASTIX = """
[queue-leavenumber]
exten => 1,1,NoOp
exten => 1,n(Store),NoOp
exten => 1,n,Set(WHEN=${STRFTIME(${EPOCH},,%y%m%d-%H%M%S)})
exten => 1,n,Set(PARM=number=${CBNUM}&attrs=orgQ:400%2Cwhen:${WHEN})
exten => 1,n,Set(foo=${CURL(http://10.10.5.18:8080/wombat/api/calls/?op=addcall&\
campaign=callback&${PARM}}))
exten => 1,n,agi(googletts.agi,"Thank you! we will call you back as soon as possible.",en)
exten => 1,n,Hangup
"""

#: Who answers, and what they press, again and again; and who calls to leave a number.
PEOPLE = """
[telephones]
exten => 500,1,Answer()
 same => n,Wait(60)
exten => 401,1,Wait(1)
 same => n,Hangup()
exten => press1,1,Answer()
 same => n(again),Wait(1)
 same => n,SendDTMF(1)
 same => n,Goto(again)
exten => press2,1,Answer()
 same => n(again),Wait(1)
 same => n,SendDTMF(2)
 same => n,Goto(again)
exten => leaves,1,Set(CBNUM=5551235)
 same => n,Goto(queue-leavenumber,1,1)

[dummy]
exten => 5552012,1,Goto(telephones,press2,1)
exten => 5556785,1,Busy(1)
exten => _X!,1,Goto(telephones,press1,1)
"""

SITE = """
[trunks.Out]
server = "pbx"
dial_string = "Local/${num}@dialout"
capacity = 1

[trunks.dummy]
server = "pbx"
dial_string = "Local/${num}@dummy"

[trunks.Trunk]
server = "pbx"
dial_string = "Local/9${num}@dummy"
capacity = 10

[end_points.Msg]
server = "pbx"
extension = "100"
context = "telecast"

[end_points.IVR]
server = "pbx"
extension = "s"
context = "drstrangelove"

[end_points.401]
server = "pbx"
extension = "401"
context = "telephones"

[lists.Test]
[lists.Appointments]

[campaigns.Runme]
trunks = ["Out"]
end_points = ["Msg"]
lists = ["Test"]
idles_on_termination = true

[campaigns.AppReminders]
trunks = ["dummy"]
end_points = ["IVR"]
lists = ["Appointments"]
idles_on_termination = true
time_zone = "ZONE"
start_time = "8:00"
end_time = "18:00"
max_call_length_s = 90
http_notify = "NOTIFY"

[[campaigns.AppReminders.reschedule]]
state = "RS_BUSY"
max_attempts = 5
retry_after_s = 300

[[campaigns.AppReminders.reschedule]]
state = "TERMINATED"
ext_status = "0"
max_attempts = 3
retry_after_s = 300

[lists.DNC]

[campaigns.WEBSITE]
trunks = ["dummy"]
end_points = ["401"]
black_lists = ["DNC"]
idles_on_termination = true

[campaigns.callback]
trunks = ["Trunk"]
end_points = ["401"]
idles_on_termination = true
"""

#: The script of "Outbound IVRs" and of "HTTP/S life-cycle notifications".
PHP = """<?
$out = "";
foreach($_POST as $name => $value) {
    $out .= "$name:$value ";
}
print($out);
error_log("RQ: $out",0, "", "");
?>
"""


class Office:
    """Dr. Strangelove's office management: PHP's own web server, with the script as printed."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._log = directory / "office.log"
        (directory / "notify.php").write_text(PHP)
        command = ["php", "-d", "short_open_tag=1", "-S", f"127.0.0.1:{self.port}", "notify.php"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)

    def requests(self) -> list[dict[str, str]]:
        """What the script wrote: its fields, in the order in which they came."""
        lines = re.findall(r"RQ: (.*)", self._log.read_text())
        return [dict(field.split(":", 1) for field in line.split()) for line in lines]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


def midday_zone() -> str:
    """A time zone in which it is about noon now."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    require("php")
    found = Office(tmp_path_factory.mktemp("office"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def heard(asterisk: AsteriskServer) -> Path:
    """What Asterisk does, step by step."""
    return asterisk.trace("cookbook")


@pytest.fixture(scope="module")
def kitchen(
    tmp_path_factory: pytest.TempPathFactory,
    asterisk: AsteriskServer,
    office: Office,
    heard: Path,  # it begins before the first call
) -> Iterator[Installation]:
    """A running Whipbird with the cookbook's campaigns, and the dialplans on its Asterisk. The
    social media dialer has begun, for its messages take long: the last test hears them."""
    found = Installation(tmp_path_factory.mktemp("kitchen"))
    elastix = ELASTIX.replace("10.10.5.18:8080", f"127.0.0.1:{found.web_port}")
    asterisk.extend(SOCIAL + STRANGELOVE + elastix + PEOPLE, MODULES)
    site = SITE.replace("ZONE", midday_zone())
    site = site.replace("NOTIFY", f"http://127.0.0.1:{office.port}/notify.php")
    found.apply(describe_server(asterisk.server()) + site)
    found.start()
    befriend(found)
    yield found
    found.stop()


def befriend(kitchen: Installation) -> None:
    kitchen.import_numbers(["0916300000,10,100"], "Test", "number,user,friends")
    kitchen.run("campaign", "start", "Runme")
    answer = curl(
        kitchen,
        """http://server:8080/wombat/api/calls/index.jsp?
             op=addcall&campaign=Runme
             &number=0916309765&attrs=user:107,friends:123""",
    )
    assert answer.startswith("OK")


def curl(kitchen: Installation, url: str) -> str:
    """What curl prints for one of the manual's lines, its host changed and its breaks taken out."""
    whole = "".join(line.strip() for line in url.splitlines())
    here = re.sub(r"^http://[^/]+", f"http://127.0.0.1:{kitchen.web_port}", whole)
    command = ["curl", "--silent", "--show-error", "--max-time", "30", here]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def outcomes(kitchen: Installation, *numbers: str) -> set[tuple[str, str, str]]:
    """Number, state and extended status of the calls to these numbers that are over."""
    rows = kitchen.logs()
    return {(row.number, row.state, row.ext_status) for row in rows if row.number in numbers}


def wait_for(kitchen: Installation, *expected: tuple[str, str, str]) -> None:
    numbers = [number for number, _, _ in expected]
    kitchen.wait(
        lambda: outcomes(kitchen, *numbers) == set(expected),
        60,
        f"not as expected: {outcomes(kitchen, *numbers)}",
    )


def test_outbound_ivrs(kitchen: Installation, office: Office) -> None:
    rows = ["5551234,10,30", "5556785,11,00", "5552012,11,30"]
    kitchen.import_numbers(rows, "Appointments", "number,HH,MM")
    kitchen.run("campaign", "start", "AppReminders")
    wait_for(
        kitchen,
        ("5551234", "TERMINATED", "1"),
        ("5552012", "TERMINATED", "2"),
        ("5556785", "RS_BUSY", ""),
    )
    for url in (
        """http://server:8088/wombat/api/calls/index.jsp?
           op=addcall&campaign=AppReminders&number=45678
           &attrs=HH:12,MM:15""",
        """http://server:8088/wombat/api/calls/index.jsp?
           op=addcall&campaign=AppReminders&number=45679
           &attrs=HH:12,MM:15
           &schedule=2012-06-01.10:00:00""",
    ):
        assert curl(kitchen, url).startswith("OK")
    wait_for(kitchen, ("45678", "TERMINATED", "1"), ("45679", "TERMINATED", "1"))
    kitchen.wait(lambda: len(office.requests()) == 5, 30, "the office was not told")
    told = {one["num"]: one for one in office.requests()}
    keys = ("state", "extstate", "I_HH", "I_MM", "O_APPT", "retry", "reschedule")
    assert {number: tuple(one.get(key) for key in keys) for number, one in told.items()} == {
        "5551234": ("TERMINATED", "1", "10", "30", "APPE", "0", "0"),
        "5552012": ("TERMINATED", "2", "11", "30", "PSYC", "0", "0"),
        "5556785": ("RS_BUSY", "", "11", "00", None, "0", "300"),
        "45678": ("TERMINATED", "1", "12", "15", "APPE", "0", "0"),
        "45679": ("TERMINATED", "1", "12", "15", "APPE", "0", "0"),
    }


def test_elastix_queue_call_backs(kitchen: Installation, asterisk: AsteriskServer) -> None:
    kitchen.run("campaign", "start", "callback")
    asterisk.command("channel originate Local/500@telephones/n extension leaves@telephones")
    wait_for(kitchen, ("5551235", "TERMINATED", ""))
    with kitchen.database.connect() as conn:
        automatic = fetch_list_by_name(conn, "callback/AUTO")
        [record] = fetch_records(conn, automatic.id, after_id=0, limit=9)
    assert record.number == "5551235"
    assert set(record.inputs) == {"orgQ", "when"}
    assert record.inputs["orgQ"] == "400"
    assert re.fullmatch(r"\d{6}-\d{6}", record.inputs["when"])


def test_understanding_blacklists(kitchen: Installation) -> None:
    call_1234 = """http://127.0.0.1:8080/wombat/api/calls/
        ?op=addcall
        &campaign=WEBSITE
        &number=1234
        &attrs=NAME:John,SURN:Doe
        &schedule=2024-03-18.14:00:00"""
    listed = """http://127.0.0.1:8080/wombat/api/lists/
        ?op=addToList
        &list=DNC
        &numbers=1234,REASON:recalled"""
    cancelled = """http://127.0.0.1:8080/wombat/api/calls/
        ?op=cancelBlacklist
        &list=DNC
        &numbers=1234
        &reason=NEWCASE"""
    kitchen.run("campaign", "start", "WEBSITE")
    assert curl(kitchen, listed) == "OK: Numbers added: 1\n"
    assert curl(kitchen, call_1234).startswith("OK: number added to list WEBSITE/AUTO")
    wait_for(kitchen, ("1234", "RS_BLACKLIST", ""))
    assert curl(kitchen, cancelled).startswith("OK: Numbers updated: 1")
    assert curl(kitchen, call_1234).startswith("OK")
    wait_for(kitchen, ("1234", "RS_BLACKLIST", ""), ("1234", "TERMINATED", ""))
    with kitchen.database.connect() as conn:
        dnc = fetch_list_by_name(conn, "DNC")
        [entry] = fetch_records(conn, dnc.id, after_id=0, limit=9)
    assert entry.inputs["REASON"] == "recalled"
    assert entry.inputs["BLACKLISTED_CANCELLED"].startswith("NEWCASE")


def test_a_social_media_dialer(kitchen: Installation, heard: Path) -> None:
    wait_for(kitchen, ("0916300000", "TERMINATED", ""), ("0916309765", "TERMINATED", ""))
    said = re.findall(r'SayDigits\("([^"]*)", "(\d+)"\)', heard.read_text())
    calls = {channel: tuple(d for c, d in said if c == channel) for channel, _ in said}
    assert sorted(calls.values()) == [("10", "100"), ("107", "123")]
