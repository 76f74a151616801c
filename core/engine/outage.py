"""Whether the database does its work: told to the dialer when that changes, and only then.

Several hands work on it: a full disk stops the journal while reading goes on. It is away as
long as one of them fails.
"""

from sqlalchemy.exc import DBAPIError

from core.ports import Post
from core.ports.events import DatabaseDown, DatabaseUp


class Outage:
    """Posts `DatabaseDown` when the first work fails, `DatabaseUp` when the last one that did
    succeeds again."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._failing: set[str] = set()

    def note_failure(self, work: str, error: Exception) -> None:
        """`work` failed, and is tried again until it does not."""
        if not self._failing:
            self._post(DatabaseDown(reason=in_words(error)))
        self._failing.add(work)

    def note_success(self, work: str) -> None:
        if work not in self._failing:
            return
        self._failing.discard(work)
        if not self._failing:
            self._post(DatabaseUp())


def in_words(error: Exception) -> str:
    """What the database or its driver said, without statement and parameters: called people
    stand in them."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    said = [str(part) for part in cause.args if isinstance(part, str)]
    return said[-1] if said else str(cause) or type(cause).__name__
