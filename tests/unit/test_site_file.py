"""The site file: what is read, and what is said when it is wrong."""

from pathlib import Path

import pytest

from core.model import Pace, ServerType, Simulation
from core.operations.site_file import Entry, Kind, parse_site
from core.rules.reschedule import RescheduleRule, RetryMode
from core.rules.states import CallState

DEMO = Path(__file__).parents[2] / "demo" / "site.toml"


def problems_of(file_text: str) -> list[str]:
    return parse_site(file_text)[1]


def only_entry(file_text: str) -> Entry:
    (entry,), problems = parse_site(file_text)
    assert problems == []
    return entry


def test_a_server_keeps_only_the_keys_that_the_file_mentions() -> None:
    entry = only_entry('[servers."Main PBX"]\ntype = "simulated"\nport = 5039')
    assert (entry.kind, entry.name, entry.place) == (
        Kind.SERVER,
        "Main PBX",
        'servers."Main PBX"',
    )
    assert entry.values == {"type": ServerType.SIMULATED, "port": 5039}


@pytest.mark.parametrize("word", ["AMI", "ami", "ASTERISKAMI"])
def test_a_server_s_type_is_known_by_name_and_by_its_wire_value(word: str) -> None:
    assert only_entry(f'[servers.a]\ntype = "{word}"').values["type"] is ServerType.AMI


def test_a_trunk_s_simulation_is_read_whole() -> None:
    entry = only_entry(
        "[trunks.t.simulation]\noutcomes = { answered = 3, busy = 1 }\nring_s = [0, 0.5]"
    )
    assert entry.values["simulation"] == Simulation(
        outcomes={"answered": 3.0, "busy": 1.0}, ring_s=(0.0, 0.5)
    )


def test_a_campaign_s_rules_keep_their_order() -> None:
    entry = only_entry(
        """
        [campaigns.c]
        pace = "closed"
        lists = ["b", "a"]
        [[campaigns.c.reschedule]]
        state = "rs_busy"
        ext_status = "$"
        max_attempts = 0
        retry_after_s = 60
        [[campaigns.c.reschedule]]
        state = "TERMINATED"
        ext_status = "LATER"
        mode = "mult"
        """
    )
    assert entry.values["pace"] is Pace.CLOSED
    assert entry.values["lists"] == ("b", "a")
    assert entry.values["reschedule"] == (
        RescheduleRule(state=CallState.RS_BUSY, ext_status="$", max_attempts=0, retry_after_s=60),
        RescheduleRule(state=CallState.TERMINATED, ext_status="LATER", mode=RetryMode.MULT),
    )


@pytest.mark.parametrize(
    ("file_text", "problem"),
    [
        ("[server.a]", '[server]: there is no such section; is "servers" meant?'),
        ("servers = 1", 'servers "1": write tables, [servers.NAME]'),
        ("servers.a = 1", 'servers.a "1": write a table, [servers.a]'),
        ("[servers.a]\nprot = 1", 'servers.a.prot: there is no such key; is "port" meant?'),
        ("[servers.a]\nport = 0", 'servers.a.port "0": write a whole number from 1 to 65535'),
        (
            "[servers.a]\nport = true",
            'servers.a.port "True": write a whole number from 1 to 65535',
        ),
        (
            '[servers.a]\ntype = "simulatd"',
            'servers.a.type "simulatd": is "SIMULATED" meant?',
        ),
        (
            '[servers.a]\nhost = "a b"',
            'servers.a.host "a b": write a host name or an address, such as 127.0.0.1',
        ),
        (
            "[servers.a]\npassword = 1234",
            'servers.a.password "***": write one line of text in quotes',
        ),
        (
            "[trunks.main]\ncapacity = 0",
            'trunks.main.capacity "0": write a whole number from 1 to 100000',
        ),
        (
            '[trunks.main]\ndial_string = "PJSIP/100"',
            'trunks.main.dial_string "PJSIP/100": ${num} must stand where the number goes',
        ),
        (
            "[trunks.t.simulation]\nring_s = 3",
            'trunks.t.simulation.ring_s "3": write the least and the most seconds, [1, 3]',
        ),
        (
            "[trunks.t.simulation]\noutcomes = { answered = 'much' }",
            "trunks.t.simulation.outcomes \"{'answered': 'much'}\": "
            "write weights, { answered = 0.5, busy = 0.5 }",
        ),
        (
            "[trunks.t.simulation]\nrings = 3",
            'trunks.t.simulation.rings: there is no such key; is "ring_s" meant?',
        ),
        (
            '[campaigns.c]\ncaller_id = "a\\r\\nAction: x"',
            'campaigns.c.caller_id "a\r\nAction: x": write one line of text in quotes',
        ),
        (
            "[campaigns.c]\nanswer_timeout_ms = 0",
            'campaigns.c.answer_timeout_ms "0": write a whole number from 1 to 3600000',
        ),
        (
            '[campaigns.c]\ntrunks = "t"',
            'campaigns.c.trunks "t": write a list, ["one", "two"]',
        ),
        (
            '[campaigns.c]\ntrunks = ["t", "t"]',
            "campaigns.c.trunks \"['t', 't']\": \"t\" is there twice",
        ),
        (
            "[campaigns.c]\nidles_on_termination = 1",
            'campaigns.c.idles_on_termination "1": write true or false',
        ),
        (
            '[[campaigns.c.reschedule]]\nstate = "RS_BUSSY"',
            'campaigns.c.reschedule[1].state "RS_BUSSY": '
            'a call must end in it; is "RS_BUSY" meant?',
        ),
        (
            "[[campaigns.c.reschedule]]\nmax_attempts = 1",
            "campaigns.c.reschedule[1].state: it must be given, such as RS_BUSY",
        ),
        (
            '[[campaigns.c.reschedule]]\nstate = "RS_BUSY"\nretry_after_s = -1',
            'campaigns.c.reschedule[1].retry_after_s "-1": write a whole number from 0 to 31622400',
        ),
        (
            "[campaigns.c]\nreschedule = 1",
            'campaigns.c.reschedule "1": write rules, each [[campaigns.NAME.reschedule]]',
        ),
        (
            '[lists." a"]',
            'lists." a": a name has at most 100 characters, no blanks around it',
        ),
    ],
)
def test_a_mistake_is_named_with_place_value_and_advice(file_text: str, problem: str) -> None:
    assert problems_of(file_text) == [problem]


@pytest.mark.parametrize("state", ["CONNECTED", "IN_HOPPER", 3])
def test_only_a_state_that_ends_a_call_can_be_retried(state: object) -> None:
    shown = f'"{state}"' if isinstance(state, str) else state
    (problem,) = problems_of(f"[[campaigns.c.reschedule]]\nstate = {shown}")
    assert problem.startswith(f'campaigns.c.reschedule[1].state "{state}": a call must end in it')


def test_an_impossible_simulation_is_refused_at_its_place() -> None:
    (problem,) = problems_of("[trunks.t.simulation]\noutcomes = { answered = -1 }")
    assert problem.startswith("trunks.t.simulation")
    assert "answered" in problem


def test_all_mistakes_are_found_in_one_reading() -> None:
    problems = problems_of(
        """
        [servers.a]
        port = 70000
        hots = "x"
        [end_points.e]
        extension = "1,2"
        context = "a b"
        [campaigns.c]
        pace = "RUNNING"
        """
    )
    assert [problem.split(" ", 1)[0].rstrip(":") for problem in problems] == [
        "servers.a.port",
        "servers.a.hots",
        "end_points.e.extension",
        "end_points.e.context",
        "campaigns.c.pace",
    ]


def test_text_that_is_not_toml_is_said_to_be_none() -> None:
    (problem,) = problems_of("[servers")
    assert problem.startswith("this is not TOML: ")


def test_the_demonstration_s_file_is_right() -> None:
    entries, problems = parse_site(DEMO.read_text(encoding="utf-8"))
    assert problems == []
    assert [(entry.kind.value, entry.name) for entry in entries] == [
        ("servers", "Demo PBX"),
        ("trunks", "Demo lines"),
        ("end_points", "Demo message"),
        ("lists", "Demo patients"),
        ("campaigns", "Demo reminders"),
    ]
    assert len(entries[-1].values["reschedule"]) == 3
