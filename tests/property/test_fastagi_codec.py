"""The codec under any chunking and any bytes."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fastagi.codec import Codec, Event, InvalidAgi, Request
from tests.support.agi import request

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=30)
_REPLY_LINES = st.sampled_from(
    [b"HANGUP\n", b"200 result=1 (x)\n", b"520-a\n", b"520 b\n", b"511 no\r\n", b"Usage\n", b"\n"]
)
_SESSIONS = st.builds(
    lambda script, args, lines: request(script, *args) + b"".join(lines),
    _TEXT,
    st.lists(_TEXT, max_size=4),
    st.lists(_REPLY_LINES, max_size=8),
)
_NEARLY_AGI = st.lists(
    st.one_of(
        _REPLY_LINES,
        st.binary(max_size=20),
        st.sampled_from([b"agi_uniqueid: 1.2\n", b"agi_", b": ", b"x" * 9000]),
    ),
    max_size=12,
).map(b"".join)


def _read(chunks: Iterable[bytes]) -> tuple[list[Event], str]:
    """The events and the error's text, if there was one."""
    codec = Codec()
    events: list[Event] = []
    for chunk in chunks:
        codec.receive(chunk)
        try:
            while (event := codec.next_event()) is not None:
                events.append(event)
        except InvalidAgi as error:
            return events, error.expected
    return events, ""


def _cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


_PLACES = st.lists(st.integers(0, 9500), max_size=12)


@given(_SESSIONS | _NEARLY_AGI, _PLACES)
def test_any_chunking_gives_the_same_events_and_the_same_error(
    data: bytes, places: list[int]
) -> None:
    assert _read(_cut(data, places)) == _read([data])


@given(_SESSIONS)
def test_byte_by_byte_gives_the_same_events(data: bytes) -> None:
    assert _read(data[at : at + 1] for at in range(len(data))) == _read([data])


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_garbage_raises_nothing_but_the_codecs_own_error(chunks: list[bytes]) -> None:
    events, error = _read(chunks)

    assert error or len(events) <= sum(chunk.count(b"\n") for chunk in chunks)


@given(st.lists(_TEXT, max_size=20))
def test_arguments_come_out_as_they_went_in(args: list[str]) -> None:
    [event], error = _read([request("attribute", *args)])

    assert isinstance(event, Request)
    assert (event.args, error) == (tuple(args), "")
