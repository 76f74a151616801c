"""The site file: what is read, and what is said when it is wrong."""

from datetime import date, time
from pathlib import Path

import pytest

from core.model import Pace, ServerType, Simulation
from core.operations.site_file import Entry, Kind, parse_site
from core.rules.opening_hours import DefaultMode, HourRule, MonthDay
from core.rules.public_holidays import public_holidays
from core.rules.reschedule import RescheduleRule, RetryMode
from core.rules.states import CallState

NAMES = (
    "a name has letters, digits, _ and single blanks between words, starts with no digit, "
    "at most 64 long"
)
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
            'campaigns.c.caller_id "a\\r\\nAction: x": write one line of text in quotes',
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
            "[caps.c]\nattempts = 0",
            'caps.c.attempts "0": write a whole number from 1 to 1000',
        ),
        (
            '[caps.c]\npreset = "us"',
            'caps.c.preset "us": write one of US_REG_F, FRANCE',
        ),
        (
            '[caps.c]\npreset = "france"\nrest_days = 3',
            "caps.c.rest_days: the preset gives it; leave out one of the two",
        ),
        (
            '[caps.c]\nday = "callendar"',
            'caps.c.day "callendar": is "CALENDAR" meant?',
        ),
        (
            "[campaigns.c]\ncap_wait_h = -1",
            'campaigns.c.cap_wait_h "-1": write a whole number from 0 to 8784',
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
            '[campaigns.c]\ntime_zone = "Europe/Zürich"',
            'campaigns.c.time_zone "Europe/Zürich": write an IANA time zone; '
            'is "Europe/Zurich" meant?',
        ),
        (
            '[campaigns.c]\ntime_zone = "new york"',
            'campaigns.c.time_zone "new york": write an IANA time zone; '
            'is "America/New_York" meant?',
        ),
        (
            '[campaigns.c]\ntime_zone = "0123456789"',
            'campaigns.c.time_zone "0123456789": write an IANA time zone; '
            "such as Europe/Zurich or UTC",
        ),
        (
            '[campaigns.c]\nstart_time = "25:00"',
            'campaigns.c.start_time "25:00": '
            "a time of day is written 9:30:00 or 093000, at most 23:59:59",
        ),
        (
            '[campaigns.c]\ndays = "12389"',
            'campaigns.c.days "12389": days are digits from 1 for Sunday to 7 for Saturday',
        ),
        (
            "[campaigns.c]\ndays = 23456",
            'campaigns.c.days "23456": write days as "23456", 1 for Sunday to 7 for Saturday, '
            'or as ["Mo", "Tu"]',
        ),
        (
            '[campaigns.c]\ndays = ["Mo", "Do"]',
            "campaigns.c.days \"['Mo', 'Do']\": \"Do\" is no day; "
            'write days as "23456", 1 for Sunday to 7 for Saturday, or as ["Mo", "Tu"]',
        ),
        (
            "[campaigns.c]\ndays = []",
            'campaigns.c.days "[]": choose at least one day, from 1 (Sunday) to 7 (Saturday)',
        ),
        (
            '[campaigns.c]\nvariables = "A:1,1B:2"',
            f'campaigns.c.variables "A:1,1B:2": "1B": {NAMES}',
        ),
        (
            '[campaigns.c]\nvariables = "A:1,B:2,C:3,D:4,E:5,F:6,G:7,H:8,I:9,"',
            'campaigns.c.variables "A:1,B:2,C:3,D:4,E:5,F:6,G:7,H:8,I:9,": '
            "a campaign has at most 8 variables, these are 9",
        ),
        (
            '[campaigns.c]\ncaller_id = "C ${NAME"',
            'campaigns.c.caller_id "C ${NAME": a ${ needs its }, as in ${NAME}',
        ),
        (
            '[campaigns.c]\nagent_caller_id = "C1 ${num}"',
            'campaigns.c.agent_caller_id "C1 ${num}": ${num} is unknown: write ${NUM}',
        ),
        (
            '[campaigns.c]\npresentation = "${A-B}"',
            f'campaigns.c.presentation "${{A-B}}": ${{A-B}} names no attribute: {NAMES}',
        ),
        (
            f'[campaigns.c]\naccount = "{"a" * 80}"',
            f'campaigns.c.account "{"a" * 80}": it may have at most 79 characters',
        ),
        (
            f'[campaigns.c]\namd_mode = "{"a" * 65}"',
            f'campaigns.c.amd_mode "{"a" * 65}": it may have at most 64 characters',
        ),
        (
            '[opening_hour.o]\ndefault = "open"',
            '[opening_hour]: there is no such section; is "opening_hours" meant?',
        ),
        (
            '[opening_hours.o]\ndefault = "close"',
            'opening_hours.o.default "close": is "CLOSED" meant?',
        ),
        (
            "[opening_hours.o]\nrules = 1",
            'opening_hours.o.rules "1": write rules, [{ days = "23456", state = "OPEN" }]',
        ),
        (
            '[opening_hours.o]\nrules = [{ days = "23456" }]',
            'opening_hours.o.rules[1].state: it must be given, "OPEN" or "CLOSED"',
        ),
        (
            '[opening_hours.o]\nrules = [{ state = "OPENED" }]',
            'opening_hours.o.rules[1].state "OPENED": is "OPEN" meant?',
        ),
        (
            '[opening_hours.o]\nrules = [{ state = "OPEN", from_date = "31/2" }]',
            'opening_hours.o.rules[1].from_date "31/2": there is no such day',
        ),
        (
            '[opening_hours.o]\nrules = [{ state = "OPEN", from = "9:30" }]',
            'opening_hours.o.rules[1].from: there is no such key; is "from_time" meant?',
        ),
        (
            '[opening_hours.o]\nrules = [{ state = "OPEN", from_date = 2026-12-25T09:00:00 }]',
            'opening_hours.o.rules[1].from_date "2026-12-25 09:00:00": '
            "write one line of text in quotes",
        ),
        (
            "[opening_hours.o]\nholidays = { years = [2026] }",
            "opening_hours.o.holidays.country: it must be given",
        ),
        (
            '[opening_hours.o]\nholidays = { country = "CH" }',
            "opening_hours.o.holidays.years: it must be given",
        ),
        (
            '[opening_hours.o]\nholidays = { country = "CH", years = 2026 }',
            'opening_hours.o.holidays.years "2026": write a list of years, [2026, 2027]',
        ),
        (
            '[opening_hours.o]\nholidays = { country = "Switzerlnd", years = [2026] }',
            'opening_hours.o.holidays.country "Switzerlnd": it is unknown; '
            "the nearest is CH (Switzerland)",
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


def test_a_zone_that_depends_on_the_machine_is_refused() -> None:
    (problem,) = problems_of('[campaigns.c]\ntime_zone = "localtime"')
    assert problem.startswith('campaigns.c.time_zone "localtime": write an IANA time zone; ')


@pytest.mark.parametrize("written", ['"23456"', '["Mo", "tu", "Wed", "Thursday", "FR"]'])
def test_days_are_written_as_digits_or_as_names(written: str) -> None:
    assert only_entry(f"[campaigns.c]\ndays = {written}").values["days"] == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("written", ['"9:30"', '"09:30:00"', '"093000"', "09:30:00"])
def test_a_time_is_written_as_text_or_as_toml_has_it(written: str) -> None:
    entry = only_entry(f"[campaigns.c]\nstart_time = {written}")
    assert entry.values["start_time"] == time(9, 30)


def test_a_campaign_s_details_are_read() -> None:
    entry = only_entry(
        """
        [campaigns.c]
        time_zone = "America/Argentina/Buenos_Aires"
        variables = "LANG:it, URL:http://x:80/,"
        caller_id = '"${NAME}" <100>'
        agent_caller_id = "C1 ${NAME}"
        presentation = "${SITE}"
        account = "${LST}"
        amd_mode = "amd"
        amd_extra = "2500,1500"
        amd_file = ""
        fax_file = "offer.tif"
        opening_hours = ["b", "a"]
        black_lists = ["z", "y"]
        """
    )
    assert entry.values == {
        "time_zone": "America/Argentina/Buenos_Aires",
        "variables": (("LANG", "it"), ("URL", "http://x:80/")),
        "caller_id": '"${NAME}" <100>',
        "agent_caller_id": "C1 ${NAME}",
        "presentation": "${SITE}",
        "account": "${LST}",
        "amd_mode": "amd",
        "amd_extra": "2500,1500",
        "amd_file": "",
        "fax_file": "offer.tif",
        "opening_hours": ("b", "a"),
        "black_lists": ("y", "z"),
    }


def test_the_rules_of_opening_hours_keep_their_order() -> None:
    entry = only_entry(
        """
        [opening_hours.o]
        default = "closed"
        rules = [
            { name = "Christmas", from_date = "25/12", to_date = "26/12", state = "closed" },
            { days = ["Mo"], from_time = "9:30", to_time = 17:00:00, state = "OPEN" },
            { from_date = 2026-08-01, to_date = "02/08/2026", state = "CLOSED" },
        ]
        """
    )
    assert entry.kind is Kind.OPENING_HOURS
    assert entry.values == {
        "default": DefaultMode.CLOSED,
        "rules": (
            HourRule(
                name="Christmas",
                date_from=MonthDay(month=12, day=25),
                date_to=MonthDay(month=12, day=26),
                is_open=False,
            ),
            HourRule(days=frozenset({2}), time_from=time(9, 30), time_to=time(17), is_open=True),
            HourRule(date_from=date(2026, 8, 1), date_to=date(2026, 8, 2), is_open=False),
        ),
    }


def test_public_holidays_come_after_the_written_rules() -> None:
    entry = only_entry(
        """
        [opening_hours.o]
        rules = [{ state = "OPEN", from_date = "1/1", to_date = "1/1" }]
        holidays = { country = "CH", subdivision = "TI", years = [2026, 2027] }
        """
    )
    written, *found = entry.values["rules"]
    assert written.is_open
    assert tuple(found) == public_holidays("CH", "TI", [2026, 2027])
    assert entry.keys == {"rules"}


def test_a_year_without_known_holidays_is_named() -> None:
    (problem,) = problems_of(
        '[opening_hours.o]\nholidays = { country = "DE", years = [2026, 1900] }'
    )
    assert problem == ('opening_hours.o.holidays.years "1900": no holidays of DE are known in it')


def test_opening_hours_that_mention_no_rules_say_nothing_of_them() -> None:
    assert only_entry('[opening_hours.o]\ndefault = "open"').keys == {"default"}


def test_times_and_dates_of_a_rule_that_end_too_early_are_both_found() -> None:
    problems = problems_of(
        """
        [[opening_hours.o.rules]]
        state = "OPEN"
        [[opening_hours.o.rules]]
        state = "OPEN"
        from_time = "17:00"
        to_time = "9:00"
        from_date = "01/02/2026"
        to_date = "05/02"
        """
    )
    assert problems == [
        'opening_hours.o.rules[2].to_time "09:00:00": it lies before the time from, 17:00:00; '
        "for hours across midnight, write one rule up to 23:59:59 and one from 0:00:00",
        'opening_hours.o.rules[2].to_date "05/02": write both dates with a year or both without; '
        "date from is 01/02/2026",
    ]


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
    assert len(entries[-1].values["reschedule"]) == 4
