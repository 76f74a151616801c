"""The page of the system log."""

import re
from datetime import timedelta

import pytest

from core.operations.people import UserChange, change_user
from core.people import SYSTEM, Face, LogEntry
from core.store.audit import write_log
from tests.support.fixtures_web import NOW, Web
from web.ui.journal import LINES


def write(web: Web, *lines: tuple[str, str, str]) -> None:
    """Lines a second apart: who, action, detail."""
    with web.engine.begin() as conn:
        write_log(
            conn,
            *(
                LogEntry(
                    at=NOW + timedelta(seconds=i),
                    who=who,
                    face=Face.WEB,
                    address="10.0.0.7",
                    action=action,
                    subject="it",
                    detail=detail,
                )
                for i, (who, action, detail) in enumerate(lines)
            ),
        )


def shown(body: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="line-(\d+)"', body)]


def test_the_newest_lines_come_first_page_by_page(web: Web) -> None:
    write(web, *[("bea", "config.update", f"change {i}") for i in range(2 * LINES + 5)])
    first = web.get("/log/")
    ids = shown(first.body)
    assert ids == list(range(ids[0], ids[0] - LINES, -1))
    assert f"change {2 * LINES + 4}" in first.body
    second = web.get(older(first.body))
    third = web.get(older(second.body))
    assert shown(second.body) == list(range(ids[-1] - 1, ids[-1] - 1 - LINES, -1))
    assert shown(third.body)[-1] == 1, "to the first line there is"
    assert "Older" not in third.body
    assert "Newest" in third.body


def older(body: str) -> str:
    [path] = re.findall(r'rel="next" href="([^"]+)"', body)
    return str(path).replace("&amp;", "&")


def test_lines_are_filtered_by_user_and_action_on_every_page(web: Web) -> None:
    write(web, *[("bea", "login", "") for _ in range(LINES + 1)])
    write(web, ("carl", "login", ""), ("bea", "logout", ""))
    first = web.get("/log/?who=bea&action=login")
    assert len(shown(first.body)) == LINES
    assert 'name="who" value="bea"' in first.body
    assert len(shown(web.get(older(first.body)).body)) == 1
    assert len(shown(web.get("/log/?who=carl").body)) == 1
    assert len(shown(web.get("/log/?action=logout").body)) == 1
    assert "The log has no such line." in web.get("/log/?who=nobody").body


def test_what_stands_in_the_log_is_no_markup(web: Web) -> None:
    write(web, ("<b>bea</b>", "x", "<script>alert(1)</script>"))
    body = web.get("/log/?action=x").body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<b>bea" not in body
    assert "<script>alert" not in web.get("/log/?who=%22%3E%3Cscript%3Ealert(1)").body


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999"])
def test_a_page_that_is_none_is_the_first(web: Web, before: str) -> None:
    write(web, ("bea", "login", ""))
    assert web.get(f"/log/?before={before}").body.count('id="line-') >= 1


def test_it_is_for_holders_of_the_key_syslog(web: Web) -> None:
    assert 'href="/log/"' in web.get("/runs/").body
    change_user(web.engine, SYSTEM, "anna", UserChange(keys="-SYSLOG"), NOW)
    refused = web.get("/log/")
    assert refused.status == 403
    assert "SYSLOG" in refused.body
    assert 'href="/log/"' not in web.get("/runs/").body
