"""`user …` and `user class …`: who may log on, and with which keys."""

import sys
from getpass import GetPassWarning
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

import click

from core.cli.output import answer, json_option, make_table
from core.cli.session import Session, pass_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.operations.people import UserView
    from core.people import UserClass

_CLASS = click.option("--class", "class_name", help="The user's class.")
_KEYS = click.option("--keys", help='Own keys, "REPORT -RT"; a minus sign revokes a class\'s key.')
_REAL_NAME = click.option("--real-name", help="What the pages call the user.")
_EMAIL = click.option("--email", help="The user's e-mail address.")
_PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group(short_help="Make, change and show users and their classes.")
def user() -> None:
    """Who may log on to the pages and call the interfaces."""


@user.command(short_help="Make a user.")
@click.argument("name")
@click.option("--admin", is_flag=True, help="The same as --class ADMIN.")
@_CLASS
@_KEYS
@click.option("--master/--no-master", default=None, help="Every check is passed over.")
@_REAL_NAME
@_EMAIL
@_PASSWORD
@json_option
@pass_session
def add(
    session: Session,
    name: str,
    admin: bool,
    class_name: str | None,
    keys: str | None,
    master: bool | None,
    real_name: str | None,
    email: str | None,
    password_stdin: bool,
) -> None:
    """Make the user NAME, of class USER unless it is said otherwise. The password is asked for.

    The classes ADMIN and USER are made when they are first needed.
    """
    from core.operations import people
    from core.operations.passwords import Passwords

    if admin and class_name:
        raise click.UsageError("give --admin or --class, not both")
    change = people.UserChange(
        class_name=people.ADMIN_CLASS if admin else class_name,
        keys=keys,
        real_name=real_name,
        email=email,
        has_master_key=master,
    )
    engine = session.engine
    password = _read_password(is_piped=password_stdin)
    people.add_user(engine, session.actor, Passwords(), name, password, change, session.now())
    shown = change.class_name or people.USER_CLASS
    answer({"user": name, "class": shown}, f"{name}: made, of class {shown}")


@user.command(short_help="Change a user's class, keys or names.")
@click.argument("name")
@_CLASS
@_KEYS
@click.option("--master/--no-master", default=None, help="Every check is passed over.")
@_REAL_NAME
@_EMAIL
@json_option
@pass_session
def change(
    session: Session,
    name: str,
    class_name: str | None,
    keys: str | None,
    master: bool | None,
    real_name: str | None,
    email: str | None,
) -> None:
    """Change what the options say of the user NAME; it counts from their next request."""
    from core.operations.people import UserChange

    wanted = UserChange(
        class_name=class_name,
        keys=keys,
        real_name=real_name,
        email=email,
        has_master_key=master,
    )
    if wanted == UserChange():
        raise click.UsageError("say what is to be changed; --help tells what can be")
    _change(session, name, wanted, "changed")


@user.command(short_help="Let a user log on no more.")
@click.argument("name")
@json_option
@pass_session
def disable(session: Session, name: str) -> None:
    """Log the user NAME off everywhere, and keep them and their tokens out from now on."""
    from core.operations.people import UserChange

    _change(session, name, UserChange(is_enabled=False), "disabled")


@user.command(short_help="Let a disabled user log on again.")
@click.argument("name")
@json_option
@pass_session
def enable(session: Session, name: str) -> None:
    """Let the user NAME log on again."""
    from core.operations.people import UserChange

    _change(session, name, UserChange(is_enabled=True), "enabled")


@user.command(short_help="Give a user another password.")
@click.argument("name")
@_PASSWORD
@json_option
@pass_session
def passwd(session: Session, name: str, password_stdin: bool) -> None:
    """Give the user NAME another password, which is asked for, and log them off everywhere."""
    from core.operations.passwords import Passwords
    from core.operations.people import set_password

    engine = session.engine
    password = _read_password(is_piped=password_stdin)
    set_password(engine, session.actor, Passwords(), name, password, session.now())
    answer({"user": name}, f"{name}: has a new password")


@user.command(short_help="Delete a user.")
@click.argument("name")
@json_option
@pass_session
def delete(session: Session, name: str) -> None:
    """Delete the user NAME with their tokens. What they made stays, under their name: a new
    user of the same name would count as its maker, so `disable` is mostly better."""
    from core.operations.people import delete_user

    delete_user(session.engine, session.actor, name, session.now())
    answer({"user": name}, f"{name}: deleted")


@user.command(name="list", short_help="Show all users.")
@json_option
@pass_session
def list_(session: Session) -> None:
    """Show all users with their classes and keys."""
    from core.operations.people import show_users

    found = show_users(session.engine, session.actor)
    answer({"users": found}, lambda: _users(found))


@user.group(name="class", short_help="Make, change and show classes of users.")
def class_() -> None:
    """Sets of keys that all users of a class have."""


@class_.command(name="add", short_help="Make a class.")
@click.argument("name")
@click.option("--keys", required=True, help='Its keys, "USER RT REPORT".')
@click.option("--description", default="", help="What it is for.")
@json_option
@pass_session
def add_class(session: Session, name: str, keys: str, description: str) -> None:
    """Make the class NAME."""
    from core.operations import people

    people.add_class(session.engine, session.actor, name, keys, description, session.now())
    answer({"class": name}, f"{name}: made")


@class_.command(name="change", short_help="Give a class other keys.")
@click.argument("name")
@click.option("--keys", required=True, help='All its keys, "USER RT REPORT".')
@json_option
@pass_session
def change_class(session: Session, name: str, keys: str) -> None:
    """Give the class NAME, and so all its users, other keys."""
    from core.operations import people

    people.change_class(session.engine, session.actor, name, keys, session.now())
    answer({"class": name}, f"{name}: has the keys {keys}")


@class_.command(name="delete", short_help="Delete a class without users.")
@click.argument("name")
@json_option
@pass_session
def delete_class(session: Session, name: str) -> None:
    """Delete the class NAME, which no user may have any more."""
    from core.operations import people

    people.delete_class(session.engine, session.actor, name, session.now())
    answer({"class": name}, f"{name}: deleted")


@class_.command(name="list", short_help="Show all classes.")
@json_option
@pass_session
def list_classes(session: Session) -> None:
    """Show all classes with their keys."""
    from core.operations.people import show_classes

    found = show_classes(session.engine, session.actor)
    answer({"classes": found}, lambda: _classes(found))


def _change(session: Session, name: str, wanted: object, done: str) -> None:
    from core.operations.people import UserChange, change_user

    assert isinstance(wanted, UserChange)
    change_user(session.engine, session.actor, name, wanted, session.now())
    answer({"user": name}, f"{name}: {done}")


def _read_password(*, is_piped: bool) -> str:
    """Typed twice, or one line of standard input."""
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        with catch_warnings():
            simplefilter("error", GetPassWarning)
            prompted: str = click.prompt(
                "Password", hide_input=True, confirmation_prompt=True, err=True
            )
    except GetPassWarning:
        raise click.UsageError("no terminal can be asked: add --password-stdin") from None
    return prompted


def _users(found: "list[UserView]") -> "RenderableType":
    columns = ("name", "class", "own keys", "master", "enabled", "log-ons", "last (UTC)")
    rows: list[tuple[object, ...]] = [
        (
            one.name,
            one.class_name,
            " ".join(one.own_keys),
            "yes" if one.has_master_key else "no",
            "yes" if one.is_enabled else "no",
            one.logons,
            f"{one.last_logon_at:%Y-%m-%d %H:%M}" if one.last_logon_at else "",
        )
        for one in found
    ]
    return make_table("Users", *columns, rows=rows)


def _classes(found: "list[UserClass]") -> "RenderableType":
    rows: list[tuple[object, ...]] = [
        (one.name, " ".join(one.keys), one.description) for one in found
    ]
    return make_table("Classes", "name", "keys", "description", rows=rows)
