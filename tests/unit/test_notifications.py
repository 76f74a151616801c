"""The form of a call, the schedule of its repeats, its signature, and where it may go."""

import hmac
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.model import Campaign
from core.rules.notifications import (
    LONGEST_PAUSE_S,
    MAX_ATTEMPTS,
    MAX_URL,
    check_url,
    decide_pause,
    form_fields,
    host_of,
    is_link_local,
    render_form,
    sign,
)
from core.rules.states import CallState
from tests.support.world import World, rule

URL = "http://crm.example/calls"
PLAIN: dict[str, object] = {
    "number": "1",
    "current_number": "2",
    "list_name": "l",
    "state": CallState.TERMINATED,
    "ext_status": "",
    "retry_no": 0,
    "reschedule_s": 0,
    "asterisk_id": "a",
    "wombat_id": 7,
    "inputs": {},
    "outputs": {},
}


def fields_of(world: World, index: int = 0) -> dict[str, str]:
    """What the dialer wants to have posted of its calls, decoded as a server would."""
    notify = world.logs[index].notify
    assert notify is not None
    assert notify.url == URL
    return dict(parse_qsl(notify.body, keep_blank_values=True, strict_parsing=True))


def one_call(number: str = "5551234", **campaign: object) -> World:
    world = World()
    world.add_list(1, [number], HH="10")
    world.load(Campaign(id=1, name="c", http_notify=URL, **campaign))  # type: ignore[arg-type]
    return world


def test_a_call_tells_its_campaign_s_url_what_became_of_it() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.report(channel, "ATTRIBUTE", "APPT", "APPE")
    world.report(channel, "CALLSTATUS", "", "1")
    world.hang_up(channel)
    assert fields_of(world) == {
        "num": "5551234",
        "currentnum": "5551234",
        "listname": "list 1",
        "state": "TERMINATED",
        "extstate": "1",
        "retry": "0",
        "reschedule": "0",
        "asteriskid": channel,
        "wombatid": "WBT.1",
        "I_HH": "10",
        "O_APPT": "APPE",
    }


def test_a_retry_that_follows_is_told_in_seconds_and_counted_in_the_next() -> None:
    world = one_call(reschedule_rules=(rule("RS_BUSY", max_attempts=1, retry_after_s=300),))
    world.busy(world.ringing[0])
    world.wait(seconds=300)
    world.busy(world.ringing[0])
    told = [fields_of(world, index) for index in (0, 1)]
    assert [(f["state"], f["retry"], f["reschedule"]) for f in told] == [
        ("RS_BUSY", "0", "300"),
        ("RS_BUSY", "1", "0"),
    ]
    assert [f["extstate"] for f in told] == ["", ""]
    assert told[0]["wombatid"] != told[1]["wombatid"]


def test_a_campaign_without_a_url_tells_nothing() -> None:
    world = World()
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", http_secret="s"))
    world.busy(world.ringing[0])
    assert [entry.notify for entry in world.logs] == [None]


def test_a_call_that_a_black_list_forbade_is_told_without_an_asterisk_id() -> None:
    world = World(blacklist={"5551234"})
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", http_notify=URL, black_list_ids=(9,)))
    assert world.originates == []
    told = fields_of(world)
    assert (told["num"], told["state"], told["asteriskid"]) == ("5551234", "RS_BLACKLIST", "")


def test_what_earlier_calls_found_out_is_told_again() -> None:
    world = World()
    world.add_list(1, ["5551234"])
    world.lists[1] = [replace(world.lists[1][0], outputs={"APPT": "PSYC"})]
    world.load(Campaign(id=1, name="c", http_notify=URL))
    world.busy(world.ringing[0])
    assert fields_of(world)["O_APPT"] == "PSYC"


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,9}", fullmatch=True), st.text()))
def test_any_attributes_come_out_of_the_form_as_they_went_in(inputs: dict[str, str]) -> None:
    fields = form_fields(**{**PLAIN, "inputs": inputs, "outputs": inputs})  # type: ignore[arg-type]
    body = render_form(fields)
    assert body.isascii()
    assert dict(parse_qsl(body, keep_blank_values=True)) == fields
    assert fields["num"] == "1"
    assert fields["currentnum"] == "2"


def test_half_a_character_becomes_a_question_mark() -> None:
    assert render_form({"O_NOTE": "a\ud800b"}) == "O_NOTE=a%3Fb"


def test_the_signature_is_the_hmac_of_the_body() -> None:
    # RFC 4231, test case 2
    assert sign("Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert sign("é", b"x") == "sha256=" + hmac.new("é".encode(), b"x", "sha256").hexdigest()


def test_pauses_double_from_five_seconds_to_an_hour_and_end_after_twelve_failures() -> None:
    pauses = [decide_pause(attempts, 0.0) for attempts in range(1, MAX_ATTEMPTS + 1)]
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, None]


@given(st.integers(1, MAX_ATTEMPTS - 1), st.floats(0, 1))
def test_chance_shortens_a_pause_by_a_quarter_at_most(attempts: int, chance: float) -> None:
    full, pause = decide_pause(attempts, 0.0), decide_pause(attempts, chance)
    assert full is not None
    assert pause is not None
    assert 0.75 * full <= pause <= full <= LONGEST_PAUSE_S


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/crm.php",
        "https://crm.example/calls?campaign=a%20b&x=1",
        "http://10.0.0.7/x",
        "http://[::1]:8080/",
        "HTTPS://Crm.Example",
        "http://crm.example/".ljust(MAX_URL, "x"),
    ],
)
def test_http_and_https_may_go_to_private_places(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "such as https://example.com/calls"),
        ("crm.example/calls", "such as https://"),
        ("ftp://crm.example/", "such as https://"),
        ("file:///etc/passwd", "such as https://"),
        ("http:///calls", "such as https://"),
        ("http://crm.example:http/", "such as https://"),
        ("http://crm.example:0/", "such as https://"),
        ("http://crm.example:99999/", "such as https://"),
        ("http://[::1/", "such as https://"),
        ("http://crm.example/a b", "as %XX"),
        ("http://crm.example/a\r\nX-Evil: 1", "as %XX"),
        ("http://crm.example/é", "as %XX"),
        ("http://ann:hush@crm.example/", "no user and password"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://[::ffff:169.254.1.1]/", "link-local"),
        ("http://crm.example/" + "x" * MAX_URL, "at most 2000 characters"),
    ],
)
def test_a_url_that_nothing_may_be_posted_to_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidValue) as error:
        check_url(url)
    assert says in error.value.expected


def test_the_host_is_what_limits_count_by() -> None:
    assert host_of("HTTPS://Crm.Example:8443/x") == "crm.example"
    assert host_of("crm") == host_of("http://[::1/") == ""
    assert not is_link_local("crm.example")
    assert is_link_local("169.254.0.1")
    assert not is_link_local("192.168.0.1")
