"""Manual 25.02, "Add (or restart) list to a running campaign", "Pause list in a running campaign"
and "Show lists on a running campaign"."""

import pytest

from core.model import Simulation
from tests.support.fixtures_dialect import Dialect

AT = "http://127.0.0.1:8080/wombat/api/runlists/"
SLOW = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(20, 20))
NUMBERS = [str(5550000 + i) for i in range(60)]


@pytest.fixture
def run(dialect: Dialect) -> Dialect:
    """A run of `Test` over the list `list`, of which a part is read."""
    from dataclasses import replace

    from core.store.campaigns import save_campaign

    campaign = dialect.rig.configure(NUMBERS, simulation=SLOW, batch_size=10)
    with dialect.rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, name="Test"))
    dialect.text("/wombat/api/lists/?op=addToList&list=L1&numbers=7770001|7770002")
    dialect.text("/wombat/api/campaigns/?op=start&campaign=Test")
    dialect.rig.turn(2)
    return dialect


def test_the_lists_of_a_run_are_shown(run: Dialect) -> None:
    assert "OK" in run.text(f"{AT}?op=start&campaign=Test&list=L1")
    run.text(f"{AT}?op=pause&campaign=Test&list=list")
    first, second = run.json(f"{AT}?op=list&campaign=Test")
    assert list(first) == ["listId", "listName", "highWater", "isRunning", "isFinished"]
    assert (first["listName"], first["isRunning"], first["isFinished"]) == ("list", False, False)
    assert 0 < first["highWater"] < 60
    assert (second["listName"], second["isRunning"], second["highWater"]) == ("L1", True, 0)


def test_a_list_that_is_added_is_read_behind_the_others(run: Dialect) -> None:
    text = run.text(f"{AT}?op=start&campaign=Test&list=L1")
    assert text == "OK: start of list L1 in campaign Test: done"
    run.rig.turn(400)
    assert run.run_state() == "COMPLETED"
    assert sum(run.rig.outcomes().values()) == 62


def test_a_paused_list_is_read_on_when_it_is_started_again(run: Dialect) -> None:
    assert "OK" in run.text(f"{AT}?op=pause&campaign=Test&list=list")
    run.rig.turn(400)
    assert run.run_state() == "RUNNING", "a paused list keeps the run open"
    assert sum(run.rig.outcomes().values()) < 60
    assert "OK" in run.text(f"{AT}?op=start&campaign=Test&list=list")
    run.rig.turn(400)
    assert sum(run.rig.outcomes().values()) == 60


def test_what_is_so_already_is_no_error(run: Dialect) -> None:
    for query in (
        "op=start&campaign=Test&list=list",
        "op=pause&campaign=Test&list=L1",
        "op=pause&campaign=Test&list=NONE",
    ):
        assert run.text(f"{AT}?{query}").endswith(": nothing to do")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("op=start&campaign=Test&list=NONE", 'there is no list "NONE"'),
        ("op=start&campaign=NONE&list=L1", 'there is no campaign "NONE"'),
        ("op=pause&campaign=NONE&list=L1", 'there is no campaign "NONE"'),
        ("op=list&campaign=NONE", 'there is no campaign "NONE"'),
        ("op=list", "the request needs campaign="),
    ],
)
def test_a_wrong_request_is_answered_in_words(run: Dialect, query: str, why: str) -> None:
    text = run.text(f"{AT}?{query}")
    assert text.startswith("ERROR: ")
    assert why in text
