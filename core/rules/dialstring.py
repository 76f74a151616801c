"""From a trunk's dial string and a number to the channel that Asterisk dials.

Source: manual 25.02, "Trunks". Local channels always get `/n`: without it Asterisk optimises
them away half a second after the bridge and the call goes on under other ids.
"""

import re

from core.errors import InvalidValue

#: Where the number goes.
PLACEHOLDER = "${num}"

_SHAPE = re.compile(r"[A-Za-z0-9_]+/[^\s,&|\x00-\x1f]+")
_LOCAL = re.compile(r"(?i)local/(?P<exten>[^@/]+)@(?P<context>[^@/]+)(?:/(?P<options>[A-Za-z]*))?")


def check_dial_string(dial_string: str) -> str:
    """The dial string itself; InvalidValue if no number could be dialled with it."""
    if PLACEHOLDER not in dial_string:
        raise InvalidValue(
            "dial string", dial_string, f"{PLACEHOLDER} must stand where the number goes"
        )
    filled = dial_string.replace(PLACEHOLDER, "0")
    if not _SHAPE.fullmatch(filled):
        raise InvalidValue(
            "dial string",
            dial_string,
            f"write TECHNOLOGY/…{PLACEHOLDER}…, like PJSIP/{PLACEHOLDER}@carrier",
        )
    if filled.lower().startswith("local/") and not _LOCAL.fullmatch(filled):
        raise InvalidValue("dial string", dial_string, f"write Local/{PLACEHOLDER}@CONTEXT/n")
    return dial_string


def render_channel(dial_string: str, number: str) -> str:
    """The channel to originate for `number`, in the form `parse_number` returns."""
    channel = dial_string.replace(PLACEHOLDER, number)
    if match := _LOCAL.fullmatch(channel):
        options = match["options"] or ""
        if "n" not in options:
            base = channel if match["options"] is None else channel[: -len(options) - 1]
            return f"{base}/n{options}"
    return channel
