"""The dialect over a whole dialer on an injected clock: requests in, answers out, calls placed
on a simulated PBX."""

import json
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from core.engine.control import EngineControl
from core.engine.engine import Engine
from core.model import Simulation
from core.operations.doorkeeper import Doorkeeper
from core.store.runs import fetch_recent_runs
from tests.support.fixtures_web import (
    Answer,
    Wire,
    make_web,
    parse_answer,
)
from tests.support.people import QUICK, basic, make_user
from tests.support.rig import NoThreads, Rig

#: How soon after a request its answer must be there, in the dialer's seconds.
ANSWER_S = 1.0
_BEGINNING = re.compile(r"^https?://[^/]*")
#: What the manual asks of curl.
_CURL = ArgumentParser()
_CURL.add_argument("--user", required=True)
_CURL.add_argument("-i", action="store_true")
_CURL.add_argument("-X", dest="method", required=True)
_CURL.add_argument("--data-urlencode", default="")
_CURL.add_argument("url")
ANSWERED = Simulation(outcomes={"answered": 1})


class Dialect:
    """A rig with a running dialer, and its web server. `way` is how fields are sent: in the
    `query` of a GET, or in the `form` of a POST. `authorization` goes with requests that name
    none."""

    authorization = ""

    def __init__(self, directory: Path, way: str = "query") -> None:
        self.rig = Rig(directory)
        self.engine: Engine = self.rig.start()
        self.control = EngineControl(self.engine, NoThreads(), self.rig.clock)
        self._way = way
        source: Any = self.engine.publisher
        self.web = make_web(
            self.rig.database,
            source=source,
            control=self.control,
            clock=self.rig.clock,
            door=Doorkeeper(self.rig.database, self.rig.clock, QUICK),
        )

    def ask(self, url: str, **headers: str) -> Answer:
        """The answer to one of the manual's addresses, marks as they stand in it."""
        if self.authorization:
            headers = {"Authorization": self.authorization} | headers
        path, mark, query = _BEGINNING.sub("", url.replace("\n", "")).partition("?")
        if self._way == "form":
            wire = self.web.send("POST", path, query, **headers)
        else:
            wire = self.web.send("GET", path + mark + query, **headers)
        return self._read(wire)

    def curl(self, line: str, **files: object) -> Any:
        """The object that answers one of the manual's lines, sent the way curl does. `files` are
        the objects in those that it posts, by their names without `.json`. The user sends a
        password of ours: the manual's is too short."""
        asked = _CURL.parse_args(shlex.split(line)[1:])
        name, _, file = asked.data_urlencode.partition("@")
        body = f"{name}={quote(json.dumps(files[file.removesuffix('.json')]))}" if file else ""
        headers = {"Authorization": basic(asked.user.partition(":")[0]), "Accept": "*/*"}
        answer = self._read(
            self.web.send(asked.method, _BEGINNING.sub("", asked.url), body, **headers)
        )
        assert answer.status == 200
        return json.loads(answer.body)

    def _read(self, wire: Wire) -> Answer:
        end = self.rig.timer.seconds() + ANSWER_S
        while not wire.value() and self.rig.timer.seconds() < end:
            self.rig.turn(0.01)
        return parse_answer(wire.value())

    def log_on(self, name: str = "demoadmin", **change: object) -> None:
        """Have a user of this name, an administrator unless `change` says another class, send
        all that follows."""
        make_user(self.rig.database, self.rig.clock.now(), name, **change)
        self.authorization = basic(name)

    def text(self, url: str) -> str:
        """The text of an answer."""
        answer = self.ask(url)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/plain;charset=UTF-8")
        return answer.body.removesuffix("\n")

    def json(self, url: str) -> Any:
        """The object of an answer, its keys in their order."""
        answer = self.ask(url)
        kind = answer.headers["content-type"]
        assert (answer.status, kind) == (200, "application/json;charset=UTF-8"), answer.body
        return json.loads(answer.body)

    def run_state(self) -> str:
        """The state of the newest run, as the dialer sees it."""
        with self.rig.database.connect() as conn:
            run = fetch_recent_runs(conn, 1)[0]
        return str(self.engine.dialer.live.runs[run.id].state)

    def close(self) -> None:
        self.rig.close()


@pytest.fixture(params=["query", "form"])
def dialect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Dialect]:
    """Each test runs twice: with its fields in the query, and in a form."""
    found = Dialect(tmp_path, request.param)
    yield found
    found.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Dialect]:
    """The dialect, fields in the query: for what does not depend on how they are sent."""
    found = Dialect(tmp_path)
    yield found
    found.close()
