"""Errors to answers: the one table of the web faces.

The words of Whipbird's own errors are meant for people and shown as they are. Of any other
exception nothing is shown; it goes to the log.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import RequestRedirect

from core.errors import (
    Forbidden,
    InvalidValue,
    NotFound,
    NotPossible,
    NotRecognised,
    SchemaOutdated,
    TooManyAttempts,
    WhipbirdError,
)
from web.forgery import Forged


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """An answer in place of a page. `is_expected` is False for what the log should know;
    `headers` go with the answer."""

    status: int
    title: str
    text: str
    is_expected: bool = True
    headers: tuple[tuple[str, str], ...] = ()


_OWN: tuple[tuple[type[WhipbirdError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (NotPossible, 409, "Not possible now"),
    (InvalidValue, 400, "That cannot be right"),
    (Forged, 403, "Refused"),
    (Forbidden, 403, "Not allowed"),
    (NotRecognised, 401, "Log on first"),
    (TooManyAttempts, 429, "Too many attempts"),
    (SchemaOutdated, 503, "The database needs an upgrade"),
    (WhipbirdError, 400, "That cannot be done"),
)


def describe(error: BaseException) -> Problem:
    """The answer to a request that ended in `error`."""
    match error:
        case WhipbirdError():
            return _own(error)
        case HTTPException():
            return _routing(error)
        case IntegrityError():
            return Problem(
                status=409,
                title="Two at once",
                text="Somebody else changed the same at the same moment: look, and try again.",
                is_expected=False,
            )
        case DBAPIError() | PoolTimeout():
            return Problem(
                status=503,
                title="The database does not answer",
                text="No new call is placed meanwhile, and calls that are up go on. Whipbird's log "
                "says why; once the database is back, it goes on by itself.",
                is_expected=False,
            )
        case _:
            return Problem(
                status=500,
                title="Something went wrong here",
                text="Whipbird's log says what. The dialer itself goes on.",
                is_expected=False,
            )


def _own(error: WhipbirdError) -> Problem:
    status, title = next((s, t) for kind, s, t in _OWN if isinstance(error, kind))
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, TooManyAttempts):
        headers = (("Retry-After", str(error.wait_s)),)
    return Problem(status=status, title=title, text=str(error), headers=headers)


def _routing(error: HTTPException) -> Problem:
    match error:
        case RequestRedirect():
            return Problem(
                status=error.code,
                title="Moved",
                text="The page is at another address.",
                headers=(("Location", _local(error.new_url)),),
            )
        case NoRoute():
            return Problem(
                status=404,
                title="There is no such page",
                text="The address may have been mistyped, or the page is gone.",
            )
        case MethodNotAllowed():
            allowed = ", ".join(error.valid_methods or ())
            return Problem(
                status=405,
                title="Not like this",
                text=f"This address takes {allowed} only.",
                headers=(("Allow", allowed),),
            )
        case _:
            return Problem(
                status=error.code or 400,
                title=error.name,
                text="The request could not be understood.",
            )


def _local(url: str) -> str:
    """The address without its host: a redirect never leaves this server."""
    return "/" + urlsplit(url).path.lstrip("/")
