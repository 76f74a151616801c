"""What an action may hold, and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.values import MAX_HEADERS, MAX_LINE, render_action, render_variable
from core.errors import InvalidValue


def test_an_action_is_its_lines_and_a_blank_one() -> None:
    assert render_action([("Action", "Ping"), ("ActionID", "ž")]) == (
        "Action: Ping\r\nActionID: ž\r\n\r\n".encode()
    )


@pytest.mark.parametrize("wrong", ["\r", "\n", "\x00"])
@pytest.mark.parametrize("text", ["{}", "a{}b", "a{}"])
def test_line_ends_and_nul_are_refused_wherever_they_stand(wrong: str, text: str) -> None:
    with pytest.raises(InvalidValue, match="AMI header CallerID") as caught:
        render_action([("Action", "Originate"), ("CallerID", text.format(wrong))])
    assert repr(wrong) in str(caught.value)


def test_a_line_may_have_1022_bytes_and_not_one_more() -> None:
    room = MAX_LINE - len("Variable: ")
    assert len(render_action([("Variable", "x" * room)])) == MAX_LINE + 4
    with pytest.raises(InvalidValue, match="this has 1023"):
        render_action([("Variable", "x" * (room + 1))])


def test_a_line_is_measured_in_bytes_of_utf_8() -> None:
    with pytest.raises(InvalidValue, match="this has 1030"):
        render_action([("Variable", "ž" * 510)])


def test_an_action_may_have_126_headers_and_not_one_more() -> None:
    headers = [("Variable", "a=1")] * MAX_HEADERS
    assert render_action(headers).count(b"Variable: a=1\r\n") == 126
    with pytest.raises(InvalidValue, match=r'AMI action "127": at most 126'):
        render_action([*headers, ("Variable", "a=1")])


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidValue, match="this is not Unicode"):
        render_action([("Variable", "a=\ud83d")])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a,b", r"N=a\,b"),
        ('say "hi"', r"N=say \"hi\""),
        ("a\\b", r"N=a\\b"),
        ("\\,", r"N=\\\,"),
        ("${EXTEN} $[1+1]", "N=${EXTEN} $[1+1]"),
        ("", "N="),
    ],
)
def test_variables_are_escaped_as_asterisk_unescapes_them(value: str, written: str) -> None:
    assert render_variable("N", value) == written


@pytest.mark.parametrize("name", ["", "1a", "a  b", "a=b", "PJSIP_HEADER(add,X)", "a,b", "a\r\nb"])
def test_a_variable_needs_a_plain_name(name: str) -> None:
    with pytest.raises(InvalidValue, match="variable"):
        render_variable(name, "x")


def test_a_variable_s_name_may_have_two_words() -> None:
    assert render_variable("FIRST NAME", "KATRINA") == "FIRST NAME=KATRINA"


@given(st.lists(st.text(max_size=80), max_size=20))
def test_no_value_makes_a_line_of_its_own(values: list[str]) -> None:
    try:
        data = render_action([("Variable", render_variable("V", value)) for value in values])
    except InvalidValue:
        return
    lines = data.decode().split("\r\n")
    assert lines[-2:] == ["", ""]
    assert [line.startswith("Variable: V=") for line in lines[:-2]] == [True] * len(values)
