"""Who may use the dialect, and from where.

A page elsewhere can make an operator's browser send any GET; tools that are meant to use the
dialect (curl, PBXs, scripts) send none of a browser's headers.
"""

from typing import Protocol
from urllib.parse import urlsplit

from twisted.web.http import Request

from core.errors import WhipbirdError
from core.people import Actor, Face
from core.rules.keys import CONTROL_KEYS, Keyring
from web.compat.asked import Asked
from web.forgery import Forged, check_origin


class Unknown(WhipbirdError):
    """The request names no user or token that is known."""


class Admission(Protocol):
    """Decides who asks."""

    async def admit(self, request: Request, asked: Asked) -> Actor:
        """Who it is; Unknown if the request may not be answered."""
        ...


class Open:
    """Everybody who reaches the server: for one that only its own machine reaches."""

    async def admit(self, request: Request, asked: Asked) -> Actor:  # noqa: ARG002 - the port's
        """Nobody is refused: whoever asks may do what the control calls do."""
        return Actor(
            name="-",
            ring=Keyring(keys=CONTROL_KEYS, opens_all=True),
            face=Face.DIALECT,
            address=str(getattr(request.getClientAddress(), "host", "")),
        )


def check_not_forged(request: Request) -> None:
    """Forged if a browser sent this on behalf of a page elsewhere. An address that a person
    typed is no forgery, and neither is a tool's request."""
    host = request.getHeader("host") or ""
    fetch_site = request.getHeader("sec-fetch-site")
    check_origin(host, request.getHeader("origin"), None if fetch_site == "none" else fetch_site)
    referrer = request.getHeader("referer")
    if referrer and fetch_site is None and _netloc(referrer) != host.lower():
        raise Forged(f'this request came from "{referrer}"; only this server\'s pages may ask')


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
