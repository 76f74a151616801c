"""What may be an extended status: the completion code that a dialplan or an agent sets.

Source: manual 25.02, "Setting call status codes", and "Writing advanced reschedule rules" for how
rules name one. The limit is Whipbird's own: reports
count by status and reschedule rules compare with it, so it is a short code, not a text.
"""

from core.errors import InvalidValue

#: A rule's extended status that matches only calls without one.
EMPTY_STATUS = "$"
#: Longest extended status, in characters.
MAX_EXT_STATUS = 64


def check_ext_status(status: str) -> str:
    """The status itself; InvalidValue if it is blank, too long or not printable."""
    if not status.strip():
        raise InvalidValue("extended status", status, "a status needs at least one character")
    if len(status) > MAX_EXT_STATUS:
        raise InvalidValue(
            "extended status",
            status[:40] + "…",
            f"a status has at most {MAX_EXT_STATUS} characters, this has {len(status)}",
        )
    if not status.isprintable():
        raise InvalidValue("extended status", status, "a status has printable characters only")
    return status


def matches_status(wanted: str, ext_status: str) -> bool:
    """Does a rule's status match a call's? Empty matches any, `$` only none."""
    if wanted == EMPTY_STATUS:
        return ext_status == ""
    return wanted in ("", ext_status)
