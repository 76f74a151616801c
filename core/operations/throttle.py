"""Holding back whoever guesses passwords: after some failures each next one costs more time.

Failures are counted per user and per network address, in memory: a restart forgets them.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from core.errors import TooManyAttempts

#: Failures without a wait: of one user, and from one address, behind which there may be many.
FREE_OF_USER, FREE_OF_ADDRESS = 5, 20
#: The first wait, which doubles with each failure, and the longest.
FIRST, LONGEST = timedelta(seconds=2), timedelta(minutes=15)
#: How long after the last failure nobody remembers it.
MEMORY = timedelta(hours=1)
#: Most users, and most addresses, remembered; the one longest ago goes first.
CAPACITY = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failures:
    count: int
    last_at: datetime
    blocked_until: datetime


class Throttle:
    """Counts failures by name; the first `free` cost nothing."""

    def __init__(self, free: int, *, capacity: int = CAPACITY) -> None:
        self._free = free
        self._capacity = capacity
        self._seen: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, name: str, now: datetime) -> None:
        """TooManyAttempts while the name has to wait."""
        known = self._seen.get(name)
        if known is not None and now < known.blocked_until:
            raise TooManyAttempts(known.blocked_until - now)

    def note_failure(self, name: str, now: datetime) -> timedelta:
        """Count one; how long the name has to wait now."""
        known = self._seen.pop(name, None)
        count = known.count + 1 if known and now - known.last_at < MEMORY else 1
        doublings = count - self._free
        wait = timedelta() if doublings < 0 else min(FIRST * 2 ** min(doublings, 20), LONGEST)
        self._seen[name] = _Failures(count=count, last_at=now, blocked_until=now + wait)
        while len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return wait

    def forget(self, name: str) -> None:
        """They have shown that they know the password."""
        self._seen.pop(name, None)


def network_of(address: str) -> str:
    """Whom an address counts for: itself, and of IPv6 its /64, all of which one host may have."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))
