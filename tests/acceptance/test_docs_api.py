"""What docs/api.md says is so: its lines are run as they stand, in one shell, and answered as it
shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.installation import HOME, Installation
from tests.support.people import make_user

PAGE = (HOME / "docs" / "api.md").read_text()
#: Indented commands, and the answer that stands behind them, if there is one.
BLOCK = re.compile(r"((?:^    .*\n)+)(?:\n```json\n((?:.*\n)*?)```\n)?", re.MULTILINE)
SITE = """
[servers.pbx]
type = "simulated"

[trunks.line]
server = "pbx"
dial_string = "PJSIP/${num}@carrier"

[end_points.agents]
server = "pbx"
extension = "100"
context = "in"

[lists.people]

[campaigns.Reminders]
trunks = ["line"]
end_points = ["agents"]
lists = ["people"]
idles_on_termination = true
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    installation.apply(SITE)
    make_user(installation.database, datetime.now(UTC))
    installation.start()
    yield installation
    installation.stop()


def test_every_line_of_the_page_is_answered_as_it_shows(installation: Installation) -> None:
    blocks = [(found[1], found[2] or "") for found in BLOCK.finditer(PAGE)]
    assert [bool(answer) for _commands, answer in blocks] == [False, *[True] * 10]
    said = run(installation, [commands for commands, _answer in blocks])
    for (commands, answer), found in zip(blocks, said, strict=True):
        assert re.fullmatch(pattern(answer), "".join(found.split())), f"{commands}\n{found}"


def run(installation: Installation, blocks: list[str]) -> list[str]:
    """What each block writes, in a shell where `whipbird` is the one under test."""
    program = f"whipbird() {{ {sys.executable} -c 'import whipbird; whipbird.main()' \"$@\"; }}\n"
    script = program + "echo; echo -----\n".join(blocks)
    done = subprocess.run(
        ["bash", "-eu", "-c", script.replace(":8080", f":{installation.web_port}")],
        cwd=HOME,
        env={**os.environ, **installation.environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split("-----\n")


def pattern(answer: str) -> str:
    """What the page shows, where `…` is anything and lines may be broken anywhere."""
    parts = "".join(answer.split()).split("…")
    return ".*".join(map(re.escape, parts))
