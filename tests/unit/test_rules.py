"""Numbers, attributes, dial strings, states and windows: what is accepted, and what is said."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidValue
from core.rules.attributes import check_attributes, check_name, check_value
from core.rules.capacity import CallWindow
from core.rules.dialstring import check_dial_string, render_channel
from core.rules.numbers import parse_number
from core.rules.states import TRANSITIONS, CallState, RunState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5551234", "5551234"),
        ("+41 (91) 630-97.65", "+41916309765"),
        ("*98#", "*98#"),
        ("030/123\u00a0456", "030123456"),
    ],
)
def test_a_number_loses_the_marks_people_write(text: str, number: str) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one digit"),
        ("+", "at least one digit"),
        (" - ", "at least one digit"),
        ("12a4", 'with at most a + in front; "a" is neither'),
        ("a", '"a" is neither'),
        ("1+2", '"+" is neither'),
        ("1&Local", '"&" is neither'),
        ("5@evil", '"@" is neither'),
        ("1" * 41, "at most 40 digits, this has 41"),
        ("1" * 39 + "a", '"a" is neither'),
        ("١٢٣", "is neither"),
        ("<s>", '"<" is neither'),
        ("++1", '"+" is neither'),
        ("41915550104.0", 'leave out the ".0"'),
        (" +41915550104.0 ", 'leave out the ".0"'),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidValue) as error:
        parse_number(text)
    assert says in str(error.value)
    assert text in str(error.value)


@pytest.mark.parametrize("name", ["A", "_", "FIRST NAME", "a 1 b", "A" * 64])
def test_a_name_is_what_a_dialplan_can_read(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1A",
        " A",
        "A ",
        "A  B",
        "A\tB",
        "A-B",
        "Ä",
        "A" * 65,
        "A " * 40 + "A",
        "WOMBAT_ID",
        "wombat_x",
    ],
)
def test_a_name_that_no_dialplan_can_read_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="attribute name"):
        check_name(name)


@pytest.mark.parametrize("value", ["a\r\nb", "\x00", "\x1b[0m", "x" * 901, "€" * 301, '"' * 451])
def test_a_value_that_no_ami_line_can_carry_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="attribute NAME"):
        check_value("NAME", value)


@pytest.mark.parametrize("value", ["", "x" * 900, "€" * 300, '"' * 450, "žluťoučký, \\ ${X}"])
def test_a_value_up_to_the_limit_is_accepted(value: str) -> None:
    assert check_value("NAME", value) == value


def test_a_record_has_at_most_a_hundred_attributes() -> None:
    check_attributes({f"A{i}": "" for i in range(100)})
    with pytest.raises(InvalidValue, match='attributes "101": a record has at most 100'):
        check_attributes({f"A{i}": "" for i in range(101)})


@pytest.mark.parametrize(
    ("dial_string", "channel"),
    [
        ("PJSIP/${num}@carrier", "PJSIP/5@carrier"),
        ("DAHDI/g0/0${num}", "DAHDI/g0/05"),
        ("Local/${num}@from-internal", "Local/5@from-internal/n"),
        ("local/${num}@from-internal/n", "local/5@from-internal/n"),
        ("Local/${num}@x/j", "Local/5@x/nj"),
        ("Local/9${num}@x/", "Local/95@x/n"),
    ],
)
def test_a_channel_is_the_dial_string_with_the_number(dial_string: str, channel: str) -> None:
    assert render_channel(check_dial_string(dial_string), "5") == channel


@pytest.mark.parametrize(
    "dial_string",
    [
        "",
        "PJSIP/5",
        "${num}",
        "PJSIP/${num}&PJSIP/1",
        "PJSIP/${num},30",
        "Local/${num}",
        "A/ ${num}",
    ],
)
def test_a_dial_string_that_cannot_dial_is_refused(dial_string: str) -> None:
    with pytest.raises(InvalidValue, match="dial string"):
        check_dial_string(dial_string)


def test_the_end_states_are_the_manuals_and_one_of_our_own() -> None:
    ends = {state for state in CallState if state.is_final}
    assert ends == {
        "TERMINATED", "RS_TIMEOUT", "RS_BUSY", "RS_NOANSWER", "RS_REJECTED", "RS_NUMBER",
        "RS_ERROR", "RS_LOST", "RS_NOAGENT", "RS_AGENTSkip", "RS_AGENT",
        "RS_BLACKLIST", "RS_EXPIRED",
    }  # fmt: skip
    assert set(TRANSITIONS) == set(CallState)


def test_every_state_but_those_about_agents_is_reached_from_the_hopper() -> None:
    reached, border = {CallState.IN_HOPPER}, {CallState.IN_HOPPER}
    while border:
        border = {after for state in border for after in TRANSITIONS[state]} - reached
        reached |= border
    assert set(CallState) - reached == {"RS_NOAGENT", "RS_AGENTSkip", "RS_AGENT"}


def test_runs_that_are_over_do_not_come_back() -> None:
    assert {s for s in RunState if s.is_over} == {"COMPLETED", "REMOVE", "ERROR"}


def test_a_window_counts_the_calls_of_the_last_period() -> None:
    window = CallWindow(3, 1000)
    assert window.opens_at() is None
    window.place(NOON)
    window.place(NOON + timedelta(milliseconds=400))
    assert window.count_free(NOON + timedelta(milliseconds=999)) == 1
    assert window.opens_at() == NOON + timedelta(seconds=1)
    assert window.count_free(NOON + timedelta(milliseconds=1000)) == 2
    assert window.count_free(NOON + timedelta(milliseconds=1400)) == 3


def test_a_window_is_open_a_period_after_the_clock_was_set_back() -> None:
    window = CallWindow(2, 1000)
    window.place(NOON)
    window.place(NOON + timedelta(milliseconds=400))
    back = NOON - timedelta(hours=1)
    assert window.count_free(back) == 0
    assert window.opens_at() == back + timedelta(seconds=1)
    assert window.count_free(back + timedelta(seconds=1)) == 2


def test_a_window_made_smaller_has_no_negative_room() -> None:
    window = CallWindow(3, 1000)
    for _ in range(3):
        window.place(NOON)
    window.resize(1, 1000)
    assert window.count_free(NOON) == 0
