"""Manual 25.02, "Engine control", address by address."""

from core.rules.verdicts import Verdict
from core.store.audit import LogFilter, fetch_log
from tests.support.fixtures_dialect import ANSWERED, Dialect

STATE = "http://127.0.0.1:8080/wombat/api/engine/?op=STATE"
START = "http://127.0.0.1:8080/wombat/api/engine/?op=START"
STOP = "http://127.0.0.1:8080/wombat/api/engine/?op=STOP"
ZEROED = {"uptimeMs": 0, "msgSent": 0, "msgReceived": 0, "maxLicensedChannels": 0}
NUMBERS = [str(5550000 + i) for i in range(40)]


def begin(dialect: Dialect, **settings: object) -> None:
    campaign = dialect.rig.configure(NUMBERS, simulation=ANSWERED, **settings)
    dialect.rig.ask(campaign)
    dialect.rig.turn(1)


def test_a_running_engine_is_ready_and_says_what_it_did(dialect: Dialect) -> None:
    begin(dialect)
    state = dialect.json(STATE)
    assert list(state) == ["state", "uptimeMs", "msgSent", "msgReceived", "maxLicensedChannels"]
    assert state["state"] == "READY"
    assert 1000 <= state["uptimeMs"] < 1100
    assert state["msgSent"] == 10, "an Originate for each line of the trunk"
    assert state["msgReceived"] == 21, "the server is up; each call dials and rings"


def test_a_stop_answers_at_once_and_zeroes_the_figures(dialect: Dialect) -> None:
    begin(dialect)
    assert dialect.json(STOP) == {"state": "TERMINATION_REQD", **ZEROED}
    dialect.rig.turn(1)
    assert dialect.json(STATE) == {"state": "DOWN", **ZEROED}


def test_a_stopped_engine_places_no_calls_but_follows_those_that_are_up(dialect: Dialect) -> None:
    begin(dialect)
    dialect.json(STOP)
    dialect.rig.turn(60)
    assert dialect.rig.outcomes() == {"TERMINATED": 10}
    assert dialect.run_state() == "RUNNING"
    [run] = dialect.engine.publisher.latest().runs
    assert run.verdict == Verdict.DIALER_STOPPED


def test_a_start_goes_on_where_the_stop_was_and_changes_nothing_twice(dialect: Dialect) -> None:
    begin(dialect)
    dialect.json(STOP)
    dialect.rig.turn(60)
    assert dialect.json(START)["state"] == "READY"
    assert dialect.json(START)["state"] == "READY"
    dialect.rig.turn(60)
    assert dialect.rig.outcomes() == {"TERMINATED": 40}
    assert dialect.run_state() == "COMPLETED"


def test_the_uptime_counts_from_the_last_start(dialect: Dialect) -> None:
    dialect.rig.turn(100)
    dialect.json(STOP)
    dialect.rig.turn(1)
    dialect.json(START)
    dialect.rig.turn(2)
    assert 2000 <= dialect.json(STATE)["uptimeMs"] < 2200
    assert 2000 <= dialect.json(START)["uptimeMs"] < 2200, "nothing happens"


def test_an_engine_whose_database_another_dialer_took_does_not_start(dialect: Dialect) -> None:
    begin(dialect)
    dialect.json(STOP)
    dialect.engine.wishes.is_locked_out = True
    assert dialect.json(START)["state"] != "READY"


def test_a_reload_of_what_is_stopped_waits_for_the_start(dialect: Dialect) -> None:
    begin(dialect)
    dialect.json(STOP)
    assert "OK" in dialect.text("/wombat/api/campaigns/?op=pause&campaign=campaign")
    dialect.json(START)
    dialect.rig.turn(60)
    assert dialect.run_state() == "PAUSED"
    assert dialect.rig.outcomes() == {"TERMINATED": 10}


def test_the_older_address_of_a_start_answers_a_text(dialect: Dialect) -> None:
    dialect.json(STOP)
    for address in ("/wombat/dialer/?op=start", "/wombat/api/dialer/?op=start"):
        assert dialect.text(address) == "OK: the dialer is READY"


def test_who_stops_and_starts_the_engine_is_in_the_system_log(dialect: Dialect) -> None:
    dialect.json(STOP)
    dialect.json(START)
    dialect.text("/wombat/dialer/?op=start")
    with dialect.rig.database.connect() as conn:
        entries = [(entry.action, entry.face) for entry in fetch_log(conn, LogFilter(), 9)]
    assert entries == [("dialer.start", "dialect")] * 2 + [("dialer.stop", "dialect")]
