"""What the commands write: tables or one JSON object on stdout, messages on stderr."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_KEY = "whipbird.is_json"


def _remember(context: click.Context, _parameter: click.Parameter, is_json: bool) -> None:
    context.meta[_KEY] = is_json


#: Gives a command the option `--json`.
json_option: Callable[[Any], Any] = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_remember,
    help="Write one JSON object to standard output.",
)


def is_json() -> bool:
    """Whether the present command was asked for JSON."""
    return bool(click.get_current_context().meta.get(_KEY))


def answer(value: object, *shown: "RenderableType | Callable[[], RenderableType]") -> None:
    """The command's result: `value` as JSON, or what is `shown`: texts, or tables, which are
    made when they are needed and fitted to the terminal."""
    if is_json():
        write_json(value)
        return
    console = make_console()
    for part in shown:
        if callable(part):
            console.print(part())
        else:
            console.print(part, soft_wrap=True)


def write_json(value: object) -> None:
    """One JSON object, on a line of its own."""
    import msgspec

    click.echo(msgspec.json.encode(value, enc_hook=str))


def say(message: str) -> None:
    """A message for people, on stderr."""
    click.echo(message, err=True)


def make_console(*, is_stderr: bool = False) -> "Console":
    """A console that takes texts as they are: names may hold brackets. In a pipe or a file
    it is wide, so that nothing is cut."""
    from rich.console import Console

    console = Console(stderr=is_stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = 200
    return console


def make_table(title: str, *columns: str, rows: "list[tuple[object, ...]]") -> "RenderableType":
    """A table; numbers stand on the right. Without rows it says so in a line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return Text(f"{title}: none")
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for index, column in enumerate(columns):
        is_number = all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
