"""Whose requests are heard: host names, origins, tokens."""

import pytest

from web.forgery import Forged, FormTokens, check_origin
from web.guard import parse_host

HOST = "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8080", "localhost"),
        ("dialer.example.", "dialer.example"),
        ("[::1]:8080", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:80@evil.example", ""),
        ("localhost:8080:1", ""),
        ("[::1", ""),
        ("[::1]evil.example", ""),
        ("localhost:²", ""),
        ("", ""),
    ],
)
def test_a_host_header_is_a_name_and_perhaps_a_port(header: str, host: str) -> None:
    assert parse_host(header) == host


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        (f"http://{HOST}", "same-origin"),
        (f"https://{HOST}", None),
        (None, "same-origin"),
        (None, None),
    ],
)
def test_our_own_page_may_ask(origin: str | None, fetch_site: str | None) -> None:
    check_origin(HOST, origin, fetch_site)


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        ("http://evil.example", None),
        ("http://127.0.0.1:9999", None),
        ("null", None),
        ("file://127.0.0.1:8080", None),
        ("http://[", None),
        (f"http://{HOST}", "cross-site"),
        (f"http://{HOST}", "same-site"),
        (None, "none"),
    ],
)
def test_other_pages_may_not_ask(origin: str | None, fetch_site: str | None) -> None:
    with pytest.raises(Forged):
        check_origin(HOST, origin, fetch_site)


def test_a_token_goes_with_its_cookie_and_its_server_only() -> None:
    tokens, others = FormTokens(b"a" * 32), FormTokens(b"b" * 32)
    cookie, second = tokens.new_cookie(), tokens.new_cookie()
    tokens.check(cookie, tokens.sign(cookie))
    for wrong_cookie, wrong_token in (
        (cookie, others.sign(cookie)),
        (second, tokens.sign(cookie)),
        ("", tokens.sign("")),
        (cookie, ""),
        (cookie, "é"),
    ):
        with pytest.raises(Forged):
            tokens.check(wrong_cookie, wrong_token)
