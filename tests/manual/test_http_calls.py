"""Manual 25.02, "Set extStatus and attributes on a live call", "Cancel numbers from a
blacklist", "Preview dialing" and "Notify the state for an API-driven end-point"."""

import pytest
from sqlalchemy import select

from core.model import CallList, Simulation
from core.rules.disposition import DispositionRule, Verb
from core.rules.states import CallState
from core.store.lists import fetch_list_by_name, fetch_records, insert_records, save_list
from core.store.schema import call_log, outbox
from tests.support.fixtures_dialect import ANSWERED, Dialect
from tests.support.world import rule

AT = "http://127.0.0.1:8080/wombat/api/calls/"
TALKING = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(30, 30))


def begin(dialect: Dialect, simulation: Simulation = TALKING) -> int:
    """A call that is up; its id."""
    campaign = dialect.rig.configure(["5550001"], simulation=simulation)
    dialect.rig.ask(campaign)
    dialect.rig.turn(3)
    [call] = dialect.engine.dialer.live.calls.values()
    return call.attempt.id


def outputs(dialect: Dialect) -> dict[str, str]:
    with dialect.rig.database.connect() as conn:
        called = fetch_list_by_name(conn, "list")
        [record] = fetch_records(conn, called.id, after_id=0, limit=2)
    return dict(record.outputs)


def statuses(dialect: Dialect) -> list[str]:
    with dialect.rig.database.connect() as conn:
        return list(conn.execute(select(call_log.c.ext_status)).scalars())


def test_a_live_call_takes_a_status_and_attributes(dialect: Dialect) -> None:
    call = begin(dialect)
    for query in (
        f"op=extstatus&wombatid={call}&status=XY",
        f"op=attr&wombatid={call}&attr=AB&val=CD",
        f"op=attrAppend&wombatid=WBT.{call}&attr=AB&val=EF",
        f"op=attrAppend&wombatid={call}&attr=NEW&val= x|y:z,1",
    ):
        text = dialect.text(f"{AT}?{query}")
        assert text.startswith("OK: Event ")
        assert text.endswith(" queued")
    assert outputs(dialect) == {}, "it is written when the call ends"
    dialect.rig.turn(60)
    assert outputs(dialect) == {"AB": "CDEF", "NEW": " x|y:z,1"}
    assert statuses(dialect) == ["XY"]


def test_the_answer_to_a_status_names_the_event(dialect: Dialect) -> None:
    call = begin(dialect)
    text = dialect.text(f"{AT}?op=extstatus&wombatid={call}&status=XY")
    assert text == "OK: Event CALLSTATUS queued"


def test_attributes_of_a_live_call_are_cleared(dialect: Dialect) -> None:
    call = begin(dialect)
    dialect.text(f"{AT}?op=attr&wombatid={call}&attr=AB&val=CD")
    assert "OK" in dialect.text(f"{AT}?op=attrClear&wombatid={call}")
    dialect.rig.turn(60)
    assert outputs(dialect) == {}


def test_a_call_that_is_over_takes_them_too(dialect: Dialect) -> None:
    call = begin(dialect, ANSWERED)
    dialect.rig.turn(60)
    assert dialect.engine.dialer.live.calls == {}
    for query in (
        f"op=extstatus&wombatid={call}&status=XY",
        f"op=attr&wombatid={call}&attr=AB&val=CD",
        f"op=attrAppend&wombatid={call}&attr=AB&val=EF",
    ):
        assert "queued" in dialect.text(f"{AT}?{query}")
    assert (outputs(dialect), statuses(dialect)) == ({"AB": "CDEF"}, ["XY"])
    assert "OK" in dialect.text(f"{AT}?op=attrClear&wombatid={call}")
    assert (outputs(dialect), statuses(dialect)) == ({}, ["XY"])


def test_a_status_after_the_end_triggers_no_rule(dialect: Dialect) -> None:
    tell = DispositionRule(
        state=CallState.TERMINATED,
        ext_status="XY",
        verb=Verb.HTTP_GET,
        destination="http://127.0.0.1:1/",
        with_retries_pending=True,
    )
    campaign = dialect.rig.configure(
        ["5550001"],
        simulation=ANSWERED,
        reschedule_rules=(rule("TERMINATED", ext_status="XY", max_attempts=3, retry_after_s=1),),
        disposition_rules=(tell,),
    )
    dialect.rig.ask(campaign)
    dialect.rig.turn(60)
    dialect.text(f"{AT}?op=extstatus&wombatid=1&status=XY")
    dialect.rig.turn(60)
    assert statuses(dialect) == ["XY"]
    assert dialect.run_state() == "COMPLETED"
    with dialect.rig.database.connect() as conn:
        assert conn.execute(select(outbox.c.id)).all() == []


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("op=extstatus&wombatid=99&status=XY", 'there is no call "99"'),
        ("op=extstatus&wombatid=9x&status=XY", 'wombatid "9x": write a WombatID'),
        ("op=extstatus&status=XY", 'wombatid "": the request needs wombatid='),
        ("op=extstatus&wombatid=1", "a status needs at least one character"),
        ("op=attr&wombatid=1&val=1", 'attr "": the request needs attr='),
        ("op=attr&wombatid=1&attr=A-B&val=1", "a name has letters, digits, _ and"),
        ("op=attr&wombatid=1&attr=AB&val=a%0Ab", "a value has no control characters"),
    ],
)
def test_what_cannot_be_said_of_a_call_is_refused(dialect: Dialect, query: str, why: str) -> None:
    text = dialect.text(f"{AT}?{query}")
    assert text.startswith("ERROR: ")
    assert why in text


def test_appending_has_an_end(dialect: Dialect) -> None:
    call = begin(dialect, ANSWERED)
    dialect.rig.turn(60)
    dialect.text(f"{AT}?op=attr&wombatid={call}&attr=AB&val={'x' * 800}")
    text = dialect.text(f"{AT}?op=attrAppend&wombatid={call}&attr=AB&val={'x' * 800}")
    assert "a value has at most 900 bytes" in text
    assert outputs(dialect) == {"AB": "x" * 800}


def test_black_list_entries_are_cancelled(dialect: Dialect) -> None:
    with dialect.rig.database.begin() as conn:
        dnc = save_list(conn, CallList(name="DNC")).id
        cancelled = '{"BLACKLISTED_CANCELLED": "before @2023-11-10.18:31:32"}'
        numbers = [("5551000", None)] * 6 + [("5551000", cancelled)] * 3
        insert_records(conn, [(dnc, number, inputs) for number, inputs in numbers])
    text = dialect.text(f"{AT}\n?op=cancelBlacklist\n&list=DNC\n&numbers=5551000\n&reason=Incall1")
    assert text == "OK: Numbers updated: 6 (N Lists 1 - Numbers found: 9)"
    with dialect.rig.database.connect() as conn:
        entries = fetch_records(conn, dnc, after_id=0, limit=9)
    marks = [entry.inputs["BLACKLISTED_CANCELLED"] for entry in entries]
    assert marks[0] == "Incall1 @2026-03-02.09:00:00"
    assert marks[6:] == ["before @2023-11-10.18:31:32"] * 3


def test_several_numbers_are_cancelled_at_once(dialect: Dialect) -> None:
    with dialect.rig.database.begin() as conn:
        dnc = save_list(conn, CallList(name="DNC")).id
        insert_records(conn, [(dnc, number, None) for number in ("1", "2", "3")])
    text = dialect.text(f"{AT}?op=cancelBlacklist&list=DNC&numbers=1|3|9|")
    assert text == "OK: Numbers updated: 2 (N Lists 1 - Numbers found: 2)"
    assert "OK" not in dialect.text(f"{AT}?op=cancelBlacklist&list=NONE&numbers=1")


RESERVE = "http://127.0.0.1:8080/wombat/api/reserve/"


def test_no_call_can_be_reserved_while_no_campaign_points_to_agents(dialect: Dialect) -> None:
    begin(dialect)
    assert dialect.text(f"{RESERVE}?op=reserve&agent=SIP/302") == "AGENT_CANNOT_RESERVE"
    assert dialect.text(f"{RESERVE}?op=reserve").startswith("ERROR: agent")


@pytest.mark.parametrize("query", ["op=dial&id={id}", "op=skip&id={id}&withStatus=XXX"])
def test_what_was_not_reserved_is_neither_dialled_nor_skipped(dialect: Dialect, query: str) -> None:
    call = begin(dialect)
    assert dialect.text(f"{RESERVE}?{query.format(id=123456)}") == "ID_NOT_FOUND"
    assert dialect.text(f"{RESERVE}?{query.format(id=call)}") == "ID_FOUND_WRONG_STATE"


@pytest.mark.parametrize(
    ("name", "state"),
    [("z1", "n_idle=20"), ("z1", "idle=SIP/301,SIP/302&talking=&n_calls=3"), ("message", "")],
)
def test_an_end_point_that_is_not_of_type_api_is_not_updated(
    dialect: Dialect, name: str, state: str
) -> None:
    dialect.rig.configure([])
    at = "http://127.0.0.1:8080/wombat/api/endpoint/"
    text = dialect.text(f"{at}?op=update&queue={name}&{state}")
    assert text == f'ERROR: there is no end-point of type API "{name}"'
