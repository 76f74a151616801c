"""Whatever is sent to a running Whipbird, right or wrong, its API answers as its document says."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

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

from core.operations.people import add_class
from core.operations.tokens import add_token
from core.people import SYSTEM
from tests.support.api_client import ALL
from tests.support.api_requests import SITE, there
from tests.support.installation import Installation
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
#: Requests of each kind to each operation: other ones every time if `make fuzz` asks for many.
MANY = os.environ.get("WHIPBIRD_API_EXAMPLES")
PACE = settings(
    max_examples=int(MANY or 6),
    deadline=None,
    derandomize=MANY is None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


class Desk:
    """Sends cases to a server, as somebody who may do everything."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token
        self._session = requests.Session()

    def send(self, case: Case, operation: Operation) -> Response:
        wanted = case.as_transport_kwargs(base_url=self._address)
        request = requests.Request(**wanted).prepare()
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = self._session.send(request, timeout=30, stream=True)
        has_end = answer.status_code != 200 or not operation.is_streamed
        content = answer.content if has_end else b""
        answer.close()
        return Response(
            status_code=answer.status_code,
            headers={name.lower(): [value] for name, value in answer.headers.items()},
            content=content,
            request=request,
            elapsed=0.0,
            verify=False,
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    installation = Installation(tmp_path_factory.mktemp("api"))
    installation.apply(SITE)
    installation.import_numbers([str(number) for number in range(201, 261)], "spring")
    database, now = installation.database, datetime.now(UTC)
    add_class(database, SYSTEM, "LOOK", "RT", "", now)
    make_user(database, now)
    make_user(database, now, "ben")
    _view, token = add_token(database, SYSTEM, "anna", "all", ALL, now)
    add_token(database, SYSTEM, "ben", "another", "RT", now)
    installation.start()
    installation.run("campaign", "start", "ABC")
    yield Desk(f"http://127.0.0.1:{installation.web_port}{ROOT}", token)
    installation.stop()


@EACH
def test_a_right_request_is_answered_as_described(desk: Desk, operation: Operation) -> None:
    declared = SCHEMA[operation.path][operation.method]
    seen: Counter[int] = Counter()

    @given(declared.as_strategy(GenerationMode.POSITIVE, path_parameters=there(operation)))
    @PACE
    def check(case: Case) -> None:
        answer = desk.send(case, operation)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    check()
    assert not {401, 405, 415} & seen.keys(), "the request did not get through"


@EACH
def test_a_wrong_request_is_refused_as_described(desk: Desk, operation: Operation) -> None:
    declared = SCHEMA[operation.path][operation.method]

    @given(declared.as_strategy(GenerationMode.NEGATIVE))
    @PACE
    def check(case: Case) -> None:
        case.validate_response(desk.send(case, operation), checks=CHECKS)

    check()
