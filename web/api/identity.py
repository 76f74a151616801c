"""Who asks: a program by its token, a browser by its session."""

from dataclasses import replace

from core.errors import NotRecognised
from core.people import Actor, Face
from web.api.operation import Ask, Ground
from web.forgery import check_origin
from web.gate import read_session
from web.request import WebRequest

#: What a browser that is logged on sends with what changes something; `GET /me` tells it.
FORM_TOKEN = "X-Form-Token"  # noqa: S105  # a header's name

_SAFE = ("GET", "HEAD")
_WANTED = "send `Authorization: Bearer` and a token of yours"


async def identify(ground: Ground, request: WebRequest) -> Actor:
    """Whoever sends the request; NotRecognised, Forged."""
    gate = ground.gate
    if header := request.getHeader("authorization"):
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotRecognised(_WANTED)
        return await gate.token(request, token.strip(), Face.API)
    if not (session := read_session(request)):
        raise NotRecognised(_WANTED)
    if request.method.decode("ascii", "replace") not in _SAFE:
        host = request.getHeader("host") or ""
        check_origin(host, request.getHeader("origin"), request.getHeader("sec-fetch-site"))
        ground.tokens.check(session, request.getHeader(FORM_TOKEN) or "")
    return replace(await gate.visitor(request), face=Face.API)


def by_browser(request: WebRequest) -> bool:
    """Is whoever sends the request known by a session?"""
    return not request.getHeader("authorization")


async def renewed(ask: Ask) -> Ask:
    """The same for whoever sends it as they are now: long work asks on its way, for a token may be
    revoked meanwhile. Errors as in `identify`."""
    return replace(ask, actor=await identify(ask.ground, ask.request))
