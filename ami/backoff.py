"""How long to wait before a PBX is tried again."""

import random

from ami.protocol import LoginRefused, ServerLost


class Backoff:
    """How long to wait before the next try: doubling, up to a cap, with a quarter of jitter.

    A refused login waits longer, at least ten seconds: it will be refused again, and Asterisk
    logs each one as an attack.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lost_s = 0.0
        self._refused_s = 0.0

    def reset(self) -> None:
        """It went well."""
        self._lost_s = self._refused_s = 0.0

    def next_s(self, *, after: ServerLost) -> float:
        if isinstance(after, LoginRefused):
            self._refused_s = min(60.0, self._refused_s * 2 or 15.0)
            return self._jittered(self._refused_s)
        self._lost_s = min(30.0, self._lost_s * 2 or 1.0)
        return self._jittered(self._lost_s)

    def _jittered(self, step_s: float) -> float:
        return step_s * (0.75 + 0.25 * self._rng.random())
