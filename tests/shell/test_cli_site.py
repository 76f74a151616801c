"""`whipbird migrate` and `whipbird apply`, on a real SQLite file."""

import re
from datetime import time
from pathlib import Path

import pytest

from core.operations.site_stored import describe, fetch_site
from core.rules.active_period import ActivePeriod
from core.rules.opening_hours import DefaultMode
from core.rules.public_holidays import public_holidays
from core.rules.recipient_hours import RecipientHours
from core.store.database import reading
from tests.support.cli import CommandLine

MANUAL = Path(__file__).parents[2] / "docs" / "site-file.md"
DEMO = Path(__file__).parents[2] / "demo" / "site.toml"

SITE = """
[servers.pbx]
host = "10.0.0.5"
login = "whip"
password = "geheim"

[trunks.main]
server = "pbx"
dial_string = "PJSIP/${num}@carrier"

[end_points.ivr]
server = "pbx"
extension = "100"
context = "in"

[lists.people]

[campaigns.reminders]
trunks = ["main"]
end_points = ["ivr"]
lists = ["people"]
priority = 3
[[campaigns.reminders.reschedule]]
state = "RS_BUSY"
retry_after_s = 60
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


def test_a_database_without_schema_is_refused_with_the_command_that_makes_it(
    tmp_path: Path,
) -> None:
    line = CommandLine(tmp_path)
    result = line.run("status")
    assert result.exit_code == 1
    assert "run `whipbird migrate`" in result.stderr
    assert result.stdout == ""
    assert line.json("migrate") == {"database": f"sqlite:///{tmp_path / 'whipbird.db'}"}
    assert line.run("status").exit_code == 0


def test_a_site_is_created_whole(line: CommandLine) -> None:
    result = line.done("apply", line.write("site.toml", SITE))
    assert "5 to create, 0 to change, 0 unchanged, 0 to import" in result.stdout
    with reading(line.open_database()) as conn:
        site = fetch_site(conn)
    (server,), (trunk,), (endpoint,) = site.servers, site.trunks, site.endpoints
    (people,), (campaign,) = site.lists, site.campaigns
    assert (server.host, server.port, server.login) == ("10.0.0.5", 5038, "whip")
    assert server.password == "geheim"
    assert trunk.server_id == endpoint.server_id == server.id
    assert campaign.trunk_ids == (trunk.id,)
    assert campaign.endpoint_ids == (endpoint.id,)
    assert campaign.list_ids == (people.id,)
    assert campaign.priority == 3
    assert [rule.retry_after_s for rule in campaign.reschedule_rules] == [60]


def test_the_same_file_again_has_nothing_to_do(line: CommandLine) -> None:
    path = line.write("site.toml", SITE)
    line.done("apply", path)
    result = line.done("apply", path)
    assert result.stdout == "nothing to do\n"
    answer = line.json("apply", path)
    assert {change["action"] for change in answer["changes"]} == {"unchanged"}


HOURS = """
[lists.refused]

[opening_hours.holidays]
default = "open"
holidays = { country = "CH", subdivision = "TI", years = [2026] }

[opening_hours.office]
default = "closed"
rules = [{ days = "23456", from_time = "9:30", to_time = "17:00", state = "OPEN" }]

[campaigns.reminders]
trunks = ["main"]
end_points = ["ivr"]
lists = ["people"]
black_lists = ["refused"]
time_zone = "Europe/Zurich"
start_time = "9:00"
end_time = "18:00"
days = ["Mo", "Tu"]
opening_hours = ["office", "holidays"]
variables = "LANG:it,TEAM:3"
caller_id = "${NAME}"
amd_mode = "amd"
amd_extra = "2500"
amd_file = "sorry"
fax_file = "offer.tif"
"""


def test_hours_and_black_lists_are_applied_once(line: CommandLine) -> None:
    path = line.write("site.toml", SITE.partition("[campaigns")[0] + HOURS)
    assert "8 to create, 0 to change" in line.done("apply", path).stdout
    assert line.done("apply", path).stdout == "nothing to do\n"
    with reading(line.open_database()) as conn:
        site = fetch_site(conn)
    (campaign,) = site.campaigns
    holidays, office = site.opening_hours
    assert holidays.rules == public_holidays("CH", "TI", [2026])
    assert (office.default, len(office.rules)) == (DefaultMode.CLOSED, 1)
    assert campaign.opening_hours_ids == (office.id, holidays.id)
    assert campaign.list_ids == (site.lists[0].id,)
    assert campaign.black_list_ids == (site.lists[1].id,)
    assert campaign.active_period == ActivePeriod(
        start=time(9), end=time(18), days=frozenset({2, 3})
    )
    assert campaign.time_zone == "Europe/Zurich"
    assert campaign.variables == (("LANG", "it"), ("TEAM", "3"))
    assert (campaign.amd_mode, campaign.amd_extra) == ("amd", "2500")
    assert (campaign.amd_file, campaign.fax_file) == ("sorry", "offer.tif")


def test_one_end_of_the_period_changes_and_the_rest_of_it_stays(line: CommandLine) -> None:
    line.done("apply", line.write("site.toml", SITE.partition("[campaigns")[0] + HOURS))
    change = line.write("change.toml", "[campaigns.reminders]\nend_time = 12:00:00\n")
    assert "    end_time: 18:00:00 → 12:00:00\n" in line.done("apply", change).stdout
    with reading(line.open_database()) as conn:
        (campaign,) = fetch_site(conn).campaigns
    assert campaign.active_period == ActivePeriod(
        start=time(9), end=time(12), days=frozenset({2, 3})
    )


def examples_of_the_manual() -> list[str]:
    return re.findall("```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)


def test_the_examples_of_the_documentation_are_applied(line: CommandLine) -> None:
    examples = examples_of_the_manual()
    assert len(examples) == 5
    stored = SITE.replace("reminders", "Reminders")
    line.done("apply", line.write("site.toml", stored))
    path = line.write("examples.toml", "\n".join(examples))
    line.done("apply", path)
    assert line.done("apply", path).stdout == "nothing to do\n"
    values = describe_stored(line)["campaigns.Reminders"]
    assert values["opening_hours"] == ("Swiss holidays", "Office")
    assert values["black_lists"] == ("Do not call",)
    assert values["caps"] == ("Gentle",)
    assert values["check_every_number"]
    off = line.write("off.toml", "[campaigns.Reminders]\ncheck_every_number = false\n")
    assert "check_every_number: true → false" in line.done("apply", off).stdout
    assert not describe_stored(line)["campaigns.Reminders"]["check_every_number"]
    assert describe_stored(line)['caps."Reg F"']["attempts"] == 7
    assert describe_stored(line)["campaigns.Survey"]["recipient_hours"] == RecipientHours(
        period=ActivePeriod(start=time(9), end=time(20), days=frozenset(range(2, 7))),
        attribute="TZ",
        country="US",
    )


def test_a_change_is_shown_from_old_to_new_and_the_rest_stays(line: CommandLine) -> None:
    line.done("apply", line.write("site.toml", SITE))
    before = describe_stored(line)
    result = line.done(
        "apply", line.write("change.toml", "[trunks.main]\ncapacity = 30\n[servers.pbx]\n")
    )
    assert result.stdout == (
        "~ trunks.main\n    capacity: 10 → 30\n0 to create, 1 to change, 1 unchanged, 0 to import\n"
    )
    after = describe_stored(line)
    assert {place for place in after if after[place] != before[place]} == {"trunks.main"}
    assert after["trunks.main"] == {**before["trunks.main"], "capacity": 30}


def describe_stored(line: CommandLine) -> dict[str, dict[str, object]]:
    with reading(line.open_database()) as conn:
        return {entry.place: dict(entry.values) for entry in describe(fetch_site(conn))}


def test_a_dry_run_shows_the_same_and_changes_nothing(line: CommandLine) -> None:
    path = line.write("site.toml", SITE)
    dry = line.done("apply", path, "--dry-run")
    assert describe_stored(line) == {}
    assert line.done("apply", path).stdout == dry.stdout


def test_passwords_appear_neither_in_the_diff_nor_in_json(line: CommandLine) -> None:
    path = line.write("site.toml", SITE)
    for arguments in (("--dry-run",), ("--dry-run", "--json"), ()):
        result = line.done("apply", path, *arguments)
        assert "password" in result.stdout
        assert "geheim" not in result.output
    assert "geheim" not in line.done("status", "--json").output


def test_a_wrong_file_changes_nothing_and_all_mistakes_are_on_stderr(line: CommandLine) -> None:
    path = line.write("site.toml", SITE + "\n[trunks.other]\ncapacity = 0\nsever = 'pbx'\n")
    result = line.run("apply", path)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        'trunks.other.capacity "0": write a whole number from 1 to 100000',
        'trunks.other.sever: there is no such key; is "server" meant?',
        "trunks.other.server: it must be given",
        "trunks.other.dial_string: it must be given",
    ]
    assert describe_stored(line) == {}
    assert len(line.json("apply", path)["problems"]) == 4


def test_a_missing_file_is_said_plainly(line: CommandLine) -> None:
    result = line.run("apply", "nowhere.toml")
    assert (result.exit_code, result.stderr) == (1, "nowhere.toml: No such file or directory\n")


def test_a_file_that_is_not_utf8_is_said_plainly(line: CommandLine) -> None:
    (line.folder / "latin.toml").write_bytes(b"# caf\xe9\n")
    result = line.run("apply", line.folder / "latin.toml")
    assert result.exit_code == 1
    assert result.stderr.endswith("latin.toml: write it in UTF-8\n")


def test_a_file_may_begin_as_windows_editors_have_it(line: CommandLine) -> None:
    path = line.folder / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[lists.people]\r\n")
    assert [change["name"] for change in line.json("apply", path)["changes"]] == ["people"]


def test_a_missing_list_file_is_found_before_anything_is_written(line: CommandLine) -> None:
    path = line.write("site.toml", '[lists.people]\nfile = "people.csv"\n')
    result = line.run("apply", path)
    assert result.exit_code == 1
    assert result.stderr == f'lists.people.file "{line.folder}/people.csv": there is no such file\n'
    assert describe_stored(line) == {}


def test_a_list_s_file_is_imported_once(line: CommandLine) -> None:
    people = line.write("people.csv", "number,NAME\n+15550100,Anna\nnobody,Ben\n")
    path = line.write("site.toml", '[lists.people]\nfile = "people.csv"\n')
    answer = line.json("apply", path)
    assert answer["imported"] == [
        {
            "list": "people",
            "accepted": 1,
            "skipped": 0,
            "rejected": 1,
            "rejected_file": f"{people}.rejected.csv",
            "is_interrupted": False,
        }
    ]
    people.unlink()
    assert line.done("apply", path).stdout == "nothing to do\n"


def test_the_demonstration_is_applied_twice_without_a_second_effect(line: CommandLine) -> None:
    (imported,) = line.json("apply", DEMO)["imported"]
    assert (imported["accepted"], imported["rejected"]) == (300, 0)
    assert line.done("apply", DEMO).stdout == "nothing to do\n"
    assert not DEMO.with_name("numbers.csv.rejected.csv").exists()
