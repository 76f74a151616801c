"""What may be an attribute of a record.

Input attributes become channel variables, so a name is one that `${NAME}` can read; the manual
has one of two words, `FIRST NAME` ("Live call details"). A value must fit one AMI line: Asterisk
refuses lines over 1,022 characters, and escaping may double every one.
"""

import re
from collections.abc import Mapping

from core.errors import InvalidValue

#: Longest name, in characters.
MAX_NAME = 64
#: Longest value, in bytes of UTF-8 after escaping (1,022 less `Variable: ` and the name).
MAX_VALUE = 900
#: Most attributes of one kind a record may have: an Originate carries them all, and AMI
#: accepts 126 headers.
MAX_COUNT = 100
#: Names that Whipbird sets itself start so.
RESERVED = "WOMBAT_"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")
_EXPECTED = (
    "a name has letters, digits, _ and single blanks between words, starts with no digit, "
    f"at most {MAX_NAME} long"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r'[\\",]')


def check_name(name: str) -> str:
    """The name itself; InvalidValue if the dialplan could not read it."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidValue("attribute name", name, _EXPECTED)
    if name.upper().startswith(RESERVED):
        raise InvalidValue("attribute name", name, f"names in {RESERVED}… are Whipbird's own")
    return name


def check_value(name: str, value: str) -> str:
    """The value itself; InvalidValue if it cannot travel to a channel variable."""
    if not value.isprintable() and (wrong := _CONTROL.search(value)):
        raise InvalidValue(
            f"attribute {name}", value, f"a value has no control characters ({wrong[0]!r})"
        )
    if len(value) * 5 > MAX_VALUE:
        size = len(value.encode()) + len(_ESCAPED.findall(value))
        if size > MAX_VALUE:
            raise InvalidValue(
                f"attribute {name}",
                value[:40] + "…",
                f"a value has at most {MAX_VALUE} bytes, this has {size}",
            )
    return value


def fit_attributes(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """Those of them that a record may have, the first MAX_COUNT; control characters in a value
    become blanks, half a character a question mark."""
    fitted: dict[str, str] = {}
    for name, found in attributes.items():
        value = _CONTROL.sub(" ", found).encode("utf-8", "replace").decode()
        try:
            fitted[check_name(name)] = check_value(name, value)
        except InvalidValue:
            continue
        if len(fitted) == MAX_COUNT:
            break
    return fitted


def check_attributes(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """The attributes themselves, each name and value checked, and their number."""
    if len(attributes) > MAX_COUNT:
        raise InvalidValue(
            "attributes", len(attributes), f"a record has at most {MAX_COUNT} attributes"
        )
    for name, value in attributes.items():
        check_value(check_name(name), value)
    return attributes
