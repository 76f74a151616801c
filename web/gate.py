"""Who sends a request: from its cookies and headers to an actor, asked in threads.

Pages use `find_visitor`; faces for programs use `basic` and `token`. All of them fail with
NotRecognised of somebody unknown and with TooManyAttempts of one who guesses.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from twisted.web.http import Request

from core.errors import NotRecognised
from core.operations.doorkeeper import Doorkeeper, Login
from core.people import Actor, Face

#: The cookie of a session.
COOKIE = "whipbird_session"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Asks the doorkeeper. `pool` is for what is quick; `logons` has a single thread, in which
    passwords are checked. `proxies` are the addresses whose word on where a request came from,
    and whether it came by TLS, is believed."""

    door: Doorkeeper
    reactor: IReactorFromThreads
    pool: ThreadPool
    logons: ThreadPool
    proxies: Collection[str] = ()

    def find_visitor(self, secret: str, address: str) -> Actor:
        """Who is logged on in the browser with this session. It blocks: work that is in a
        thread already asks here."""
        actor = self.door.find(secret, address)
        if actor is None:
            raise NotRecognised("log on first")
        return actor

    def visitor(self, request: Request) -> Deferred[Actor]:
        """Who is logged on in the browser that sends this."""
        return self._quickly(self.find_visitor, read_session(request), self.address(request))

    async def basic(self, request: Request, face: Face) -> Actor:
        """Whose name and password stand in the Authorization header."""
        header, address = request.getHeader("authorization") or "", self.address(request)
        known = await self._quickly(self.door.recall_basic, header, address, face)
        if known is not None:
            return known
        return await self.in_turn(self.door.authenticate_basic, header, address, face)

    def token(self, request: Request, token: str, face: Face) -> Deferred[Actor]:
        """Whom this token acts for."""
        address = self.address(request)
        return self._quickly(self.door.authenticate_token, token, address, face)

    def log_in(self, request: Request, name: str, password: str) -> Deferred[Login]:
        """Begin a session; Forbidden of a user without the key USER."""
        return self.in_turn(self.door.log_in, name, password, self.address(request))

    def change_password(self, request: Request, old: str, new: str) -> Deferred[int]:
        """Give whoever is logged on another password; how many other sessions of theirs that
        ended."""
        secret, address = read_session(request), self.address(request)
        return self.in_turn(self.door.change_password, secret, old, new, address)

    def log_out(self, request: Request) -> Deferred[None]:
        """End this browser's session, if it has one."""
        return self._quickly(self.door.log_out, read_session(request), self.address(request))

    def address(self, request: Request) -> str:
        """Where the request comes from: behind a proxy that is believed, the last address that
        the proxy did not make up itself."""
        peer = str(getattr(request.getClientAddress(), "host", ""))
        if peer not in self.proxies:
            return peer
        named = (request.getHeader("x-forwarded-for") or "").split(",")
        for hop in reversed([one.strip() for one in named]):
            if hop and hop not in self.proxies:
                return hop
        return peer

    def is_secure(self, request: Request) -> bool:
        """Whether the browser speaks TLS, with us or with a proxy that is believed."""
        peer = str(getattr(request.getClientAddress(), "host", ""))
        by_proxy = (request.getHeader("x-forwarded-proto") or "").strip().lower() == "https"
        return bool(request.isSecure()) or (peer in self.proxies and by_proxy)

    def let_in(self, request: Request, login: Login) -> None:
        """Give the browser its session."""
        self._set_cookie(request, login.secret)

    def show_out(self, request: Request) -> None:
        """Take the session's cookie away."""
        self._set_cookie(request, "", max_age=0)

    def _set_cookie(self, request: Request, value: str, max_age: int | None = None) -> None:
        request.addCookie(
            COOKIE,
            value,
            path=b"/",
            max_age=None if max_age is None else str(max_age).encode(),
            httpOnly=True,
            secure=self.is_secure(request),
            sameSite="lax",
        )

    def _quickly(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return deferToThreadPool(self.reactor, self.pool, work, *args, **kwargs)

    def in_turn(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run what takes as long as a password does, one at a time."""
        return deferToThreadPool(self.reactor, self.logons, work, *args, **kwargs)


def read_session(request: Request) -> str:
    """What the session's cookie holds; "" without one."""
    value: bytes = request.getCookie(COOKIE.encode()) or b""
    return value.decode("ascii", "replace")
