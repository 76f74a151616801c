"""The demonstration: database, site, dialer and campaign in one go, with progress to look at.

`make run` calls it. What is there already is kept; a run that was under way goes on.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from sqlalchemy import Engine

from core.cli.program import describe
from core.config import load_config
from core.engine.clock import SystemClock
from core.errors import NotPossible
from core.listening import check_free
from core.operations.campaigns import ask
from core.operations.first import DEMONSTRATION, KNOWN_TO_ALL, make_demonstration
from core.operations.passwords import Passwords
from core.operations.reports import RunReport, recent_runs, run_report
from core.people import SYSTEM
from core.settings import Config
from core.store.database import open_database
from core.store.lock import is_dialer_running

HOME = Path(__file__).resolve().parent.parent
SITE = HOME / "demo" / "site.toml"
CAMPAIGN = "Demo reminders"
WHIPBIRD = [sys.executable, "-c", "import whipbird; whipbird.main()"]

console = Console()


def main() -> int:
    os.chdir(HOME)
    for hang_up in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(hang_up, signal.default_int_handler)
    config = load_config(os.environ)
    database = open_database(config.database.url)
    if is_dialer_running(database):
        console.print("Whipbird is running already: stop that one first.")
        return 1
    check_free("web", config.web)
    check_free("fastagi", config.fastagi)
    prepare(database)
    log = Path("var/whipbird.log")
    with log.open("ab") as output:
        dialer = subprocess.Popen(
            [*WHIPBIRD, "run"],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        return watch(dialer, database, config, log)
    except KeyboardInterrupt:
        console.print("\nStopping; calls that are up end by themselves.")
        return 0
    finally:
        dialer.terminate()
        dialer.wait()


def prepare(database: Engine) -> None:
    """Schema and site, by the commands that a user types; the campaign is started unless its
    run is under way."""
    subprocess.run([*WHIPBIRD, "migrate"], check=True)
    make_demonstration(database, SYSTEM, Passwords(), SystemClock().now())
    subprocess.run([*WHIPBIRD, "apply", str(SITE)], check=True)
    try:
        ask(database, SYSTEM, CAMPAIGN, "start", SystemClock().now())
    except NotPossible:
        console.print("The campaign's run of last time goes on.")


def watch(dialer: subprocess.Popen[bytes], database: Engine, config: Config, log: Path) -> int:
    """Show progress until the dialer ends or Ctrl-C."""
    host, port = config.web.host, config.web.port
    console.print(f"Live page: [bold]http://{host}:{port}/[/bold]   log: {log}   Ctrl-C stops.")
    users = " or ".join(DEMONSTRATION)
    console.print(f"Log on as [bold]{users}[/bold] with the password [bold]{KNOWN_TO_ALL}[/bold].")
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        while dialer.poll() is None:
            if runs := recent_runs(database, SYSTEM, 1):
                live.update(render(run_report(database, SYSTEM, runs[0].run_id)))
            time.sleep(0.5)
    console.print(f"The dialer has ended; its last words, from {log}:")
    console.print("\n".join(log.read_text(errors="replace").splitlines()[-15:]), markup=False)
    return 1


def render(report: RunReport) -> Table:
    run = report.run
    table = Table(title=f"{run.campaign}: {run.state}", show_header=False, min_width=30)
    table.add_column()
    table.add_column(justify="right")
    figures = {"calls placed": run.attempted, "records done": run.completed}
    for name, count in figures.items():
        table.add_row(name, str(count))
    table.add_section()
    for state, count in report.by_state.items():
        table.add_row(state, str(count))
    return table


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError:
        sys.exit(1)  # the command has said why
    except Exception as error:
        if (problems := describe(error, None)) is None:
            raise
        console.print("\n".join(problems), markup=False)
        sys.exit(1)
