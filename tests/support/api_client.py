"""A program that uses the API."""

import json
from typing import Any

from core.operations.tokens import add_token
from core.people import SYSTEM
from core.rules.keys import Key
from core.rules.states import CallState
from tests.support.fixtures_web import (
    NOW,
    Answer,
    Web,
    call_log,
    parse_answer,
    store_logs,
    store_run,
    store_site,
)
from web.api.operation import ROOT

ALL = " ".join(key for key in Key if key not in (Key.LICKEY, Key.DEBUG_AMI))


class Client:
    """Asks the API as anna, by a token with these keys; `If_Match=…` names a header."""

    def __init__(self, web: Web, keys: str = ALL, name: str = "all") -> None:
        web.cookie = ""
        self.web = web
        _view, secret = add_token(web.engine, SYSTEM, "anna", name, keys, NOW)
        self.headers = {"Authorization": f"Bearer {secret}", "Host": "localhost"}

    def ask(self, method: str, path: str, body: object = None, **more: str) -> Answer:
        raw = "" if body is None else json.dumps(body)
        return self.ask_raw(method, path, raw, "application/json", **more)

    def ask_raw(self, method: str, path: str, body: str, kind: str, **more: str) -> Answer:
        """With a body of this kind as it stands, unless it is empty."""
        raw = body.encode()
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {"Content-Type": kind, **self.headers, **named}
        if raw:
            headers["Content-Length"] = str(len(raw))
        lines = [f"{method} {ROOT}{path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        wire = self.web.connect()
        wire.protocol.dataReceived("\r\n".join([*lines, "", ""]).encode() + raw)
        return parse_answer(wire.value())

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def send(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status == status, answer.body
        return json.loads(answer.body) if answer.body else None


def furnish(web: Web) -> Client:
    """A client of a site with a campaign that has a run of three calls."""
    campaign = store_site(web.engine, name="ABC")
    run = store_run(web.engine, campaign)
    store_logs(
        web.engine,
        call_log(run, campaign, 501, ext_status="SALE", talk_ms=4000),
        call_log(run, campaign, 502, state=CallState.RS_BUSY),
        call_log(run, campaign, 503, number="202"),
    )
    return Client(web)
