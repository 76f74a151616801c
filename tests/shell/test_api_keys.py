"""What the document says of keys is so."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from core.rules.keys import Key
from tests.support.api_client import ALL, Client
from tests.support.api_requests import BODIES, place_of
from tests.support.databases import fresh_sqlite
from tests.support.fixtures_web import NOW, make_guarded_web, store_site
from tests.support.people import make_user
from web.api.offered import OPERATIONS
from web.api.operation import Operation

CASES = [(one, key) for one in OPERATIONS for key in one.needs]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = fresh_sqlite(tmp_path_factory.mktemp("keys") / "web.db")
    store_site(engine, name="ABC")
    make_user(engine, NOW)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def clients(engine: Engine) -> dict[Key, Client]:
    """For each key somebody who holds all others."""
    web = make_guarded_web(engine)
    keys = sorted({key for _operation, key in CASES})
    return {
        key: Client(web, " ".join(one for one in ALL.split() if one != key), f"no {key}")
        for key in keys
    }


@pytest.mark.parametrize(
    ("operation", "key"), CASES, ids=[f"{one.name}-{key}" for one, key in CASES]
)
def test_what_is_documented_as_needed_is_needed(
    clients: dict[Key, Client], operation: Operation, key: Key
) -> None:
    answer = clients[key].ask(
        operation.method,
        place_of(operation),
        BODIES.get(operation.name),
        Content_Type=operation.takes[0],
        If_Match="*",
    )
    assert (answer.status, f'"{key}"' in answer.body.replace('\\"', '"')) == (403, True)
