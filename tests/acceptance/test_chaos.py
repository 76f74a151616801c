"""Chaos: each part killed at random while a campaign runs, on real parts, audited by the PBX.

`make test` strikes 8 times during 600 records; `make chaos` strikes 50 times during 5,000. The
seed is drawn and printed; WHIPBIRD_CHAOS_SEED sets it.
"""

import logging
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asterisk.server import AsteriskServer
from tests.support.chaos import Chaos
from tests.support.installation import Installation
from tests.support.mariadb import MariaDB

pytestmark = [pytest.mark.asterisk, pytest.mark.mariadb, pytest.mark.usefixtures("leaky_driver")]


log = logging.getLogger(__name__)


def setting(name: str, default: int) -> int:
    return int(os.environ.get(f"WHIPBIRD_CHAOS_{name}", default))


@pytest.fixture
def pbx(asterisk: AsteriskServer) -> Iterator[AsteriskServer]:
    """A PBX that nobody else uses: it will be killed, and its records counted."""
    with AsteriskServer(root=asterisk.root) as own:
        yield own


@pytest.fixture
def installation(tmp_path: Path, mariadb_server: MariaDB) -> Iterator[Installation]:
    mariadb_server.execute("CREATE OR REPLACE DATABASE chaos CHARACTER SET utf8mb4")
    found = Installation(tmp_path, database_url=mariadb_server.url_of("chaos"))
    yield found
    found.stop()


@pytest.fixture
def chaos(
    installation: Installation, pbx: AsteriskServer, mariadb_server: MariaDB
) -> Iterator[Chaos]:
    found = Chaos(
        installation=installation,
        pbx=pbx,
        mariadb=mariadb_server,
        seed=setting("SEED", random.SystemRandom().randrange(10**6)),
        calls=setting("RECORDS", 600),
        kills=setting("KILLS", 8),
    )
    yield found
    found.close()


def test_whatever_dies_not_one_call_is_made_more_or_less(chaos: Chaos) -> None:
    log.warning("WHIPBIRD_CHAOS_SEED=%d", chaos.seed)
    chaos.run()
    log.warning("%s", chaos.describe())
    chaos.audit()
