"""Manual 25.02, "System health" and "Adding a license key"."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tests.support.fixtures_dialect import Dialect


def test_the_system_is_up_while_the_database_answers(dialect: Dialect) -> None:
    found = dialect.json("http://127.0.0.1:8080/wombat/api/sysup/")
    assert list(found) == [
        "state",
        "ramFreeMb",
        "ramTotalMb",
        "ramMaxMb",
        "db_access_ms",
        "generatedOn",
        "version",
    ]
    assert found["state"] == "WBTUP"
    assert 0 < found["ramTotalMb"] < found["ramMaxMb"]
    assert 0 <= found["db_access_ms"] < 10_000
    assert found["generatedOn"] == "Mon Mar 02 09:00:00 UTC 2026"
    assert found["version"].startswith("Whipbird ")


def test_without_its_database_the_system_is_not_up(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_engine: Engine) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone away"))

    monkeypatch.setattr(Engine, "connect", fail)
    answer = dialect.ask("http://127.0.0.1:8080/wombat/api/sysup/")
    assert answer.status == 200
    assert "WBTUP" not in answer.body


def test_every_licence_key_is_taken_and_nothing_is_limited(dialect: Dialect) -> None:
    found = dialect.json("http://127.0.0.1:8080/wbt/api/addkey/?op=add&key=ABCD.1234")
    assert list(found) == [
        "requestId",
        "lockUntilComplete",
        "responseStatus",
        "responseMessage",
        "toPanel",
        "responseLog",
        "keyText",
        "isAdd",
        "lLic",
        "l_px",
        "l_ch",
        "processor",
    ]
    assert (found["responseStatus"], found["lLic"], found["l_ch"]) == ("OK", [], 2147483647)
