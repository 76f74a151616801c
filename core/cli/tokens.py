"""`token add|list|revoke`: what programs show in place of a password."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from core.cli.ids import ID
from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.tokens import TokenView


@click.group(short_help="Make, show and revoke API tokens.")
def token() -> None:
    """Tokens by which programs act for a user."""


@token.command(short_help="Make a token for a user.")
@click.argument("user")
@click.argument("name")
@click.option("--keys", required=True, help='What it may do, "RT LIST"; the user must hold all.')
@json_option
@pass_session
def add(session: Session, user: str, name: str, keys: str) -> None:
    """Make the token NAME, which acts for USER with the given keys. It is shown this once."""
    from core.operations.tokens import add_token

    made, secret = add_token(session.engine, session.actor, user, name, keys, session.now())
    answer({"token": secret, "id": made.id, "user": user, "name": name, "keys": made.keys}, secret)


@token.command(name="list", short_help="Show tokens.")
@click.option("--user", help="This user's only.")
@json_option
@pass_session
def list_(session: Session, user: str | None) -> None:
    """Show tokens by their beginnings, with what they may do and when they were last used."""
    from core.operations.tokens import show_tokens

    found = show_tokens(session.engine, session.actor, user)
    answer({"tokens": found}, lambda: _tokens(found))


@token.command(short_help="Revoke a token.")
@click.argument("token_id", metavar="ID", type=ID)
@json_option
@pass_session
def revoke(session: Session, token_id: int) -> None:
    """Revoke the token with this ID, which `whipbird token list` tells; it counts at once."""
    from core.operations.tokens import revoke_token

    gone = revoke_token(session.engine, session.actor, token_id, session.now())
    answer(gone, f"{gone.name}, of {gone.user}: revoked")


def _tokens(found: "list[TokenView]") -> "RenderableType":
    columns = ("id", "user", "name", "token", "keys", "made", "last used", "revoked (UTC)")
    rows: list[tuple[object, ...]] = [
        (
            one.id,
            one.user,
            one.name,
            f"{one.prefix}…",
            " ".join(one.keys),
            *map(_minute, (one.created_at, one.last_used_at, one.revoked_at)),
        )
        for one in found
    ]
    return make_table("Tokens", *columns, rows=rows)


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
