"""The latest news of calls and runs, kept in memory: a ring of bounded size and age."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from core.ports.news import Told
from core.rules.news import News

log = logging.getLogger(__name__)

#: Most news that are kept, and for how long.
CAPACITY, KEPT = 20_000, timedelta(minutes=5)


class NewsRing:
    """Implements `core.ports.news.NewsSource`. News enter by `add`; `forget` is to be called now
    and then, for what is known of people is not to stay in memory."""

    def __init__(self, epoch: str, *, capacity: int = CAPACITY) -> None:
        self._epoch = epoch
        self._places: list[Told | None] = [None] * capacity
        self._newest, self._oldest = 0, 1
        self._subscribers: list[Callable[[], None]] = []

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def newest(self) -> int:
        return self._newest

    def add(self, news: News) -> None:
        self._newest += 1
        told = Told(number=self._newest, news=news)
        self._places[self._newest % len(self._places)] = told
        self._oldest = max(self._oldest, self._newest - len(self._places) + 1)
        for callback in tuple(self._subscribers):
            try:
                callback()
            except Exception:
                log.exception("news did not reach everybody")

    def forget(self, now: datetime) -> None:
        """Drop what is too old."""
        while self._oldest <= self._newest:
            place = self._oldest % len(self._places)
            kept = self._places[place]
            if kept is not None and kept.news.at >= now - KEPT:
                return
            self._places[place] = None
            self._oldest += 1

    def after(self, number: int, limit: int) -> list[Told] | None:
        if not self._oldest - 1 <= number <= self._newest:
            return None
        last = min(self._newest, number + limit)
        kept = (self._places[n % len(self._places)] for n in range(number + 1, last + 1))
        return [told for told in kept if told is not None]

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)
