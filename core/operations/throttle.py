"""Holding back whoever guesses passwords: after some failures each next one costs more time.

Failures are counted per user and per network address, in memory: a restart forgets them. Whoever
guesses must not lock out whom they guess: who has logged on from a network before is held back
there by what failed for them there, and by nothing else.
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


class Caution:
    """Counts failures of users and of networks, and knows who is at home where."""

    def __init__(self) -> None:
        self._of_user, self._of_network = Throttle(FREE_OF_USER), Throttle(FREE_OF_ADDRESS)
        self._at_home: OrderedDict[str, None] = OrderedDict()

    def check(self, name: str, address: str, now: datetime) -> None:
        """TooManyAttempts while this user has to wait at this address."""
        network = network_of(address)
        self._of_user.check(self._counted_as(name, network), now)
        if _home(name, network) not in self._at_home:
            self._of_network.check(network, now)

    def note_failure(self, name: str, address: str, now: datetime) -> timedelta:
        """Count one; how long the next try has to wait now."""
        network = network_of(address)
        wait = self._of_user.note_failure(self._counted_as(name, network), now)
        return max(wait, self._of_network.note_failure(network, now))

    def note_success(self, name: str, address: str) -> None:
        """They have shown that they know the password, and are at home there."""
        network = network_of(address)
        self._of_user.forget(self._counted_as(name, network))
        home = _home(name, network)
        self._at_home[home] = None
        self._at_home.move_to_end(home)
        while len(self._at_home) > CAPACITY:
            self._at_home.popitem(last=False)

    def _counted_as(self, name: str, network: str) -> str:
        home = _home(name, network)
        return home if home in self._at_home else name


def _home(name: str, network: str) -> str:
    return f"{name}\n{network}"


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
