"""What may travel in an action, and how it is written.

AMI has no way to write a line end inside a value: it would start a header, or another action,
of the attacker's choice. Asterisk refuses lines over 1,022 bytes and over 126 headers for the
whole action ("line too long", "Too many lines"), so nothing is ever split or cut here.
"""

import re
from collections.abc import Sequence

from core.errors import InvalidValue

#: Longest line, in bytes of UTF-8.
MAX_LINE = 1022
#: Most headers of one action.
MAX_HEADERS = 126

_UNSAFE = re.compile(r"[\r\n\x00]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")
_EXPECTED = "a name has letters, digits, _ and single blanks between words, and no digit first"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', ",": "\\,"})
_ALL_ESCAPES = _ESCAPES | str.maketrans({bracket: f"\\{bracket}" for bracket in "()[]"})


def render_action(headers: Sequence[tuple[str, str]]) -> bytes:
    """The action's bytes, blank line included; InvalidValue if a header cannot be sent."""
    if len(headers) > MAX_HEADERS:
        raise InvalidValue("AMI action", len(headers), f"at most {MAX_HEADERS} headers are taken")
    return b"".join([_render_line(name, value) for name, value in headers]) + b"\r\n"


def render_variable(name: str, value: str) -> str:
    """The value of a `Variable:` header, which Asterisk splits at commas and unquotes."""
    if not _NAME.fullmatch(name):
        raise InvalidValue("variable", name, _EXPECTED)
    return f"{name}={value.translate(_ESCAPES)}"


def render_functions(settings: Sequence[tuple[str, str]]) -> str:
    """The value of a `Variable:` header that writes several dialplan functions, each `NAME(…)`.
    A bracket that is not closed would hide the comma behind it."""
    return ",".join(f"{name}={value.translate(_ALL_ESCAPES)}" for name, value in settings)


def _render_line(name: str, value: str) -> bytes:
    if wrong := _UNSAFE.search(value):
        raise InvalidValue(f"AMI header {name}", value, f"{wrong[0]!r} cannot be sent")
    try:
        line = f"{name}: {value}".encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(f"AMI header {name}", ascii(value), "this is not Unicode") from error
    if len(line) > MAX_LINE:
        raise InvalidValue(
            f"AMI header {name}",
            value[:40] + "…",
            f"a line has at most {MAX_LINE} bytes, this has {len(line)}",
        )
    return line + b"\r\n"
