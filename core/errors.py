"""The one tree of errors that Whipbird raises for what comes from outside.

Every message names the wrong value and says what would be right, so that an edge
may show it to a person as it is. Programming mistakes stay ordinary exceptions.
"""

import math
from collections.abc import Collection, Sequence
from datetime import timedelta

#: So much of a value is shown, in characters.
_SHOWN = 200


class WhipbirdError(Exception):
    """Something a user, a file, a client or a PBX sent cannot be accepted."""


def shown(value: object) -> str:
    """The value as a message shows it: on one line, and not for pages. Line ends and what
    would command a terminal are escaped; what no file can hold is a question mark."""
    text = str(value).encode("utf-8", "replace").decode()
    if len(text) > _SHOWN:
        text = f"{text[:_SHOWN]}…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class InvalidValue(WhipbirdError):
    """A single value is wrong; `field` says where it stood.

    The text reads `FIELD "VALUE": what would be right`.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f'{field} "{shown(value)}": {expected}')
        self.field = field
        self.value = value
        self.expected = expected


class InvalidConfiguration(WhipbirdError):
    """One or more settings or site entries are wrong; `problems` lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotFound(WhipbirdError):
    """A named thing does not exist."""

    def __init__(self, kind: str, name: object) -> None:
        super().__init__(f'there is no {kind} "{shown(name)}"')
        self.kind = kind
        self.name = name


class NotPossible(WhipbirdError):
    """The request is well formed, but the present state forbids it."""


class InUse(NotPossible):
    """Something that others use cannot go; the text reads `BEFORE USER, USER, …AFTER`."""

    def __init__(self, before: str, users: Sequence[str], after: str) -> None:
        super().__init__(f"{before} {', '.join(users)}{after}")
        self.before = before
        self.users = users
        self.after = after

    def without(self, hidden: Collection[str]) -> "InUse":
        """The same to somebody who may not know of those that are `hidden`."""
        seen = [user for user in self.users if user not in hidden]
        count = len(self.users) - len(seen)
        unseen = [f"{count} that you may not see"] if count else []
        return InUse(self.before, [*seen, *unseen], self.after)


class Forbidden(WhipbirdError):
    """Whoever asks may not; `key` is what they would need, empty if no key helps."""

    def __init__(self, text: str, *, key: str = "") -> None:
        super().__init__(text)
        self.key = key


class NotRecognised(WhipbirdError):
    """Nobody can tell who asks: a wrong password, a session that is over, an unknown token."""


class TooManyAttempts(WhipbirdError):
    """Somebody guesses; `wait` is how long they are not heard."""

    def __init__(self, wait: timedelta) -> None:
        seconds = math.ceil(wait.total_seconds())
        super().__init__(f"too many wrong attempts; try again in {seconds} s")
        self.wait_s = seconds


class SchemaOutdated(WhipbirdError):
    """The database's schema is not the one this version needs."""


class AlreadyRunning(WhipbirdError):
    """Another dialer process owns this database."""
