"""Which of some numbers may stand on a very long list, told from little memory.

A Bloom filter: it knows every number that was added, and takes a few others for known. Nothing can
be taken out.
"""

from collections.abc import Collection
from typing import Final

#: Bits for each number that is expected, and how many of them it sets: of the numbers that were not
#: added one in 1,800 is taken for known, one in 800 once a table is full.
BITS: Final = 24
PROBES: Final = 4
#: How many more numbers than expected a table takes: one for each so many.
SPARE: Final = 4
#: Fewest numbers that room is made for.
LEAST: Final = 1000


class NumberFilter:
    """Made for `expected` numbers: 3 bytes each. When more come it grows, each time to twice
    its size. Threads may ask at once, while one adds."""

    def __init__(self, expected: int) -> None:
        self._tables: list[bytearray] = []
        self._size = 0
        self._room = 0
        self._grow(max(expected, LEAST))

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self._tables))

    @property
    def times_grown(self) -> int:
        return len(self._tables) - 1

    def _grow(self, expected: int) -> None:
        self._tables.append(bytearray(expected * BITS // 8))
        self._size += expected
        self._room = expected + expected // SPARE

    def add(self, numbers: Collection[str]) -> None:
        """From now on `find` finds these."""
        if self._room <= 0:
            self._grow(self._size)
        self._room -= len(numbers)
        table = self._tables[-1]
        bits = len(table) * 8
        for number in numbers:
            at = hash(number)
            step = at >> 32 | 1
            for _ in range(PROBES):
                bit = at % bits
                table[bit >> 3] |= 1 << (bit & 7)
                at += step

    def find(self, numbers: Collection[str]) -> set[str]:
        """Those of the numbers that were added, and a few others."""
        found: set[str] = set()
        for table in self._tables:
            bits = len(table) * 8
            # Most numbers are told by their first bit: very many come here, so that is looked at
            # on the spot.
            found |= {
                number
                for number in numbers
                if table[(bit := hash(number) % bits) >> 3] >> (bit & 7) & 1
                and _is_set(table, hash(number))
            }
        return found


def _is_set(table: bytearray, at: int) -> bool:
    """Are all bits of this hash set, the first of which is?"""
    bits, step = len(table) * 8, at >> 32 | 1
    for _ in range(PROBES - 1):
        at += step
        bit = at % bits
        if not table[bit >> 3] >> (bit & 7) & 1:
            return False
    return True
