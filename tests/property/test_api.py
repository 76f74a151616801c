"""Whatever is sent to the API, right or wrong, the answer is one that its document describes."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from core.operations.tokens import add_token
from core.people import SYSTEM
from core.rules.keys import Key
from tests.support.api_requests import there
from tests.support.databases import fresh_sqlite
from tests.support.fixtures_web import (
    NOW,
    Web,
    call_log,
    make_guarded_web,
    parse_answer,
    store_logs,
    store_run,
    store_site,
)
from tests.support.people import make_user
from web.api.document import write_document
from web.api.offered import OPERATIONS, TAGS
from web.api.operation import ROOT, Operation

SCHEMA = schemathesis.openapi.from_dict(json.loads(write_document(OPERATIONS, TAGS)))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BRIEFLY = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


class Desk:
    """Sends cases to a web server over no socket, as somebody who may do everything."""

    def __init__(self, web: Web, token: str) -> None:
        self._web = web
        self._token = token

    def send(self, case: Case) -> Response:
        wanted = case.as_transport_kwargs(base_url=f"http://localhost{ROOT}")
        request = requests.Request(**wanted).prepare()
        request.headers["Authorization"] = f"Bearer {self._token}"
        wire = self._web.connect()
        wire.protocol.dataReceived(render(request))
        answer = parse_answer(wire.value())
        wire.hang_up()
        return Response(
            status_code=answer.status,
            headers={name: [value] for name, value in answer.headers.items()},
            content=answer.body.encode(),
            request=request,
            elapsed=0.0,
            verify=False,
        )


def render(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    raw = body if isinstance(body, bytes) else body.encode()
    lines = [f"{request.method} {request.path_url} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + raw


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = fresh_sqlite(tmp_path_factory.mktemp("api") / "web.db")
    campaign = store_site(engine, name="ABC")
    store_logs(engine, call_log(store_run(engine, campaign), campaign, 501))
    make_user(engine, NOW)
    make_user(engine, NOW, "ben")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def desk(furnished: Engine) -> Desk:
    keys = " ".join(key for key in Key if key not in (Key.LICKEY, Key.DEBUG_AMI))
    _view, token = add_token(furnished, SYSTEM, "anna", "all", keys, NOW)
    add_token(furnished, SYSTEM, "ben", "another", "RT", NOW)
    return Desk(make_guarded_web(furnished), token)


@EACH
def test_a_right_request_is_answered_as_described(desk: Desk, operation: Operation) -> None:
    declared = SCHEMA[operation.path][operation.method]
    seen: Counter[int] = Counter()

    @given(declared.as_strategy(GenerationMode.POSITIVE, path_parameters=there(operation)))
    @BRIEFLY
    def check(case: Case) -> None:
        answer = desk.send(case)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    check()
    assert not {401, 405, 415} & seen.keys(), "the request did not get through"


@EACH
def test_a_wrong_request_is_refused_as_described(desk: Desk, operation: Operation) -> None:
    declared = SCHEMA[operation.path][operation.method]

    @given(declared.as_strategy(GenerationMode.NEGATIVE))
    @BRIEFLY
    def check(case: Case) -> None:
        case.validate_response(desk.send(case), checks=CHECKS)

    check()
