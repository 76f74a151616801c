"""The console script `whipbird`: the command line, given what `core` may not import.

Beside `twistd.tac` the only place that knows an edge: `whipbird doctor` asks PBXs over AMI.
`whipbird dialplan` comes from the package of that name. See
docs/decisions/0003-console-script.md.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.ports.probe import Finding, ProbeTarget


def main() -> None:
    """Run the command line, if the packages it runs on are Whipbird's own."""
    from core.errors import InvalidConfiguration
    from core.guard import check_packages

    try:
        check_packages()
    except InvalidConfiguration as error:
        sys.exit(str(error))

    from core.cli.program import main as run
    from core.cli.program import program
    from dialplan.command import dialplan

    program.add_command(dialplan)
    run(probe)


def probe(targets: Sequence["ProbeTarget"]) -> Sequence["Finding"]:
    """What all these PBXs answer. It runs the reactor, so once in a process."""
    from twisted.internet import asyncioreactor

    asyncioreactor.install()  # type: ignore[no-untyped-call]  # Twisted leaves it untyped

    from twisted.internet.defer import Deferred, gatherResults
    from twisted.internet.task import react

    from ami.probe import probe as ask

    findings: list[Finding] = []

    async def ask_all() -> None:
        answers = gatherResults(
            [
                Deferred.fromCoroutine(ask(target.server, target.trunks, target.endpoints))
                for target in targets
            ]
        )
        for answer in await answers:
            findings.extend(answer)

    def start(_reactor: Any) -> Deferred[None]:
        return Deferred.fromCoroutine(ask_all())

    try:
        react(start)
    except SystemExit as end:
        if end.code:
            raise
    return findings
