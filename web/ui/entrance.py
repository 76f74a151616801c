"""Logging on and off, changing a password, and the first administrator's one-time link.

Where nobody is logged on yet, forms hold a token that goes with a cookie of their own, so that
no page elsewhere can log a browser on as somebody else.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.web.http import Request

from core.errors import Forbidden, InvalidValue, NotRecognised, TooManyAttempts
from core.operations.first import FirstLink, is_empty
from core.people import SYSTEM, Face
from core.ports import Clock
from web.failures import describe
from web.forgery import COOKIE, FormTokens, check_origin, is_cookie
from web.gate import Gate, read_session
from web.ui.render import Renderer, Viewer

_HTML = b"text/html; charset=utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance:
    """The pages at the door, most of them for those who are not logged on."""

    engine: Engine
    clock: Clock
    gate: Gate
    first: FirstLink
    renderer: Renderer
    tokens: FormTokens

    def show(self, request: Request) -> Deferred[str]:
        """The page for logging on."""
        declare_html(request)
        onward = local_path(read_field(request, b"next"))
        return self._is_empty().addCallback(
            lambda is_first: self._to(request).log_on(onward=onward, is_first=is_first)
        )

    async def log_on(self, request: Request) -> str:
        """Begin a session and lead on, or say on the same page why not."""
        declare_html(request)
        check_form(request, self.tokens, read_form_cookie(request))
        name = read_field(request, b"name")
        onward = local_path(read_field(request, b"next"))
        try:
            login = await self.gate.log_in(request, name, read_field(request, b"password"))
        except (NotRecognised, TooManyAttempts, Forbidden) as error:
            is_first = await self._is_empty()
            show = self._refuse(request, error)
            return show.log_on(onward=onward, is_first=is_first, name=name, refusal=str(error))
        self.gate.let_in(request, login)
        return lead_to(request, onward)

    async def log_off(self, request: Request) -> str:
        """End the session, whatever became of it meanwhile."""
        check_form(request, self.tokens, read_session(request))
        await self.gate.log_out(request)
        self.gate.show_out(request)
        return lead_to(request, "/login")

    async def change_password(self, request: Request) -> None:
        """Give whoever is logged on the password that the form says twice."""
        new = read_field(request, b"new")
        if new != read_field(request, b"again"):
            raise InvalidValue("password", "***", "write the same one twice")
        await self.gate.change_password(request, read_field(request, b"old"), new)

    def show_first(self, request: Request) -> Deferred[str]:
        """The page that makes the first administrator; NotPossible unless the link works."""
        declare_html(request)
        secret = read_field(request, b"key")
        checked = self.gate.in_turn(self.first.check, secret, self.clock.now())
        return checked.addCallback(lambda _: self._to(request).first_user(secret=secret))

    async def make_first(self, request: Request) -> str:
        """Make the first administrator and log them on."""
        declare_html(request)
        check_form(request, self.tokens, read_form_cookie(request))
        secret, name, password = (
            read_field(request, field) for field in (b"key", b"name", b"password")
        )
        actor = replace(SYSTEM, face=Face.WEB, address=self.gate.address(request))
        try:
            if password != read_field(request, b"again"):
                raise InvalidValue("password", "***", "write the same one twice")
            await self.gate.in_turn(
                self.first.redeem, secret, actor, name, password, self.clock.now()
            )
        except InvalidValue as error:
            show = self._refuse(request, error)
            return show.first_user(secret=secret, name=name, refusal=str(error))
        self.gate.let_in(request, await self.gate.log_in(request, name, password))
        return lead_to(request, "/")

    def _is_empty(self) -> Deferred[bool]:
        gate = self.gate
        return deferToThreadPool(gate.reactor, gate.pool, is_empty, self.engine)

    def _refuse(
        self, request: Request, error: NotRecognised | TooManyAttempts | Forbidden | InvalidValue
    ) -> Renderer:
        problem = describe(error)
        request.setResponseCode(problem.status)
        for name, value in problem.headers:
            request.setHeader(name.encode(), value.encode())
        return self._to(request)

    def _to(self, request: Request) -> Renderer:
        """Pages for nobody yet, whose forms go with a cookie that they get if they have none."""
        cookie = read_form_cookie(request)
        if not is_cookie(cookie):
            cookie = self.tokens.new_cookie()
            request.addCookie(
                COOKIE,
                cookie,
                path=b"/",
                httpOnly=True,
                secure=self.gate.is_secure(request),
                sameSite="strict",
            )
        return self.renderer.to(Viewer(token=self.tokens.sign(cookie)))


def check_form(request: Request, tokens: FormTokens, cookie: str) -> None:
    """Forged unless the request comes from a form of ours that went with this cookie."""
    check_origin(
        request.getHeader("host") or "",
        request.getHeader("origin"),
        request.getHeader("sec-fetch-site"),
    )
    tokens.check(cookie, read_field(request, b"token"))


def local_path(text: str) -> str:
    """The path if it is one of this server, else the first page's: what a link says never
    leads elsewhere."""
    parts = urlsplit(text)
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    if not is_ours or parts.scheme or parts.netloc or parts.path in ("/login", "/first"):
        return "/"
    return text


def lead_to(request: Request, path: str) -> str:
    """Have the browser load this page of ours next."""
    request.redirect(path.encode("ascii", "ignore"))
    request.setResponseCode(303)
    return ""


def declare_html(request: Request) -> None:
    request.setHeader(b"Content-Type", _HTML)
    request.setHeader(b"Cache-Control", b"no-store")


def read_form_cookie(request: Request) -> str:
    value: bytes = request.getCookie(COOKIE.encode()) or b""
    return value.decode("ascii", "replace")


def read_field(request: Request, name: bytes) -> str:
    """The field's first value, "" if it is not there."""
    values: list[bytes] = (request.args or {}).get(name, [b""])
    return values[0].decode("utf-8", "replace")
