"""How many Originates may be under way on a PBX before it shows a sign of them.

Asterisk takes about 450 calls a second on one core and collapses at 500, and it does not say
so: it only grows slow. So the latency from sending an Originate to the first sign of it
(DialBegin or OriginateResponse) steers a window, as TCP's congestion avoidance does: additive
increase while it is short, multiplicative decrease when it is long. This rule adds to the
manual's messages per unit (25.02, "How congestion control works"); it does not replace them.
"""

from dataclasses import dataclass

#: The window a fresh connection starts with, and the limits it stays within.
START = 20.0
FLOOR = 4.0
CAP = 400.0
#: Below this latency the window grows, above the next one it halves.
SHORT_S = 0.150
LONG_S = 0.500
#: One halving needs this long to show.
REST_S = 0.500


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """At most `size` Originates may be outstanding. `halved_at_s` is a monotonic time."""

    size: float = START
    halved_at_s: float = float("-inf")

    def has_room(self, outstanding: int) -> bool:
        return outstanding + 1 <= self.size


def adapt(window: Window, *, latency_s: float, outstanding: int, at_s: float) -> Window:
    """The window after an Originate showed its first sign, or none for `latency_s`.

    `outstanding` counts the Originates that were under way, this one included. The window
    grows by about one each time it was used up, and not while less than half of it is used:
    a quiet hour proves nothing about what the PBX can take.
    """
    if latency_s > LONG_S:
        if at_s - window.halved_at_s < REST_S:
            return window
        return Window(size=max(FLOOR, window.size / 2), halved_at_s=at_s)
    if latency_s >= SHORT_S or outstanding * 2 < window.size:
        return window
    return Window(size=min(CAP, window.size + 1 / window.size), halved_at_s=window.halved_at_s)
