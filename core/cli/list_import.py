"""`list import`: the rows of a CSV file, and what becomes of them."""

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from core.cli.output import answer, json_option, make_console, say
from core.cli.session import Session, pass_session
from core.errors import NotPossible

if TYPE_CHECKING:
    from core.operations.list_csv import ImportResult

FILE = click.Path(path_type=Path, dir_okay=False)
#: Gives a command that adds to a list the option `--dedupe`.
dedupe_option = click.option(
    "--dedupe", is_flag=True, help="Skip numbers that the list has already."
)


class Imported(TypedDict):
    """What became of a file's rows. `rejected_file` is None if all were accepted."""

    list: str
    accepted: int
    skipped: int
    rejected: int
    rejected_file: Path | None
    is_interrupted: bool


@click.command(name="import", short_help="Add the rows of a CSV file to a list.")
@click.argument("file", type=FILE)
@click.option("--list", "name", required=True, help="The list; it is made if there is none.")
@click.option(
    "--rejected",
    type=FILE,
    help="Where rows that cannot be used go, with the reason; FILE.rejected.csv by default.",
)
@dedupe_option
@click.option(
    "--tz",
    "time_zone",
    metavar="ZONE",
    default="",
    help="Where the moments in FILE are local time; by default where the list's campaigns are.",
)
@json_option
@pass_session
def import_(
    session: Session, file: Path, name: str, rejected: Path | None, dedupe: bool, time_zone: str
) -> None:
    """Add the rows of FILE, a CSV file with a header, to a list.

    The column `number` is the number; `:priority`, `:at` and `:expires` say when it is called;
    the others become attributes. A row that cannot be used does not stop the rest.
    """
    answer(import_file(session, file, name, rejected, dedupe=dedupe, time_zone=time_zone))


def import_file(
    session: Session,
    path: Path,
    name: str,
    rejected: Path | None = None,
    *,
    dedupe: bool = False,
    time_zone: str = "",
) -> Imported:
    """Import a file with a progress bar, and say what became of it.

    The file of rejected rows is left behind only if there are any.
    """
    from core.operations.list_csv import import_csv
    from core.operations.lists import Duplicates

    duplicates = Duplicates.SKIP if dedupe else Duplicates.ADD
    rejected = rejected or path.with_name(path.name + ".rejected.csv")
    _check_files(path, rejected)
    try:
        with (
            rejected.open("w", encoding="utf-8", newline="") as stream,
            _progress(path) as advance,
        ):
            result = import_csv(
                session.engine,
                session.actor,
                path,
                name,
                advance,
                stream,
                session.now(),
                duplicates,
                time_zone,
            )
    finally:
        if rejected.is_file() and not rejected.stat().st_size:
            rejected.unlink()
    _tell(result, path, name, rejected)
    return Imported(
        list=name,
        accepted=result.accepted,
        skipped=result.skipped,
        rejected=result.rejected,
        rejected_file=rejected if result.rejected else None,
        is_interrupted=result.is_interrupted,
    )


def _check_files(path: Path, rejected: Path) -> None:
    """Before anything is written: `path` can be read, and `rejected` is another file that can
    be written."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotPossible(f"{path}: it is no file; write what is to be imported to one")
    path.open("rb").close()
    if rejected.exists() and rejected.samefile(path):
        raise NotPossible(f"--rejected {rejected}: that is the file to be imported; name another")
    try:
        rejected.open("a").close()
    except OSError as error:
        reason = f"{rejected}: {error.strerror}"
        raise NotPossible(f"{reason}; --rejected says where rejected rows go") from None


def _tell(result: "ImportResult", path: Path, name: str, rejected: Path) -> None:
    if result.encoding != "UTF-8":
        say(f"{path}: it is not UTF-8, so it was read as {result.encoding}")
    if result.is_changed:
        say(f"{path}: it was changed while it was read; rows may be missing")
    new = " into a new list" if result.is_new else ""
    say(f"{name}: {result.accepted} rows imported{new}")
    if result.skipped:
        say(f"{name}: {result.skipped} rows skipped: the list has their numbers already")
    if result.is_interrupted:
        say(
            f"{path}: interrupted; the rows behind these were not read, and a second import of "
            "the whole file would add these again"
        )
    if result.rejected:
        say(f"{name}: {result.rejected} rows rejected; see {rejected}")


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, if a person looks on; it is told of bytes read since last time."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    console = make_console(is_stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        try:
            yield lambda size: progress.advance(task, size)
        except Exception:
            if progress.tasks[task].completed:
                say(f"{path}: not read to its end; `whipbird list show` counts what is in")
            raise
