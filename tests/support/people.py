"""Users for tests, whose passwords are checked quickly."""

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import Engine

from core.operations.passwords import Passwords
from core.operations.people import ADMIN_CLASS, UserChange, add_user
from core.people import SYSTEM, Actor, Face
from core.rules.keys import Keyring

#: As argon2 asks at least: a test need not wait.
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "correct horse"


@dataclass
class MovingClock:
    """`now` is what the test says."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


def make_user(
    engine: Engine, now: datetime, name: str = "anna", password: str = PASSWORD, **change: object
) -> None:
    """A user, an administrator unless `change` says another class."""
    wanted = replace(UserChange(class_name=ADMIN_CLASS), **change)  # type: ignore[arg-type]
    add_user(engine, SYSTEM, QUICK, name, password, wanted, now)


def actor_of(name: str, *keys: str, user_id: int = 1) -> Actor:
    ring = Keyring(keys=frozenset(keys))
    return Actor(name=name, ring=ring, face=Face.WEB, address="10.0.0.7", user_id=user_id)


def basic(name: str, password: str = PASSWORD) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
