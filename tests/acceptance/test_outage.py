"""The night the database is killed: real MariaDB, real Asterisk, audited by the PBX."""

import urllib.error
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asterisk.server import AsteriskServer
from tests.support.audit import count_live, recorded_calls
from tests.support.installation import Installation, describe_campaign
from tests.support.mariadb import MariaDB

pytestmark = [pytest.mark.asterisk, pytest.mark.mariadb, pytest.mark.usefixtures("leaky_driver")]

LINES, CALLS = 20, 50


@pytest.fixture
def pbx(asterisk: AsteriskServer) -> Iterator[AsteriskServer]:
    """A PBX whose calls are all ours."""
    with AsteriskServer(root=asterisk.root) as own:
        yield own


@pytest.fixture
def installation(tmp_path: Path, mariadb_server: MariaDB) -> Iterator[Installation]:
    mariadb_server.execute("CREATE OR REPLACE DATABASE outage CHARACTER SET utf8mb4")
    found = Installation(tmp_path, database_url=mariadb_server.url_of("outage"))
    yield found
    found.stop()


def refusal(installation: Installation, path: str) -> str:
    """With which status and words the page is refused; empty if it is there."""
    try:
        installation.get(path)
    except urllib.error.HTTPError as answer:
        with answer:
            return f"{answer.code} {answer.read().decode()}"
    return ""


def test_while_mariadb_is_dead_calls_go_on_none_is_placed_and_no_status_is_lost(
    installation: Installation, mariadb_server: MariaDB, pbx: AsteriskServer
) -> None:
    installation.apply(describe_campaign(pbx.server(), LINES, extension="late"))
    installation.import_numbers([f"1000060{i:03}" for i in range(CALLS)], "numbers")
    installation.start()
    installation.run("campaign", "start", "calls")
    installation.wait(lambda: count_live(pbx) == LINES, 20, "not all calls come up")
    mariadb_server.kill()
    try:
        installation.wait(lambda: bool(refusal(installation, "/health")), 20, "nothing is said")
        health = refusal(installation, "/health")
        assert health.startswith("503 ")
        assert '"database":"unreachable"' in health
        assert "No new call is placed meanwhile" in refusal(installation, "/")
        installation.wait(lambda: count_live(pbx) == 0, 30, "calls do not end")
        assert len(recorded_calls(pbx)) == LINES
    finally:
        mariadb_server.start()
    installation.wait_for_run(60)
    logs = installation.logs()
    sent = [log for log in logs if not log.reason.startswith("not sent")]
    assert Counter((log.state, log.ext_status) for log in sent) == {("TERMINATED", "SOLD"): CALLS}
    assert recorded_calls(pbx) == Counter({log.channel_id: 1 for log in sent})
    assert len({log.number for log in sent}) == CALLS
    assert "database away, no new call is placed" in installation.log.read_text()
    assert installation.get("/health")["status"] == "ok"
