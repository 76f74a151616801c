"""What was there at the start is not looked at again, later garbage is."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from core.garbage import PORTIONS, leave_what_is_there


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Ring:
    """Garbage that counting references does not find."""

    def __init__(self) -> None:
        self.itself = self


def test_only_what_comes_later_is_looked_at() -> None:
    early = Ring()
    leave_what_is_there()
    assert gc.get_threshold() == PORTIONS
    assert not any(one is early for one in gc.get_objects())
    late = weakref.ref(Ring())
    assert late() is not None
    gc.collect()
    assert late() is None
