"""What may be a user's name and a password.

The limits are Whipbird's own: a name goes through HTTP Basic, which parts name and password at
the first colon (RFC 7617), and a password is chosen by length, not by signs (NIST SP 800-63B).
"""

from core.errors import InvalidValue

#: Names that Whipbird uses for itself in stamps and in the system log.
RESERVED = frozenset({"system", "-", "control token"})

#: Longest name, in characters.
MAX_NAME = 100
#: Shortest and longest password, in characters.
MIN_PASSWORD, MAX_PASSWORD = 8, 200


def check_user_name(name: str) -> str:
    """The name itself; InvalidValue of one that nobody could log on with."""
    if not name or len(name) > MAX_NAME or name != name.strip() or not name.isprintable():
        expected = f"a name has 1 to {MAX_NAME} characters and no blanks around it"
        raise InvalidValue("user", name[: MAX_NAME + 1], expected)
    if ":" in name:
        raise InvalidValue("user", name, "a name has no colon: HTTP Basic could not tell it")
    return name


def check_new_name(name: str) -> str:
    """The same, of a user who is to be made."""
    if name.casefold() in RESERVED:
        raise InvalidValue("user", name, "this name is Whipbird's own; choose another")
    return check_user_name(name)


def check_password(password: str, name: str) -> str:
    """The password itself; InvalidValue, which does not show it, of one that is too short, too
    long, or the user's name."""
    if len(password) < MIN_PASSWORD:
        raise InvalidValue("password", "***", f"write at least {MIN_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise InvalidValue("password", "***", f"write at most {MAX_PASSWORD} characters")
    if password.casefold() == name.casefold():
        raise InvalidValue("password", "***", "it may not be the user's name")
    return password
