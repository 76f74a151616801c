"""What may be an extension and a context that an answered call is sent to.

They travel to Asterisk as `Exten` and `Context` of an Originate. A comma, a bar or a blank
would be read as the end of the name by one part of Asterisk or another, and a leading `_`
marks a pattern, which nothing can be sent to. Asterisk keeps 79 characters of each.
"""

import re

from core.errors import InvalidValue

#: Longest name, in characters (Asterisk's AST_MAX_EXTENSION and AST_MAX_CONTEXT less one).
MAX_LENGTH = 79

_EXTENSION = re.compile(rf"(?!_)[A-Za-z0-9*#+._-]{{1,{MAX_LENGTH}}}")
_CONTEXT = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_LENGTH}}}")


def check_extension(extension: str) -> str:
    """The extension itself; InvalidValue if no call could be sent to it."""
    if not _EXTENSION.fullmatch(extension):
        raise InvalidValue(
            "extension",
            extension,
            "an extension has letters, digits and * # + - . _, starts with no _, "
            f"at most {MAX_LENGTH} long",
        )
    return extension


def check_context(context: str) -> str:
    """The context itself; InvalidValue if it cannot be the name of one."""
    if not _CONTEXT.fullmatch(context):
        raise InvalidValue(
            "context",
            context,
            f"a context has letters, digits and - . _, at most {MAX_LENGTH} long",
        )
    return context
