"""What has happened, in order, and where whoever looks on gets it.

The latest news are kept, so many and so long; who has missed more must look at things anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.rules.news import News, render_news


@dataclass(kw_only=True, slots=True)
class Told:
    """News and its number, from 1 on, without gaps."""

    number: int
    news: News
    _text: bytes | None = field(default=None, repr=False)

    @property
    def text(self) -> bytes:
        """As JSON, rendered once, however many ask."""
        if self._text is None:
            self._text = render_news(self.news)
        return self._text


class NewsSource(Protocol):
    """Used from the reactor's thread only."""

    @property
    def epoch(self) -> str:
        """Letters and digits that no other process of this installation has: numbers count
        anew in each."""
        ...

    @property
    def newest(self) -> int:
        """The number of the latest news; 0 before the first."""
        ...

    def after(self, number: int, limit: int) -> Sequence[Told] | None:
        """Up to `limit` news that follow the one of this number, none of the newest; None if
        some of them are not kept any more."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` whenever there is something new, until the returned function is
        called."""
        ...
