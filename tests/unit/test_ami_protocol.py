"""Bytes in, packets and fields out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.protocol import (
    MAX_PACKET,
    PacketReader,
    Reply,
    ServerLost,
    decode,
    event_name,
    field,
    parse_headers,
)

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
TEXT = "Event: UserEvent\r\nA: žluť\r\n\r\nResponse: Success\r\nB: 寧\r\n\r\n".encode()
PACKETS = ["Event: UserEvent\r\nA: žluť".encode(), "Response: Success\r\nB: 寧".encode()]


@given(st.lists(st.integers(0, len(BANNER + TEXT)), max_size=12))
def test_packets_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream, reader = BANNER + TEXT, PacketReader()
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    assert [packet for chunk in chunks for packet in reader.feed(chunk)] == PACKETS


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"A\r\n"]
)
def test_a_peer_that_is_no_ami_is_told_by_its_first_words(said: bytes) -> None:
    with pytest.raises(ServerLost, match='instead of "Asterisk Call Manager/…"'):
        PacketReader().feed(said)


def test_a_packet_without_end_is_given_up() -> None:
    reader = PacketReader()
    assert reader.feed(BANNER + b"x" * (MAX_PACKET - 10)) == []
    with pytest.raises(ServerLost, match="without an end"):
        reader.feed(b"x" * 20)


def test_spare_line_ends_between_packets_are_dropped() -> None:
    assert PacketReader().feed(BANNER + b"\r\nEvent: A\r\n\r\n\r\nEvent: B\r\n\r\n\r\n\r\n") == [
        b"Event: A",
        b"Event: B",
    ]


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (b"Event: Hangup\r\nCause: 16", b"Hangup"),
        (b"Event: HangupRequest\r\nCause: 16", b"HangupRequest"),
        (b"Event: Shutdown", b"Shutdown"),
        (b"Response: Success\r\nEvent: Hangup", b""),
    ],
)
def test_an_event_is_named_by_its_first_line_alone(packet: bytes, name: bytes) -> None:
    assert event_name(packet) == name


def test_a_field_is_the_first_with_exactly_that_name() -> None:
    packet = b"Event: X\r\nDestUniqueid: 1\r\nUniqueid: 2\r\nUniqueid: 3\r\nLast: 4"
    assert field(packet, b"Uniqueid") == b"2"
    assert field(packet, b"DestUniqueid") == b"1"
    assert field(packet, b"Last") == b"4"
    assert field(packet, b"Event") == b""
    assert field(packet, b"id") == b""


def test_a_line_is_utf_8_or_else_latin_1() -> None:
    assert decode("žluť".encode()) == "žluť"
    assert decode("Köln".encode("latin-1")) == "Köln"


def test_each_line_is_decoded_by_itself() -> None:
    packet = "A: Köln".encode("latin-1") + "\r\nB: žluť".encode()
    assert parse_headers(packet) == (("A", "Köln"), ("B", "žluť"))


def test_headers_keep_order_repeats_colons_and_empty_values() -> None:
    assert parse_headers(b"A: 1\r\nno colon\r\nA: 2: 3\r\nB:\r\nC: ") == (
        ("A", "1"),
        ("A", "2: 3"),
        ("B", ""),
        ("C", ""),
    )


def test_a_reply_is_read_whatever_the_case_of_its_names() -> None:
    reply = Reply(headers=(("Response", "Success"), ("Output", "1"), ("output", "2")))
    assert reply.is_success
    assert reply.get_all("OUTPUT") == ["1", "2"]
    assert reply.get("missing") == ""
