import pytest

from fastagi.codec import (
    MAX_HEADERS,
    MAX_LINE,
    MAX_TOTAL,
    Codec,
    Event,
    Hangup,
    InvalidAgi,
    Reply,
    Request,
    render_get_full_variable,
    render_set_variable,
)
from tests.support.agi import request


def _events(data: bytes) -> list[Event]:
    codec = Codec()
    codec.receive(data)
    events = []
    while (event := codec.next_event()) is not None:
        events.append(event)
    return events


def _request(data: bytes) -> Request:
    [event] = _events(data)
    assert isinstance(event, Request)
    return event


def _replies(data: bytes) -> list[Event]:
    return _events(request("x") + data)[1:]


def test_a_request_gives_its_script_arguments_and_channel() -> None:
    asked = _request(request("attribute", "NAME", "Zoë"))

    assert (asked.script, asked.args, asked.uniqueid) == ("attribute", ("NAME", "Zoë"), "wb-7-1")


def test_without_a_network_script_the_address_tells_the_script() -> None:
    asked = _request(b"agi_request: agi://host:4573/attribute?name=A\nagi_uniqueid: 1.2\n\n")

    assert asked.script == "attribute?name=A"


@pytest.mark.parametrize("address", ["agi://host", "agi://host/", "", "nonsense"])
def test_an_address_without_a_path_has_no_script(address: str) -> None:
    assert _request(f"agi_request: {address}\n\n".encode()).script == ""


def test_arguments_end_at_the_first_gap() -> None:
    asked = _request(b"agi_arg_1: a\nagi_arg_3: c\n\n")

    assert asked.args == ("a",)


def test_a_value_keeps_its_colons_and_its_own_spaces() -> None:
    assert _request(b"agi_arg_1:  a: b \n\n").args == (" a: b ",)


def test_carriage_returns_before_line_feeds_are_dropped() -> None:
    assert _request(b"agi_uniqueid: 1.2\r\n\r\n").uniqueid == "1.2"


def test_a_line_that_is_no_utf8_is_read_as_latin_1() -> None:
    assert _request(b"agi_arg_1: Zo\xeb\nagi_arg_2: Zo\xc3\xab\n\n").args == ("Zoë", "Zoë")


def test_a_reply_gives_code_result_and_data() -> None:
    assert _replies(b"200 result=1 (a (b) c)\n200 result=0\n511 Command Not Permitted\n") == [
        Reply(code=200, text="result=1 (a (b) c)", result="1", data="a (b) c"),
        Reply(code=200, text="result=0", result="0"),
        Reply(code=511, text="Command Not Permitted"),
    ]


def test_a_long_reply_is_one_reply() -> None:
    data = (
        b"520-Invalid command syntax.  Proper usage follows:\n"
        b"Usage: SET VARIABLE <name> <value>\n"
        b"200 is only part of the text\n\n"
        b"520 End of proper usage.\n"
    )

    assert _replies(data) == [
        Reply(
            code=520,
            text="Invalid command syntax.  Proper usage follows:\n"
            "Usage: SET VARIABLE <name> <value>\n"
            "200 is only part of the text\n\n"
            "End of proper usage.",
        )
    ]


def test_a_hangup_between_command_and_reply_does_not_lose_step() -> None:
    assert _replies(b"HANGUP\n200 result=1 (x)\n520-a\nHANGUP\n520 b\n") == [
        Hangup(),
        Reply(code=200, text="result=1 (x)", result="1", data="x"),
        Hangup(),
        Reply(code=520, text="a\nb"),
    ]


def test_an_unfinished_line_is_no_event_yet() -> None:
    assert _events(b"agi_network: yes\nagi_uniqueid: 1") == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GET / HTTP/1.1\r\n", 'AGI header "GET / HTTP/1.1": a request has lines like'),
        (b"Host: example\n", 'AGI header "Host: example": a request has lines like'),
        (b"agi_uniqueid: 1\nAGI_UNIQUEID: 2\n", 'AGI header "agi_uniqueid": a header stands'),
        (b"x" * (MAX_LINE + 1), "a line has at most 8192 bytes"),
        (b"agi_a: " + b"x" * MAX_LINE + b"\n\n", "a line has at most 8192 bytes"),
        (request("x") + b"hello\n", 'AGI reply "hello": a reply starts with its code'),
        (request("x") + b"HANGUP\n" * MAX_TOTAL, "a session sends at most 131072 bytes"),
        (
            b"".join(b"agi_%d: \n" % n for n in range(MAX_HEADERS + 1)),
            "a request has at most 200 headers",
        ),
    ],
)
def test_what_is_no_agi_is_refused_with_its_reason(data: bytes, message: str) -> None:
    with pytest.raises(InvalidAgi, match=message):
        _events(data)


def test_the_limits_themselves_are_allowed() -> None:
    longest = b"agi_a: ".ljust(MAX_LINE, b"x") + b"\n"
    others = b"".join(b"agi_%d: \n" % n for n in range(MAX_HEADERS - 1))

    assert len(_request(longest + others + b"\n").headers) == MAX_HEADERS


def test_a_broken_session_stays_broken() -> None:
    codec = Codec()
    codec.receive(b"garbage\n")
    with pytest.raises(InvalidAgi):
        codec.next_event()
    codec.receive(request("x"))

    with pytest.raises(InvalidAgi, match="garbage"):
        codec.next_event()


def test_a_variable_is_quoted_and_stays_one_line() -> None:
    assert (
        render_set_variable("V", 'a "b" \\c\r\nd\x00') == b'SET VARIABLE V "a \\"b\\" \\\\c  d "\n'
    )


def test_an_expression_is_quoted() -> None:
    assert (
        render_get_full_variable("${CHANNEL(linkedid)}")
        == b'GET FULL VARIABLE "${CHANNEL(linkedid)}"\n'
    )
