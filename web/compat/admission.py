"""Who may use the dialect, and from where.

A page elsewhere can make an operator's browser send any GET; tools that are meant to use the
dialect (curl, PBXs, scripts) send none of a browser's headers.
"""

from collections.abc import Collection
from ipaddress import ip_address, ip_network
from typing import Protocol
from urllib.parse import urlsplit

from twisted.web.http import Request

from core.errors import NotRecognised
from core.people import NOBODY, Actor, Face
from core.rules.keys import CONTROL_KEYS, Keyring
from web.compat.asked import Asked
from web.forgery import Forged, check_origin
from web.gate import Gate


class Admission(Protocol):
    """Decides who asks."""

    async def admit(self, request: Request, asked: Asked) -> Actor:
        """Who it is; NotRecognised if the request may not be answered."""
        ...

    async def admit_user(self, request: Request, asked: Asked) -> Actor:
        """Which user it is; NotRecognised of everybody else."""
        ...


class Gated:
    """Users by HTTP Basic, programs by `auth_token_id` (manual, "Optional authentication"), and
    for control calls alone, whoever is at one of these `addresses` (networks or single ones), or
    everybody if it `is_open`."""

    def __init__(self, gate: Gate, *, is_open: bool, addresses: Collection[str] = ()) -> None:
        self._gate = gate
        self._is_open = is_open
        self._networks = tuple(ip_network(address) for address in addresses)

    async def admit(self, request: Request, asked: Asked) -> Actor:
        """Who shows neither user nor token, or a token where none is asked for, may do what the
        control calls do. A wrong password is refused in any case."""
        if request.getHeader("authorization"):
            return await self._gate.basic(request, Face.DIALECT)
        token = asked.text("auth_token_id")
        try:
            return await self._gate.token(request, token, Face.DIALECT)
        except NotRecognised:
            if not self._may_be_unnamed(self._gate.address(request)):
                raise
        return Actor(
            name=NOBODY.name,
            ring=Keyring(keys=CONTROL_KEYS, opens_all=True),
            face=Face.DIALECT,
            address=self._gate.address(request),
        )

    async def admit_user(self, request: Request, asked: Asked) -> Actor:
        """By HTTP Basic (manual, "The JSON configuration API"), or by a token of theirs."""
        if request.getHeader("authorization"):
            return await self._gate.basic(request, Face.DIALECT)
        if not (token := asked.text("auth_token_id")):
            raise NotRecognised("send a user's name and password by HTTP Basic")
        actor = await self._gate.token(request, token, Face.DIALECT)
        if actor.user_id is None:
            raise NotRecognised("control tokens are for control calls; send a user by HTTP Basic")
        return actor

    def _may_be_unnamed(self, address: str) -> bool:
        if self._is_open or not self._networks:
            return self._is_open
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


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
