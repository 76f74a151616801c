"""From AMI's packets to the dialer's events, and from its commands to AMI's headers.

Only what concerns our own calls comes through. Their channel ids start with `wb-`; the far
half of a Local channel has the same id with `;2` behind it and is left out. Layouts are those
of Asterisk 22: dial events name the called channel `DestUniqueid`, Hangup has `Uniqueid`, and
OriginateResponse is told apart by its ActionID alone, because a duplicate ChannelId is answered
under the Uniqueid of the call that is up.
"""

import re
from collections.abc import Callable

from ami.protocol import decode, event_name, field, parse_headers
from ami.values import render_action, render_functions, render_variable
from core.errors import InvalidValue
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

#: What channel ids of Whipbird start with.
OURS = b"wb-"
#: What the ActionIDs of Originate and Hangup put in front of the channel id.
ORIGINATE = "originate/"
HANG_UP = "hangup/"

#: What Asterisk says to an Originate from the moment that somebody stops it, be it gracefully
#: and hours before it is gone.
SHUTTING_DOWN = "Asterisk is shutting down"

_MARK = b"\r\nActionID: " + ORIGINATE.encode()
_SIGNALS = {signal.value.encode(): signal for signal in DialSignal}
_REPORTS = {report.value: report for report in Report}
#: Old style: several parameters in one, `P0:parm1|P1:parm1`. A bare pipe is part of a value.
_PIPE = re.compile(r"\|(?=[A-Za-z_]\w*:)")


def render_originate(command: Originate) -> bytes:
    """The Originate as Asterisk wants it; InvalidValue if it cannot be sent as it is.

    There is never EarlyMedia: it takes a 183 for an answer.
    """
    if command.answer_timeout_ms <= 0:
        raise InvalidValue(
            "answer timeout", command.answer_timeout_ms, "it is at least 1 ms; with 0 none answers"
        )
    headers = [
        ("Action", "Originate"),
        ("ActionID", ORIGINATE + command.channel_id),
        ("Channel", command.channel),
        ("Context", command.context),
        ("Exten", command.extension),
        ("Priority", "1"),
        ("Timeout", str(command.answer_timeout_ms)),
        ("Async", "true"),
        ("ChannelId", command.channel_id),
        ("OtherChannelId", f"{command.channel_id};2"),
    ]
    headers += _caller_ids(command)
    if command.account:
        headers.append(("Account", command.account))
    headers += [("Variable", render_variable(*pair)) for pair in command.variables]
    return render_action(headers)


def _caller_ids(command: Originate) -> list[tuple[str, str]]:
    """One header at most: AMI's count of them is limited. CallerID shows the same to both sides.
    Where they differ, each is set before the channel dials, so that both are in time: on a
    channel that goes out, the dialled person is shown its connected line."""
    shown, at_end = command.caller_id, command.endpoint_caller_id
    if not at_end or at_end == shown:
        return [("CallerID", shown)] if shown else []
    settings = [("CALLERID(all)", at_end)]
    if shown:
        settings.append(("CONNECTEDLINE(all,i)", shown))
    return [("Variable", render_functions(settings))]


#: The cause with which we end calls.
NORMAL_CLEARING = "16"


def render_hang_up(command: HangUp) -> bytes:
    """The Hangup of a channel by its id; InvalidValue if it cannot be sent. Without a cause
    Asterisk would end the call with 0."""
    return render_action(
        [
            ("Action", "Hangup"),
            ("ActionID", HANG_UP + command.channel_id),
            ("Channel", command.channel_id),
            ("Cause", NORMAL_CLEARING),
        ]
    )


def translate(server_id: int, packet: bytes) -> tuple[Event, ...]:
    """What the packet means for our calls, in order; mostly nothing."""
    read = EVENTS.get(event_name(packet))
    if read is not None:
        return read(server_id, packet)
    if packet.startswith(b"Response: Error"):
        return _refused(server_id, packet)
    return ()


def _number(packet: bytes, name: bytes) -> int:
    """The field as a number; 0 if it is none: what became of a call matters more than why."""
    text = field(packet, name)
    return int(text) if text.isdigit() else 0


def channel_of(packet: bytes) -> str:
    """The channel id that a packet seems to speak of, for a log line; may be empty."""
    return decode(field(packet, b"DestUniqueid") or field(packet, b"Uniqueid"))


def _refused(server_id: int, packet: bytes) -> tuple[Event, ...]:
    """A PBX that is about to stop dials nobody: as good as not sent."""
    channel_id = _originated_id(packet)
    if not channel_id:
        return ()
    reason = decode(field(packet, b"Message"))
    return (
        OriginateRefused(
            server_id=server_id,
            channel_id=channel_id,
            was_sent=reason != SHUTTING_DOWN,
            reason=reason,
        ),
    )


def _originate_response(server_id: int, packet: bytes) -> tuple[Event, ...]:
    channel_id = _originated_id(packet)
    if not channel_id:
        return ()
    return (
        Originated(
            server_id=server_id,
            channel_id=channel_id,
            is_answered=field(packet, b"Response") == b"Success",
            reason=_number(packet, b"Reason"),
        ),
    )


def _dial_begin(server_id: int, packet: bytes) -> tuple[Event, ...]:
    channel_id = _our_id(packet, b"DestUniqueid")
    if not channel_id:
        return ()
    channel = decode(field(packet, b"DestChannel"))
    return (Dialling(server_id=server_id, channel_id=channel_id, channel=channel),)


def _dial_state(server_id: int, packet: bytes) -> tuple[Event, ...]:
    channel_id = _our_id(packet, b"DestUniqueid")
    signal = _SIGNALS.get(field(packet, b"DialStatus"))
    if not channel_id or signal is None:
        return ()
    return (Signalled(server_id=server_id, channel_id=channel_id, signal=signal),)


def _dial_end(server_id: int, packet: bytes) -> tuple[Event, ...]:
    channel_id = _our_id(packet, b"DestUniqueid")
    if not channel_id:
        return ()
    status = decode(field(packet, b"DialStatus"))
    return (DialEnded(server_id=server_id, channel_id=channel_id, status=status),)


def _transfer(server_id: int, packet: bytes) -> tuple[Event, ...]:
    """Whoever took the call passed it on. The transferee is our channel, or one in front of it
    that is linked to it, as behind a queue. Our own far half, or our channel as the transferer,
    mean that the called person's side transferred the agent: no agent is free."""
    by = field(packet, b"TransfererUniqueid") or field(packet, b"OrigTransfererUniqueid")
    transferee = field(packet, b"TransfereeUniqueid")
    name = b"TransfereeUniqueid" if transferee.startswith(OURS) else b"TransfereeLinkedid"
    channel_id = _our_id(packet, name)
    if by.startswith(OURS) or not channel_id or field(packet, b"Result") != b"Success":
        return ()
    return (Transferred(server_id=server_id, channel_id=channel_id),)


def _hangup(server_id: int, packet: bytes) -> tuple[Event, ...]:
    channel_id = _our_id(packet, b"Uniqueid")
    if not channel_id:
        return ()
    sip_code = decode(field(packet, b"TechCause"))
    return (
        HungUp(
            server_id=server_id,
            channel_id=channel_id,
            cause=_number(packet, b"Cause"),
            tech_cause=f"SIP {sip_code}" if sip_code else "",
        ),
    )


def _user_event(_server_id: int, packet: bytes) -> tuple[Event, ...]:
    """Source: manual 25.02, "Controlling WD from Asterisk". The channel's own fields come
    first, then `UserEvent:` with the name, then what the dialplan gave."""
    report = _REPORTS.get(decode(field(packet, b"UserEvent")).strip().upper())
    if report is None:
        return ()
    channel, _, given = packet.partition(b"\r\nUserEvent: ")
    pairs = _parameters(given)
    named = [value.strip() for name, value in pairs if name.lower() == "uniqueid"]
    named += [decode(field(channel, b"Uniqueid")), decode(field(channel, b"Linkedid"))]
    call_ids = tuple(dict.fromkeys(name for name in named if name))
    if not any(name.startswith(OURS.decode()) for name in call_ids):
        return ()
    rest = [(name, value) for name, value in pairs if name.lower() != "uniqueid"]
    return tuple(_reports(call_ids, report, rest))


def _parameters(given: bytes) -> list[tuple[str, str]]:
    """The (name, value) pairs behind the `UserEvent:` line."""
    _, _, lines = given.partition(b"\r\n")
    pairs: list[tuple[str, str]] = []
    for name, value in parse_headers(lines):
        for piece in _PIPE.split(f"{name}:{value}"):
            key, _, text = piece.partition(":")
            pairs.append((key.strip(), text.removeprefix(" ")))
    return pairs


def _reports(
    call_ids: tuple[str, ...], report: Report, pairs: list[tuple[str, str]]
) -> list[Reported]:
    match report:
        case Report.CLEAR:
            return [Reported(call_ids=call_ids, report=report)]
        case Report.STATUS:
            values = [value for name, value in pairs if name.upper() == "V"]
            return [Reported(call_ids=call_ids, report=report, value=value) for value in values]
        case Report.ATTRIBUTE | Report.APPEND:
            return [
                Reported(call_ids=call_ids, report=report, name=name, value=value)
                for name, value in pairs
            ]


def _our_id(packet: bytes, name: bytes) -> str:
    value = field(packet, name)
    return value.decode() if value.startswith(OURS) and b";" not in value else ""


def _originated_id(packet: bytes) -> str:
    return decode(field(packet, b"ActionID")[len(ORIGINATE) :]) if _MARK in packet else ""


#: Which events the dialer wants, and how each is read. The server-side filter asks for them.
EVENTS: dict[bytes, Callable[[int, bytes], tuple[Event, ...]]] = {
    b"OriginateResponse": _originate_response,
    b"DialBegin": _dial_begin,
    b"DialState": _dial_state,
    b"DialEnd": _dial_end,
    b"BlindTransfer": _transfer,
    b"AttendedTransfer": _transfer,
    b"Hangup": _hangup,
    b"UserEvent": _user_event,
}
