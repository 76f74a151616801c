"""Passwords: kept as argon2id, which is slow on purpose. Call it from a thread."""

import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: RFC 9106, section 4, for little memory, on one lane: a check takes 64 MiB and about a tenth
#: of a second of one processor.
TIME_COST, MEMORY_KIB, LANES = 3, 64 * 1024, 1


class Passwords:
    """Makes and checks hashes. A test gives it a `hasher` that is quick."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES
        )

    @cached_property
    def _nobody_s(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The text to be kept; it holds salt and parameters."""
        return self._hasher.hash(password)

    def check(self, password_hash: str, password: str) -> bool:
        """Whether this is the password. Without a hash it takes as long and says no, so that
        nobody learns from the time which users there are."""
        try:
            is_right = self._hasher.verify(password_hash or self._nobody_s, password)
        except (VerificationError, InvalidHashError):
            return False
        return is_right and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)
