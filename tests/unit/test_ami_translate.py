"""From Asterisk's packets to events, in the layouts that Asterisk 22 sends."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ami.translate import channel_of, render_hang_up, render_originate, translate
from core.errors import InvalidValue
from core.model import Trunk
from core.ports.commands import HangUp, Originate
from core.ports.events import (
    DialEnded,
    Dialling,
    DialSignal,
    Event,
    HungUp,
    Originated,
    OriginateRefused,
    Report,
    Reported,
    Signalled,
    Transferred,
)

CALL = "wb-0000abcd-5"
TRUNK = Trunk(id=1, server_id=7, name="t", dial_string="Local/${num}@carrier/n")
DEST = [
    "Privilege: call,all",
    "DestChannel: Local/100@carrier-00000000;1",
    "DestChannelState: 0",
    "DestCallerIDNum: <unknown>",
    f"DestUniqueid: {CALL}",
    f"DestLinkedid: {CALL}",
]
CHANNEL = [
    "Privilege: user,all",
    "Channel: Local/100@carrier-00000000;1",
    "Exten: ue",
    f"Uniqueid: {CALL}",
    f"Linkedid: {CALL}",
]

#: What people write of a call, by the names of an Originate's fields.
TEXTS = ("channel", "context", "extension", "account", "caller_id", "variables")


def read(*lines: str) -> tuple[Event, ...]:
    return translate(7, "\r\n".join(lines).encode())


def originate(**changes: Any) -> Originate:
    values: dict[str, Any] = {
        "attempt_id": 5,
        "server_id": 7,
        "trunk": TRUNK,
        "channel_id": CALL,
        "channel": "Local/100@carrier/n",
        "extension": "s",
        "context": "target",
        "answer_timeout_ms": 30_000,
    }
    return Originate(**(values | changes))


def test_an_originate_is_asynchronous_under_our_own_ids() -> None:
    command = originate(
        caller_id='"Anna" <200>', account="acme", variables=(("A", "1,2"), ("B", 'x"'))
    )
    assert render_originate(command).decode().split("\r\n") == [
        "Action: Originate",
        f"ActionID: originate/{CALL}",
        "Channel: Local/100@carrier/n",
        "Context: target",
        "Exten: s",
        "Priority: 1",
        "Timeout: 30000",
        "Async: true",
        f"ChannelId: {CALL}",
        f"OtherChannelId: {CALL};2",
        'CallerID: "Anna" <200>',
        "Account: acme",
        r"Variable: A=1\,2",
        r"Variable: B=x\"",
        "",
        "",
    ]


def test_caller_id_and_account_are_left_out_when_empty() -> None:
    data = render_originate(originate())
    assert b"CallerID" not in data
    assert b"Account" not in data
    assert b"EarlyMedia" not in data


def test_both_sides_are_shown_one_caller_id_by_asterisks_own_header() -> None:
    data = render_originate(originate(caller_id="200", endpoint_caller_id="200"))
    assert b"\r\nCallerID: 200\r\n" in data
    assert b"Variable" not in data


def test_two_caller_ids_are_set_by_functions_in_one_header() -> None:
    command = originate(caller_id='"A, b" <200>', endpoint_caller_id='"W (x" <5551234>')
    assert render_originate(command).decode().split("\r\n")[10:] == [
        r"Variable: CALLERID(all)=\"W \(x\" <5551234>,CONNECTEDLINE(all,i)=\"A\, b\" <200>",
        "",
        "",
    ]


def test_the_end_points_caller_id_alone_leaves_the_other_to_the_pbx() -> None:
    data = render_originate(originate(endpoint_caller_id="C1 <5551234>"))
    assert b"\r\nVariable: CALLERID(all)=C1 <5551234>\r\n" in data
    assert b"CONNECTEDLINE" not in data


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_a_timeout_that_never_answers_is_refused(timeout_ms: int) -> None:
    with pytest.raises(InvalidValue, match=f'answer timeout "{timeout_ms}"'):
        render_originate(originate(answer_timeout_ms=timeout_ms))


@given(st.sampled_from(TEXTS), st.text(max_size=40))
@example("account", "x\r\nAction: Command\r\nCommand: core stop now")
@example("caller_id", "x\nVariable: SHELL(id)=1")
@example("variables", "1,SHELL(id)=1")
def test_no_text_of_a_call_makes_a_header_of_its_own(name: str, text: str) -> None:
    value = (("V", text),) if name == "variables" else text
    try:
        data = render_originate(originate(**{"account": "a", "caller_id": "c", name: value}))
    except InvalidValue:
        return
    *lines, blank, end = data.decode().split("\r\n")
    assert (blank, end) == ("", "")
    names = [line.partition(": ")[0] for line in lines if text or ": " in line]
    rest = {"Action", "ActionID", "Channel", "Context", "Exten", "Priority", "Timeout", "Async"}
    rest |= {"ChannelId", "OtherChannelId", "CallerID", "Account", "Variable"}
    assert set(names) <= rest
    assert len(names) == len(set(names))
    assert not [line for line in lines if "\n" in line or "\r" in line]


def test_a_hang_up_names_the_channel_by_its_id() -> None:
    assert render_hang_up(HangUp(server_id=7, channel_id=CALL)) == (
        f"Action: Hangup\r\nActionID: hangup/{CALL}\r\n"
        f"Channel: {CALL}\r\nCause: 16\r\n\r\n".encode()
    )


def test_a_synchronous_error_is_a_refusal_of_what_was_sent() -> None:
    assert read(
        "Response: Error", f"ActionID: originate/{CALL}", "Message: Extension does not exist."
    ) == (
        OriginateRefused(
            server_id=7, channel_id=CALL, was_sent=True, reason="Extension does not exist."
        ),
    )


def test_success_and_the_errors_of_hang_ups_and_others_say_nothing() -> None:
    assert read("Response: Success", f"ActionID: originate/{CALL}", "Message: queued") == ()
    assert read("Response: Error", f"ActionID: hangup/{CALL}", "Message: No such channel") == ()
    assert read("Response: Error", "ActionID: 17", "Message: Permission denied") == ()


@pytest.mark.parametrize(
    ("response", "reason", "is_answered"),
    [("Success", 4, True), ("Failure", 5, False), ("Failure", 3, False), ("Failure", 0, False)],
)
def test_the_verdict_is_matched_by_action_id_never_by_uniqueid(
    response: str, reason: int, is_answered: bool
) -> None:
    assert read(
        "Event: OriginateResponse",
        f"ActionID: originate/{CALL}",
        f"Response: {response}",
        f"Reason: {reason}",
        "Uniqueid: wb-0000abcd-99",
    ) == (Originated(server_id=7, channel_id=CALL, is_answered=is_answered, reason=reason),)


def test_a_verdict_on_another_program_s_originate_is_left_out() -> None:
    lines = ["Response: Failure", "Reason: 0", f"Uniqueid: {CALL}"]
    assert read("Event: OriginateResponse", "ActionID: other/1", *lines) == ()
    assert read("Event: OriginateResponse", *lines) == ()


def test_dial_events_are_matched_by_the_called_channel() -> None:
    channel = "Local/100@carrier-00000000;1"
    assert read("Event: DialBegin", *DEST) == (
        Dialling(server_id=7, channel_id=CALL, channel=channel),
    )
    assert read("Event: DialState", *DEST, "DialStatus: RINGING") == (
        Signalled(server_id=7, channel_id=CALL, signal=DialSignal.RINGING),
    )
    assert read("Event: DialEnd", *DEST, "DialStatus: BUSY") == (
        DialEnded(server_id=7, channel_id=CALL, status="BUSY"),
    )
    assert read("Event: DialState", *DEST, "DialStatus: PROCEEDING2") == ()


def test_a_hang_up_tells_its_cause_and_the_technology_s_own() -> None:
    lines = [*CHANNEL, "Cause: 17", "Cause-txt: User busy"]
    assert read("Event: Hangup", *lines) == (HungUp(server_id=7, channel_id=CALL, cause=17),)
    assert read("Event: Hangup", *lines, "TechCause: 486") == (
        HungUp(server_id=7, channel_id=CALL, cause=17, tech_cause="SIP 486"),
    )


@pytest.mark.parametrize("name", ["Hangup", "DialBegin", "DialState", "DialEnd"])
@pytest.mark.parametrize("other", [f"{CALL};2", "1700000000.12", ""])
def test_far_halves_and_others_calls_are_left_out(name: str, other: str) -> None:
    assert (
        read(
            f"Event: {name}",
            f"Uniqueid: {other}",
            f"DestUniqueid: {other}",
            "Cause: 16",
            "DialStatus: RINGING",
        )
        == ()
    )


BLIND = ("Event: BlindTransfer", "Result: Success", "TransfererUniqueid: 17.2")
ATTENDED = ("Event: AttendedTransfer", "Result: Success", "OrigTransfererUniqueid: 17.2")


@pytest.mark.parametrize("lines", [BLIND, ATTENDED])
def test_a_transfer_is_of_the_call_whose_channel_is_passed_on(lines: tuple[str, ...]) -> None:
    told = (Transferred(server_id=7, channel_id=CALL),)
    mine = (f"TransfereeUniqueid: {CALL}", "TransfereeLinkedid: 16.1")
    linked = ("TransfereeUniqueid: 17.9", f"TransfereeLinkedid: {CALL}")
    assert read(*lines, *mine) == read(*lines, *linked) == told


@pytest.mark.parametrize(
    "lines",
    [
        (BLIND[0], "Result: Fail", BLIND[2], f"TransfereeUniqueid: {CALL}"),
        (*BLIND[:2], f"TransfererUniqueid: {CALL}", f"TransfereeLinkedid: {CALL}"),
        (*ATTENDED[:2], f"OrigTransfererUniqueid: {CALL}", f"TransfereeLinkedid: {CALL}"),
        (*BLIND, f"TransfereeUniqueid: {CALL};2", f"TransfereeLinkedid: {CALL}"),
        (*BLIND, "TransfereeUniqueid: 17.9", "TransfereeLinkedid: 17.1"),
    ],
)
def test_what_frees_no_agent_is_no_transfer(lines: tuple[str, ...]) -> None:
    assert read(*lines) == ()


def test_a_hang_up_request_is_no_hang_up() -> None:
    assert read("Event: HangupRequest", *CHANNEL, "Cause: 16") == ()


@pytest.mark.parametrize("name", ["CALLSTATUS", "callstatus", "CallStatus"])
def test_a_status_is_reported_whatever_the_case_of_its_name(name: str) -> None:
    assert read(
        "Event: UserEvent", *CHANNEL, f"UserEvent: {name}", f"Uniqueid: {CALL}", "V: XXX"
    ) == (Reported(call_ids=(CALL,), report=Report.STATUS, value="XXX"),)


def test_all_names_of_the_call_come_along_the_given_one_first() -> None:
    (event,) = read(
        "Event: UserEvent",
        "Uniqueid: 1700000000.12",
        "Linkedid: wb-0000abcd-6",
        "UserEvent: ATTR_CLEAR",
        f"Uniqueid: {CALL}",
    )
    assert event == Reported(call_ids=(CALL, "1700000000.12", "wb-0000abcd-6"), report=Report.CLEAR)


def test_an_empty_given_uniqueid_leaves_the_channel_s_own() -> None:
    (event,) = read("Event: UserEvent", *CHANNEL, "UserEvent: CALLSTATUS", "Uniqueid: ", "V: A B")
    assert event == Reported(call_ids=(CALL,), report=Report.STATUS, value="A B")


def test_several_attributes_are_several_reports_in_order() -> None:
    events = read(
        "Event: UserEvent",
        *CHANNEL,
        "UserEvent: ATTRIBUTE",
        f"Uniqueid: {CALL}",
        "name: value: x",
        "Channel: fred",
        "Event: Hangup",
        "empty: ",
    )
    assert [(event.name, event.value) for event in events if isinstance(event, Reported)] == [
        ("name", "value: x"),
        ("Channel", "fred"),
        ("Event", "Hangup"),
        ("empty", ""),
    ]


def test_a_pipe_parts_old_style_parameters_but_not_a_value() -> None:
    events = read(
        "Event: UserEvent",
        *CHANNEL,
        "UserEvent: ATTR_APPEND",
        f"Uniqueid: {CALL}|P9:z",
        "P0: parm1|P1:parm1",
        "choice: a|b|3:00",
    )
    assert [(event.name, event.value) for event in events if isinstance(event, Reported)] == [
        ("P9", "z"),
        ("P0", "parm1"),
        ("P1", "parm1"),
        ("choice", "a|b|3:00"),
    ]


def test_other_user_events_and_those_of_others_calls_are_left_out() -> None:
    assert read("Event: UserEvent", *CHANNEL, "UserEvent: AMDRESULT", "V: X") == ()
    assert read("Event: UserEvent", "Uniqueid: 1.2", "UserEvent: CALLSTATUS", "V: X") == ()
    assert read("Event: UserEvent", *CHANNEL, "UserEvent: CALLSTATUS", "W: X") == ()
    assert read("Event: UserEvent", *CHANNEL, "UserEvent: ATTRIBUTE") == ()


def test_a_log_line_can_name_the_call_of_a_packet() -> None:
    assert channel_of(b"Event: Hangup\r\nUniqueid: wb-1-2") == "wb-1-2"
    assert channel_of(b"Event: DialEnd\r\nUniqueid: 1.2\r\nDestUniqueid: wb-1-2") == "wb-1-2"
    assert channel_of(b"Response: Success") == ""
