"""Where pages of very many rows ended: who reads on begins there, and nothing is read twice.

The manual's pages begin at a position, which a database finds by counting. A bookmark that was
given up, or never was, costs that count and nothing else.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

#: Most bookmarks; the one longest ago goes first.
CAPACITY = 1000
#: How long the number of all rows is taken for right.
FRESH = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Which page: who reads, of what, and its first position."""

    reader: str
    of: tuple[object, ...]
    start: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Bookmark:
    """Where a page begins, in the words of who keeps it; `total` rows there were at
    `counted_at`."""

    place: Any
    total: int
    counted_at: datetime


class Bookmarks:
    """The latest. Used from the reactor's thread only."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Page, Bookmark] = OrderedDict()

    def find(self, page: Page) -> Bookmark | None:
        return self._kept.get(page)

    def keep(self, page: Page, mark: Bookmark) -> None:
        self._kept[page] = mark
        self._kept.move_to_end(page)
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
