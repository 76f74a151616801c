import pytest

from core.errors import InvalidValue
from core.rules.statuses import MAX_EXT_STATUS, check_ext_status


@pytest.mark.parametrize("status", ["1", "AMD", "Called back: yes, später", "x" * MAX_EXT_STATUS])
def test_a_short_printable_text_is_a_status(status: str) -> None:
    assert check_ext_status(status) == status


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("", "at least one character"),
        ("   ", "at least one character"),
        ("x" * (MAX_EXT_STATUS + 1), "at most 64 characters, this has 65"),
        ("a\nb", "printable characters only"),
        ("a\x00", "printable characters only"),
        ("a\ud800", "printable characters only"),
    ],
)
def test_anything_else_is_refused_with_its_reason(status: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        check_ext_status(status)
