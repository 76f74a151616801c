"""Logging on and off, the first administrator's link, and what each page then shows."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

import pytest
from sqlalchemy import Engine
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.web.test.requesthelper import DummyRequest

from core.operations.doorkeeper import Doorkeeper
from core.operations.first import FirstLink, make_demonstration
from core.operations.people import UserChange, change_user, show_users
from core.operations.tokens import add_token
from core.people import SYSTEM
from core.rules.keys import Key
from core.rules.stamps import made
from core.settings import WebSettings
from core.store.campaigns import save_campaign
from core.store.runs import fetch_asked
from tests.support.fixtures_web import (
    NOW,
    SECRET,
    SESSION,
    Answer,
    FixedClock,
    Web,
    call_view,
    log_on,
    make_guarded_web,
    make_web,
    parse_answer,
    run_view,
    snapshot_of,
    store_run,
    store_site,
)
from tests.support.people import PASSWORD, QUICK, basic
from web.forgery import FormTokens
from web.gate import Gate
from web.ui.entrance import local_path

FORM_COOKIE = "c" * 32
TOKEN = FormTokens(SECRET).sign(FORM_COOKIE)
ORIGIN = "http://127.0.0.1:8080"
STRANGER = {"Cookie": f"whipbird_form={FORM_COOKIE}", "Origin": ORIGIN}


def give(web: Web, path: str, fields: dict[str, str], **headers: str) -> Answer:
    """Send the form of somebody who is not logged on."""
    body = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    return web.ask("POST", path, f"token={TOKEN}&{body}", **(STRANGER | headers))


def give_password(web: Web, password: str = PASSWORD, onward: str = "") -> Answer:
    return give(web, "/login", {"name": "anna", "password": password, "next": onward})


def cookie_of(answer: Answer) -> str:
    [cookie] = [one for one in answer.cookies if one.startswith("whipbird_session=")]
    return cookie.split(";")[0]


@pytest.mark.parametrize(
    "path", ["/", "/runs/", "/runs/1/", "/runs/1/logs.csv", "/hours/?of=campaign%3AX"]
)
def test_a_stranger_is_led_to_the_log_on_and_back(web: Web, path: str) -> None:
    answer = web.get(path, Cookie="x=y")
    assert answer.status == 303
    assert answer.headers["location"] == "/login?next=" + quote(path, safe="")
    assert "Spring" not in answer.body


def test_a_stranger_s_scripts_and_forms_are_refused(web: Web) -> None:
    store_site(web.engine)
    part = web.get("/live/campaigns", Cookie="x=y", HX_Request="true")
    assert (part.status, part.headers["hx-redirect"], part.body) == (401, "/login", "")
    assert web.get("/live/stream", Cookie="x=y").status == 401
    body = f"token={TOKEN}&campaign=Spring+call-back"
    assert web.ask("POST", "/campaigns/start", body, **STRANGER).status == 403
    with web.engine.begin() as conn:
        assert fetch_asked(conn, 9) == []


@pytest.mark.parametrize("path", ["/health", "/static/app.css", "/login"])
def test_what_needs_nobody_is_there_for_everybody(web: Web, path: str) -> None:
    assert web.get(path, Cookie="x=y").status == 200


def test_logging_on_leads_to_the_page_that_was_wanted(web: Web) -> None:
    page = web.get("/login?next=%2Fruns%2F", Cookie="x=y")
    assert 'name="next" value="/runs/"' in page.body
    assert "SameSite=strict" in page.cookies[0]
    answer = give_password(web, onward="/runs/")
    assert (answer.status, answer.headers["location"]) == (303, "/runs/")
    [cookie] = answer.cookies
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    shown = web.get("/runs/", Cookie=cookie_of(answer))
    assert shown.status == 200
    assert "<span>anna</span>" in shown.body
    assert SESSION not in cookie


def test_a_wrong_password_is_said_on_the_page_and_not_repeated(web: Web) -> None:
    answer = give_password(web, "wrong password")
    assert answer.status == 401
    assert "the name or the password is wrong" in answer.body
    assert 'name="name" value="anna"' in answer.body
    assert "wrong password" not in answer.body
    assert answer.cookies == []
    for _ in range(4):
        give_password(web, "wrong")
    slowed = give_password(web)
    assert (slowed.status, slowed.headers["retry-after"]) == (429, "2")
    assert "try again in 2 s" in slowed.body


def test_a_user_without_the_key_is_told_which_one(web: Web) -> None:
    change_user(web.engine, SYSTEM, "anna", UserChange(keys="-USER"), NOW)
    answer = give_password(web)
    assert answer.status == 403
    assert "does not hold the key &#34;USER&#34;" in answer.body


def test_nobody_is_logged_on_by_a_page_elsewhere(web: Web) -> None:
    fields = {"name": "anna", "password": PASSWORD}
    assert give(web, "/login", fields, Origin="http://evil.example").status == 403
    assert give(web, "/login", fields, Sec_Fetch_Site="cross-site").status == 403
    assert give(web, "/login", fields, Cookie="whipbird_form=" + "d" * 32).status == 403


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/runs/3/?after=4", "/runs/3/?after=4"),
        ("", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/login?next=/login", "/"),
    ],
)
def test_a_log_on_never_leads_elsewhere(wanted: str, path: str) -> None:
    assert local_path(wanted) == path


def test_a_log_on_makes_no_header_of_its_own(web: Web) -> None:
    answer = give_password(web, onward="/a\r\nX-Evil: 1")
    assert (answer.headers["location"], "x-evil" in answer.headers) == ("/", False)


def test_logging_off_ends_the_session(web: Web) -> None:
    token = FormTokens(SECRET).sign(SESSION)
    assert web.ask("POST", "/logout", "token=" + "0" * 64, Origin=ORIGIN).status == 403
    assert web.get("/runs/").status == 200
    answer = web.ask("POST", "/logout", f"token={token}", Origin=ORIGIN)
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in answer.cookies[0]
    assert web.get("/runs/").status == 303


def test_another_session_s_form_is_refused(web: Web) -> None:
    store_site(web.engine)
    other = FormTokens(SECRET).sign("o" * 43)
    body = f"token={other}&campaign=Spring+call-back"
    assert web.ask("POST", "/campaigns/start", body, Origin=ORIGIN).status == 403


def without(web: Web, *keys: str) -> None:
    """Take keys from the user whose session the test has."""
    taken = " ".join(f"-{key}" for key in keys)
    change_user(web.engine, SYSTEM, "anna", UserChange(keys=taken), NOW)


def test_each_page_needs_its_key_and_says_which(web: Web) -> None:
    store_run(web.engine, store_site(web.engine))
    without(web, Key.REPORT)
    for path in ("/runs/", "/runs/1/", "/runs/1/logs.csv"):
        answer = web.get(path)
        assert answer.status == 403
        assert "does not hold the key &#34;REPORT&#34;" in answer.body
        assert "<span>anna</span>" in answer.body
    without(web, Key.RT)
    for path in ("/live/stream", "/live/campaigns", "/hours/"):
        assert web.get(path).status == 403
    led = web.get("/")
    assert (led.status, led.headers["location"]) == (303, "/runs/")
    without(web, Key.RT, Key.REPORT)
    assert web.get("/").status == 403


def test_who_may_not_control_has_no_buttons_and_no_effect(web: Web) -> None:
    store_site(web.engine)
    without(web, Key.CTRL_WBT)
    assert "formaction" not in web.get("/").body
    assert "formaction" not in web.send("GET", "/live/stream").value().decode()
    token = FormTokens(SECRET).sign(SESSION)
    body = f"token={token}&campaign=Spring+call-back"
    refused = web.ask("POST", "/campaigns/start", body, Origin=ORIGIN, HX_Request="true")
    assert refused.status == 403
    assert "CTRL_WBT" in refused.body
    with web.engine.begin() as conn:
        assert fetch_asked(conn, 9) == []


def protect(web: Web, key: str = "ZURICH") -> None:
    campaign = store_site(web.engine)
    with web.engine.begin() as conn:
        save_campaign(conn, replace(campaign, security_key=key, stamp=made("bea", NOW)))
    hidden = run_view(run_id=7, live_calls=3)
    shown = run_view(run_id=8, campaign="Open to all", live_calls=2)
    calls = (
        call_view(attempt_id=1, number="111"),
        call_view(attempt_id=2, number="222", campaign="Open to all"),
    )
    web.source.publish(snapshot_of(hidden, shown, calls=calls, live_total=5))


def test_a_protected_campaign_is_on_no_live_page_of_others(web: Web) -> None:
    protect(web)
    for text in (web.get("/").body, web.send("GET", "/live/stream").value().decode()):
        assert "Spring call-back" not in text
        assert "111" not in text
        assert "Open to all" in text
        assert "222" in text
        assert 'id="live-total">2<' in text


def test_a_stream_follows_its_viewer_s_keys_within_a_minute(web: Web) -> None:
    protect(web)
    wire = web.send("GET", "/live/stream")
    change_user(web.engine, SYSTEM, "anna", UserChange(keys="ZURICH"), NOW)
    wire.clear()
    for _ in range(4):
        web.clock.advance(15)
    web.source.publish(web.source.latest())
    web.clock.advance(1)
    assert "Spring call-back" in wire.value().decode()


@pytest.mark.parametrize("way", ["disabled", "without RT"])
def test_a_stream_ends_with_its_viewer_s_right_to_it(web: Web, way: str) -> None:
    wire = web.send("GET", "/live/stream")
    change = UserChange(is_enabled=False) if way == "disabled" else UserChange(keys="-RT")
    change_user(web.engine, SYSTEM, "anna", change, NOW)
    for _ in range(4):
        assert not wire.disconnected
        web.clock.advance(15)
    assert wire.disconnected or wire.disconnecting


class Onlooker:
    """A request that takes whatever it gets."""

    def notifyFinish(self) -> Deferred[None]:
        return Deferred()

    def registerProducer(self, _producer: object, _is_streaming: bool) -> None:
        """It has always room."""

    def write(self, _data: bytes) -> None:
        """It is not read."""


def test_viewers_of_one_sight_share_one_rendering(web: Web) -> None:
    from core.operations.live import Sight
    from web.ui.stream import LiveStream

    rendered: list[Sight] = []

    def render(_snapshot: object, sight: Sight) -> dict[str, str]:
        rendered.append(sight)
        return {"overview": "x"}

    stream = LiveStream(web.source, web.clock, render)
    sights = [Sight(can_control=n % 2 == 0) for n in range(6)]
    for sight in sights:
        stream.attach(Onlooker(), sight, lambda: succeed(None))  # type: ignore[arg-type]
    rendered.clear()
    web.source.publish(snapshot_of())
    web.clock.advance(1)
    assert sorted(one.can_control for one in rendered) == [False, True]


@pytest.fixture
def empty(web_engine: Engine) -> tuple[Web, str]:
    """A server without users, and its link's key."""
    first = FirstLink(web_engine, QUICK)
    key = first.issue(NOW)
    assert key is not None
    return make_guarded_web(web_engine, first=first), key


def test_without_users_nobody_gets_in_and_the_page_says_how(empty: tuple[Web, str]) -> None:
    web, _key = empty
    assert web.get("/").headers["location"] == "/login?next=%2F"
    assert "whipbird user add NAME --admin" in web.get("/login").body
    refused = give_password(web)
    assert refused.status == 401
    assert "whipbird user add NAME --admin" in refused.body


def test_the_link_makes_the_first_administrator_and_logs_them_on(
    empty: tuple[Web, str],
) -> None:
    web, key = empty
    assert web.get("/first?key=" + "x" * 43).status == 409
    assert web.get(f"/first?key={key}").status == 200
    fields = {"key": key, "name": "anna", "password": PASSWORD, "again": PASSWORD}
    for wrong in ({"again": "other"}, {"password": "short", "again": "short"}, {"name": "a:b"}):
        answer = give(web, "/first", fields | wrong)
        assert answer.status == 400
        assert 'role="alert"' in answer.body
    assert give(web, "/first", fields, Origin="http://evil.example").status == 403
    answer = give(web, "/first", fields)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert web.get("/", Cookie=cookie_of(answer)).status == 200
    [anna] = show_users(web.engine, SYSTEM)
    assert (anna.name, anna.class_name) == ("anna", "ADMIN")
    assert give(web, "/first", fields | {"name": "eve"}).status == 409
    assert web.get(f"/first?key={key}").status == 409


def test_a_demonstration_says_so_to_strangers_too(web_engine: Engine) -> None:
    make_demonstration(web_engine, SYSTEM, QUICK, NOW)
    web = make_guarded_web(web_engine)
    assert "This is a demonstration" in web.get("/login").body
    fields = {"name": "demoadmin", "password": "demo", "next": ""}
    answer = give(web, "/login", fields)
    assert "This is a demonstration" in web.get("/", Cookie=cookie_of(answer)).body


def guarded(engine: Engine, *, is_open: bool, addresses: Sequence[str] = ()) -> Web:
    """A server whose control calls are open, or not; with the user anna. Requests come from
    192.168.1.1."""
    log_on(engine)
    settings = WebSettings(
        control_tokens=() if is_open else ("3db6e6b81bfe8a",), control_addresses=tuple(addresses)
    )
    door = Doorkeeper(engine, FixedClock(), QUICK, control_tokens=settings.control_tokens)
    return make_web(engine, settings, door=door)


CLONE = "/wombat/api/campaigns/?op=clone&campaign=Spring+call-back&newcampaign="


def test_control_calls_are_open_until_they_are_closed(web_engine: Engine) -> None:
    store_site(web_engine)
    web = guarded(web_engine, is_open=True)
    assert web.get(CLONE + "A").body.startswith("OK")
    assert web.get(CLONE + "B&auth_token_id=left-over").body.startswith("OK")
    assert web.get(CLONE + "C", Authorization=basic("anna", "wrong")).status == 401


def test_closed_control_calls_take_a_token_or_a_user(web_engine: Engine) -> None:
    store_site(web_engine)
    web = guarded(web_engine, is_open=False)
    _view, token = add_token(web_engine, SYSTEM, "anna", "crm", "COPY", NOW)
    _view, narrow = add_token(web_engine, SYSTEM, "anna", "other", "RT", NOW)
    for refused in (CLONE + "A", CLONE + "A&auth_token_id=3DB6E6B81BFE8A"):
        answer = web.get(refused)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert web.get(CLONE + "B&auth_token_id=3db6e6b81bfe8a").body.startswith("OK")
    assert web.get(CLONE + f"C&auth_token_id={token}").body.startswith("OK")
    assert web.get(CLONE + "D", Authorization=basic("anna")).body.startswith("OK")
    without_key = web.get(CLONE + f"E&auth_token_id={narrow}")
    assert without_key.status == 200
    assert '"COPY"' in without_key.body
    assert "OK" not in without_key.body


def test_closed_control_calls_are_open_to_addresses_that_are_named(web_engine: Engine) -> None:
    store_site(web_engine)
    near = guarded(web_engine, is_open=False, addresses=["10.0.0.0/8", "192.168.1.0/24"])
    assert near.get(CLONE + "A").body.startswith("OK")
    assert near.get(CLONE + "B", Authorization=basic("anna", "wrong")).status == 401
    assert near.get(CLONE + "C", Origin="https://evil.example").status == 403


def test_closed_control_calls_stay_closed_to_other_addresses(web_engine: Engine) -> None:
    store_site(web_engine)
    far = guarded(web_engine, is_open=False, addresses=["192.168.2.0/24", "::1"])
    assert far.get(CLONE + "A").status == 401


def gate(*proxies: str) -> Gate:
    return Gate(door=None, reactor=None, pool=None, logons=None, proxies=proxies)  # type: ignore[arg-type]


class Arriving(DummyRequest):
    """A request that came without TLS."""

    def isSecure(self) -> bool:
        return False


def request_from(peer: str, **headers: str) -> DummyRequest:
    request = Arriving([b""])
    request.client = IPv4Address("TCP", peer, 50000)
    for name, value in headers.items():
        request.requestHeaders.addRawHeader(name.replace("_", "-").encode(), value.encode())
    return request


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "1.2.3.4", "10.0.0.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, address: str) -> None:
    request = request_from(peer, X_Forwarded_For=forwarded, X_Forwarded_Proto="https")
    assert gate("10.0.0.1").address(request) == address
    assert gate("10.0.0.1").is_secure(request) is (peer == "10.0.0.1")
    assert gate().is_secure(request) is False


def test_behind_tls_cookies_are_secure(web_engine: Engine) -> None:
    log_on(web_engine)
    web = make_guarded_web(web_engine, WebSettings(trusted_proxies=("192.168.1.1",)))
    wire = web.send("GET", "/login", X_Forwarded_Proto="https")
    assert "Secure" in parse_answer(wire.value()).cookies[0]
    fields = {"name": "anna", "password": PASSWORD}
    assert "Secure" in give(web, "/login", fields, X_Forwarded_Proto="https").cookies[0]
