"""What may be an extension and a context."""

import pytest

from core.errors import InvalidValue
from core.rules.extensions import check_context, check_extension


@pytest.mark.parametrize("extension", ["s", "100", "*98", "#1", "+15550100", "agent-1.x", "9" * 79])
def test_an_extension_is_returned_as_it_is(extension: str) -> None:
    assert check_extension(extension) == extension


@pytest.mark.parametrize(
    "extension", ["", "1,1", "1|1", "1 1", "1\n", "_X.", "${EXTEN}", "s@default", "9" * 80, "é"]
)
def test_what_asterisk_would_read_otherwise_is_no_extension(extension: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_extension(extension)
    assert caught.value.value == extension


@pytest.mark.parametrize("context", ["default", "from-internal", "ivr_2.a", "c" * 79])
def test_a_context_is_returned_as_it_is(context: str) -> None:
    assert check_context(context) == context


@pytest.mark.parametrize("context", ["", "a,b", "a b", "a|b", "a\r\nb", "a@b", "*1", "c" * 80])
def test_what_asterisk_would_read_otherwise_is_no_context(context: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_context(context)
    assert caught.value.value == context
