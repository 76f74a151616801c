"""Requests that a page elsewhere made the operator's browser send are refused.

Three things, each enough against most attacks: the browser's own word on where the request
came from (Sec-Fetch-Site, Origin), a cookie that does not travel across sites, and a token in
the form that only a page of ours can hold: the value of a cookie, signed. Where somebody is
logged on that is the session's cookie, so that the token ends with the session.
"""

import hmac
import re
import secrets
from urllib.parse import urlsplit

from core.errors import WhipbirdError

#: The cookie of a browser in which nobody is logged on.
COOKIE = "whipbird_form"

_VALUE = re.compile(r"[A-Za-z0-9_-]{32,64}")


class Forged(WhipbirdError):
    """The request may not come from a page of ours."""


class FormTokens:
    """Makes and checks the tokens of forms; `secret` is at least 32 bytes, per process."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def new_cookie(self) -> str:
        """A fresh value for the cookie."""
        return secrets.token_urlsafe(24)

    def sign(self, cookie: str) -> str:
        """The token that goes with this cookie."""
        return hmac.new(self._secret, cookie.encode(), "sha256").hexdigest()

    def check(self, cookie: str, token: str) -> None:
        """Forged unless we made the token for this cookie."""
        expected = self.sign(cookie).encode()
        if not (is_cookie(cookie) and hmac.compare_digest(expected, token.encode())):
            raise Forged("this page is older than the server, or not ours; load it again")


def is_cookie(value: str) -> bool:
    """Whether `value` may be one of ours."""
    return bool(_VALUE.fullmatch(value))


def check_origin(host: str, origin: str | None, fetch_site: str | None) -> None:
    """Forged unless the browser's headers, those that are there, speak of our own page.

    `host` is the Host header; its port counts: another port is another program.
    """
    if fetch_site is not None and fetch_site != "same-origin":
        raise Forged("this request came from another site; use the buttons of Whipbird's page")
    if origin is not None and not _is_same(origin, host):
        raise Forged(f'this request came from "{origin}"; use the buttons of Whipbird\'s page')


def _is_same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()
