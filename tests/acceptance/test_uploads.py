"""A long upload to a real service: memory, and a server that dies in the middle of it."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.operations.tokens import add_token
from core.people import SYSTEM
from core.store.database import reading
from core.store.schema import record
from tests.support.installation import Installation
from tests.support.people import make_user
from web.api.resources.uploads import PIECE

HEADER = b"number,A,B,C,D\n"
TAIL = b"," + b",".join([b"x" * 900] * 4) + b"\n"
ROWS = 15_000


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    found.start()
    yield found
    found.stop()


class Client:
    """A program that uploads."""

    def __init__(self, installation: Installation) -> None:
        now = datetime.now(UTC)
        make_user(installation.database, now)
        _view, token = add_token(installation.database, SYSTEM, "anna", "tests", "LIST", now)
        self._port = installation.web_port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}

    def upload(self, body: Iterator[bytes]) -> Any:
        return self._ask("POST", "/api/v1/lists/people/records:bulk", body)

    def uploads(self) -> Any:
        return self._ask("GET", "/api/v1/lists/people/uploads")["items"]

    def _ask(self, method: str, address: str, body: Iterator[bytes] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        with closing(connection):
            connection.request(method, address, body, self._headers)
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())


def rows() -> Iterator[bytes]:
    yield HEADER
    for number in range(5_550_000, 5_550_000 + ROWS):
        yield b"%d%b" % (number, TAIL)


def count_records(installation: Installation) -> int:
    with reading(installation.database) as conn:
        return conn.execute(select(func.count()).select_from(record)).scalar_one()


def peak_kb(pid: int) -> int:
    """The most memory that the process ever had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def test_an_upload_takes_a_fraction_of_its_size_in_memory(installation: Installation) -> None:
    client = Client(installation)
    assert client.upload(islice(rows(), 10))["accepted"] == 9
    before = peak_kb(installation.pid)
    told = client.upload(rows())
    size = len(HEADER) + ROWS * (7 + len(TAIL))
    assert (told["accepted"], told["state"], told["bytes"]) == (ROWS, "complete", size)
    assert peak_kb(installation.pid) - before < size / 1024 / 2
    assert count_records(installation) == ROWS + 9


def test_a_server_that_dies_keeps_what_it_told_and_says_how_far(installation: Installation) -> None:
    client = Client(installation)
    enough = 10 * PIECE // len(TAIL)

    def cut() -> Iterator[bytes]:
        yield from islice(rows(), enough)
        installation.wait(lambda: count_records(installation) > 0, 30, "nothing is written")
        installation.kill()
        yield from rows()

    with pytest.raises(OSError):  # the connection breaks, in one way or another
        client.upload(cut())
    installation.start()
    [told] = client.uploads()
    assert (told["state"], told["ended_at"]) == ("broken", None)
    assert told["accepted"] == told["lines"] - 1 == count_records(installation)
    assert 0 < told["accepted"] < enough
