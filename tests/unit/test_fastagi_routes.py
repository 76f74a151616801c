import pytest

from core.errors import InvalidValue
from core.ports.events import Report, Reported
from fastagi.codec import Codec, Request
from fastagi.routes import parse_report
from tests.support.agi import request


def _parse(script: str, *args: str, uniqueid: str = "1.2") -> Reported:
    codec = Codec()
    codec.receive(request(script, *args, headers={"agi_uniqueid": uniqueid}))
    asked = codec.next_event()
    assert isinstance(asked, Request)
    return parse_report(asked)


def _reported(report: Report, name: str = "", value: str = "") -> Reported:
    return Reported(call_ids=("1.2",), report=report, name=name, value=value)


@pytest.mark.parametrize(
    ("script", "args", "expected"),
    [
        ("extstatus", ("XYZ",), _reported(Report.STATUS, value="XYZ")),
        ("attribute", ("APPT", "PSYC"), _reported(Report.ATTRIBUTE, "APPT", "PSYC")),
        ("attrappend", ("IVR", "1"), _reported(Report.APPEND, "IVR", "1")),
        ("attrclear", (), _reported(Report.CLEAR)),
    ],
)
def test_the_four_routes_make_the_four_reports(
    script: str, args: tuple[str, ...], expected: Reported
) -> None:
    assert _parse(script, *args) == expected


@pytest.mark.parametrize(
    "script", ["ATTR_APPEND", "attr_append", "AttrAppend", "/attrappend", "attrappend/"]
)
def test_case_underscores_and_slashes_do_not_matter(script: str) -> None:
    assert _parse(script, "A", "x").report is Report.APPEND


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("extstatus?status=A%2CB%20c", _reported(Report.STATUS, value="A,B c")),
        ("attribute?name=N&value=%22Zo%C3%AB%22%5C", _reported(Report.ATTRIBUTE, "N", '"Zoë"\\')),
        ("attr_append/?value=1&name=N", _reported(Report.APPEND, "N", "1")),
        ("attribute?name=N&value=", _reported(Report.ATTRIBUTE, "N", "")),
    ],
)
def test_a_query_says_the_same_as_arguments(script: str, expected: Reported) -> None:
    assert _parse(script) == expected


def test_commas_in_a_value_survive_the_split_of_arguments() -> None:
    assert _parse("attribute", "NOTE", "a", " b", "c").value == "a, b,c"
    assert _parse("extstatus", "a", "b").value == "a,b"


def test_an_empty_value_may_be_set() -> None:
    assert _parse("attribute", "NOTE", "") == _reported(Report.ATTRIBUTE, "NOTE")


@pytest.mark.parametrize(
    ("script", "args", "message"),
    [
        ("", (), 'AGI route "": use one of extstatus, attribute, attrappend, attrclear'),
        ("hello", ("x",), 'AGI route "hello": use one of'),
        ("extstatus", (), "AGI argument status"),
        ("extstatus", ("",), 'extended status "": a status needs'),
        ("extstatus", ("x" * 65,), "at most 64 characters"),
        ("attribute", (), "AGI argument name"),
        ("attribute", ("NAME",), "AGI argument value"),
        ("attribute?name=N", (), "AGI argument value"),
        ("attribute", ("1x", "v"), 'attribute name "1x"'),
        ("attribute", ("WOMBAT_X", "v"), "Whipbird's own"),
        ("attrappend", ("N", "a\x01"), "no control characters"),
        ("attribute", ("N", "x" * 901), "at most 900 bytes"),
        ("extstatus?" + "a=1&" * 11, (), "at most 10 fields"),
    ],
)
def test_a_wrong_report_is_refused_with_its_reason(
    script: str, args: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        _parse(script, *args)


def test_a_request_without_a_channel_is_refused() -> None:
    with pytest.raises(InvalidValue, match="names its channel"):
        _parse("attrclear", uniqueid="")
