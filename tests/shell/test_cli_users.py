"""`whipbird user|token|audit …`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.program import program
from core.operations.doorkeeper import Doorkeeper
from core.operations.passwords import Passwords
from core.people import Face
from tests.support.cli import CommandLine
from tests.support.people import MovingClock
from tests.support.store_site import NOW

WORD = "correct horse"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


def typed(line: CommandLine, *arguments: str, text: str, code: int = 0) -> str:
    """Run a command that reads standard input; what it wrote."""
    environ = {"WHIPBIRD_DATABASE_URL": f"sqlite:///{line.folder / 'whipbird.db'}"}
    result = CliRunner().invoke(program, list(arguments), obj=line.probe, env=environ, input=text)
    assert result.exit_code == code, result.output
    return result.output


def door(line: CommandLine) -> Doorkeeper:
    return Doorkeeper(line.open_database(), MovingClock(NOW), Passwords())


def test_an_administrator_is_made_and_logs_on(line: CommandLine) -> None:
    shown = typed(line, "user", "add", "anna", "--admin", "--password-stdin", text=f"{WORD}\n")
    assert shown == "anna: made, of class ADMIN\n"
    assert door(line).log_in("anna", WORD, "::1").actor.ring.holds("ADMIN")
    typed(line, "user", "passwd", "anna", "--password-stdin", text="another horse\n")
    assert door(line).log_in("anna", "another horse", "::1").actor.name == "anna"


def test_a_password_is_asked_for_twice_and_not_shown(line: CommandLine) -> None:
    shown = typed(line, "user", "add", "bea", text=f"{WORD}\nother\n{WORD}\n{WORD}\n")
    assert "do not match" in shown
    assert WORD not in shown
    assert "bea: made, of class USER" in shown


def test_what_is_wrong_is_said_in_words(line: CommandLine) -> None:
    add = ("user", "add", "anna", "--password-stdin")
    assert "write at least 8" in typed(line, *add, text="short\n", code=1)
    typed(line, *add, "--admin", "--class", "USER", text=f"{WORD}\n", code=2)
    typed(line, *add, text=f"{WORD}\n")
    assert 'a user "anna" already' in typed(line, *add, text=f"{WORD}\n", code=1)
    assert line.run("user", "change", "anna").exit_code == 2
    assert 'is "RT" meant' in line.run("user", "change", "anna", "--keys", "rt").stderr
    assert 'no user "bea"' in line.run("user", "disable", "bea").stderr


def test_users_and_classes_are_changed_and_shown(line: CommandLine) -> None:
    typed(line, "user", "add", "anna", "--password-stdin", text=f"{WORD}\n")
    line.done("user", "class", "add", "TEAM", "--keys", "USER RT", "--description", "the team")
    line.done("user", "class", "change", "TEAM", "--keys", "USER LIST")
    line.done("user", "change", "anna", "--class", "TEAM", "--keys", "-LIST ZURICH", "--master")
    line.done("user", "disable", "anna")
    [anna] = line.json("user", "list")["users"]
    assert (anna["class_name"], anna["keys"]) == ("TEAM", ["USER", "ZURICH"])
    assert (anna["has_master_key"], anna["is_enabled"]) == (True, False)
    assert "anna" in line.done("user", "list").stdout
    line.done("user", "enable", "anna")
    assert line.json("user", "list")["users"][0]["is_enabled"] is True
    classes = {one["name"]: one["keys"] for one in line.json("user", "class", "list")["classes"]}
    assert classes["TEAM"] == ["USER", "LIST"]
    assert "the team" in line.done("user", "class", "list").stdout
    assert "1 users" in line.run("user", "class", "delete", "TEAM").stderr
    line.done("user", "delete", "anna")
    line.done("user", "class", "delete", "TEAM")
    assert line.json("user", "list") == {"users": []}


def test_a_token_is_shown_once_works_and_is_revoked(line: CommandLine) -> None:
    typed(line, "user", "add", "anna", "--password-stdin", text=f"{WORD}\n")
    made = line.json("token", "add", "anna", "crm", "--keys", "RT REPORT")
    secret = made["token"]
    assert door(line).authenticate_token(secret, "::1", Face.API).ring.keys == {"RT", "REPORT"}
    shown = line.done("token", "list", "--user", "anna").stdout
    assert secret[:9] in shown
    assert secret not in shown
    assert "crm, of anna: revoked" in line.done("token", "revoke", str(made["id"])).stdout
    assert line.json("token", "list")["tokens"][0]["revoked_at"]
    assert line.run("token", "revoke", "99").exit_code == 1
    refused = line.run("token", "add", "anna", "x", "--keys", "ADMIN").stderr
    assert 'does not hold the key "ADMIN"' in refused
    assert line.done("token", "add", "anna", "two", "--keys", "RT").stdout.startswith("wb_")


def test_the_log_tells_who_did_what_and_is_filtered(line: CommandLine) -> None:
    line.environ["LOGNAME"] = "operator"
    site = line.write("site.toml", '[servers.pbx]\ntype = "simulated"\n')
    line.done("apply", site)
    site.write_text("[servers.pbx]\nunit_ms = 60\n")
    line.done("apply", site)
    [newest, oldest] = line.json("audit")["lines"]
    assert (newest["who"], newest["face"], newest["address"]) == ("system", "cli", "operator")
    assert (newest["action"], newest["detail"]) == ("config.update", "unit_ms: 50 → 60")
    assert oldest["action"] == "config.create"

    def ids(*options: str) -> list[int]:
        return [one["id"] for one in line.json("audit", *options)["lines"]]

    assert ids("--action", "config.update") == [newest["id"]]
    assert ids("--who", "nobody") == []
    assert ids("--limit", "1") == [newest["id"]]
    assert ids("--before", str(newest["id"])) == [oldest["id"]]
    assert ids("--since", "2100-01-01") == []
    assert ids("--until", "2001-01-01 12:30") == []
    assert "servers.pbx" in line.done("audit").stdout
