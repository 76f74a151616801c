"""The page on which users change their own password."""

from urllib.parse import quote

import pytest

from core.operations.doorkeeper import Doorkeeper
from core.operations.people import UserChange, change_user
from core.people import SYSTEM
from core.store.audit import LogFilter, fetch_log
from tests.support.fixtures_web import NOW, SECRET, SESSION, Answer, FixedClock, Web
from tests.support.people import PASSWORD, QUICK, basic
from web.forgery import FormTokens

TOKEN = FormTokens(SECRET).sign(SESSION)
ORIGIN = "http://127.0.0.1:8080"
NEW = "a better one"
LIVE_RUNS = "/wombat/api/live/runs/"


def change(
    web: Web, old: str = PASSWORD, new: str = NEW, again: str = "", **headers: str
) -> Answer:
    fields = {"token": TOKEN, "old": old, "new": new, "again": again or new}
    body = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    return web.ask("POST", "/password", body, **({"Origin": ORIGIN} | headers))


def test_the_page_asks_for_the_old_password_and_twice_for_the_new_one(web: Web) -> None:
    page = web.get("/password")
    assert page.status == 200
    for name in ("old", "new", "again", "token"):
        assert f'name="{name}"' in page.body
    assert 'href="/password"' in web.get("/runs/").body


def test_a_user_who_looks_on_only_has_it_too(web: Web) -> None:
    change_user(web.engine, SYSTEM, "anna", UserChange(class_name="USER"), NOW)
    assert web.get("/password").status == 200
    assert change(web).status == 303


def test_the_new_password_counts_and_the_old_one_no_more(web: Web) -> None:
    assert web.get(LIVE_RUNS, Authorization=basic("anna")).status == 200
    answer = change(web)
    assert (answer.status, answer.headers["location"]) == (303, "/password?changed=yes")
    assert "Your password is changed" in web.get("/password?changed=yes").body
    assert web.get(LIVE_RUNS, Authorization=basic("anna", NEW)).status == 200
    assert web.get(LIVE_RUNS, Authorization=basic("anna")).status == 401


def test_all_other_sessions_of_the_user_end_and_no_one_else_s(web: Web) -> None:
    door = Doorkeeper(web.engine, FixedClock(), QUICK)
    others = [door.log_in("anna", PASSWORD, "10.0.0.7").secret for _ in range(2)]
    change(web)
    assert [door.find(secret, "10.0.0.7") for secret in others] == [None, None]
    assert web.get("/runs/").status == 200, "this browser stays logged on"


def test_the_change_is_in_the_system_log_without_any_password(web: Web) -> None:
    Doorkeeper(web.engine, FixedClock(), QUICK).log_in("anna", PASSWORD, "10.0.0.7")
    change(web)
    with web.engine.connect() as conn:
        [line] = fetch_log(conn, LogFilter(action="user.password"), 9)
    assert (line.who, line.face, line.subject) == ("anna", "web", "anna")
    assert line.detail == "1 other sessions ended"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"old": "a guess"}, "old password &#34;***&#34;: it is another one"),
        ({"again": "another one"}, "write the same one twice"),
        ({"new": "short"}, "write at least 8 characters"),
        ({"new": PASSWORD}, "choose another than the old one"),
        ({"new": ""}, "write at least 8 characters"),
    ],
)
def test_what_cannot_be_is_said_on_the_page(web: Web, fields: dict[str, str], says: str) -> None:
    answer = change(web, **fields)
    assert answer.status == 400
    assert says in answer.body
    assert not any(value and value in answer.body for value in fields.values())
    assert web.get("/runs/").status == 200
    assert web.get(LIVE_RUNS, Authorization=basic("anna")).status == 200


def test_whoever_guesses_the_old_password_has_to_wait(web: Web) -> None:
    for _ in range(5):
        assert change(web, old="a guess").status == 400
    slowed = change(web)
    assert (slowed.status, slowed.headers["retry-after"]) == (429, "2")
    assert "try again in 2 s" in slowed.body


def test_a_page_elsewhere_changes_no_password(web: Web) -> None:
    assert change(web, Origin="http://evil.example").status == 403
    assert change(web, Sec_Fetch_Site="cross-site").status == 403
    body = f"token={'0' * 64}&old={quote(PASSWORD)}&new={quote(NEW)}&again={quote(NEW)}"
    assert web.ask("POST", "/password", body, Origin=ORIGIN).status == 403
    assert web.get(LIVE_RUNS, Authorization=basic("anna")).status == 200


def test_a_stranger_is_led_to_the_log_on(web: Web) -> None:
    answer = web.get("/password", Cookie="x=y")
    assert (answer.status, answer.headers["location"]) == (303, "/login?next=%2Fpassword")
    assert change(web, Cookie="x=y").status == 403
