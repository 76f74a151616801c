"""The option `--attr NAME=VALUE` of commands that add numbers."""

import click


def _read(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, str]:
    return dict(map(_read_one, texts))


def _read_one(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f'--attr "{text}": write NAME=VALUE')
    return name, value


#: Gives a command `attributes`, names with their values.
attributes_option = click.option(
    "--attr",
    "attributes",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_read,
    help="What is known of the number; may be repeated.",
)
