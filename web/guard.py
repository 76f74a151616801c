"""What every answer of the web server carries, and which requests get none.

A request must name a host that is ours: a page elsewhere may point its own name at
127.0.0.1 (DNS rebinding) and would otherwise read and ask whatever the operator may. Browsers
speak at least HTTP/1.1; an old program that speaks HTTP/1.0 need name no host.
"""

from collections.abc import Collection

from twisted.web.http import Request
from twisted.web.resource import Resource

#: Always ours, on any port.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guarded(Resource):
    """Passes requests for our own names on to `inner`; others get 421 and one sentence.

    `names` are further host names, without port, under which the server is reached.
    """

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __init__(self, inner: Resource, names: Collection[str] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._inner = inner
        self._names = LOCAL_NAMES | {name.lower() for name in names}

    def render(self, request: Request) -> bytes | int:
        request.setHeader(b"Server", b"Whipbird")
        for name, value in HEADERS.items():
            request.setHeader(name.encode(), value.encode())
        if self._is_ours(request):
            rendered: bytes | int = self._inner.render(request)
            return rendered
        request.setResponseCode(421)
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        return b"This server does not answer to that host name; add it to its configuration.\n"

    def _is_ours(self, request: Request) -> bool:
        host = request.getHeader("host")
        if host is None:
            return bool(request.clientproto == b"HTTP/1.0")
        return parse_host(host) in self._names


def parse_host(header: str) -> str:
    """The host of a Host header, in lower case, without port; brackets stay. "" of nonsense."""
    host = header.strip().lower()
    if host.startswith("["):
        inside, bracket, port = host.partition("]")
        return inside + bracket if bracket and _is_port(port) else ""
    name, colon, port = host.partition(":")
    return name.removesuffix(".") if _is_port(colon + port) else ""


def _is_port(text: str) -> bool:
    return not text or (text.startswith(":") and text[1:].isascii() and text[1:].isdigit())
