"""The real Asterisk and the SIP carrier behind it, one of each for the whole session.

Where they cannot be had, the tests that ask for them are skipped with one sentence; under CI
(the environment variable is set) that sentence is a failure.
"""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.support.asterisk.server import AsteriskServer, NoAsterisk, free_port, install
from tests.support.sipp.carrier import Carrier, NoSipp


@pytest.fixture(scope="session")
def carrier() -> Iterator[Carrier]:
    """SIPp, to be dialled as PJSIP/NUMBER@carrier through `asterisk`."""
    try:
        carrier = Carrier()
        carrier.start()
    except NoSipp as missing:
        _do_without(str(missing))
    yield carrier
    carrier.stop()


@pytest.fixture(scope="session")
def asterisk(carrier: Carrier) -> Iterator[AsteriskServer]:
    """A running Asterisk. What listens on its `fastagi_port` answers context `message`."""
    try:
        install()
    except NoAsterisk as missing:
        _do_without(str(missing))
    with AsteriskServer(carrier_port=carrier.port, fastagi_port=free_port()) as server:
        yield server


def _do_without(why: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
