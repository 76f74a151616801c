"""Nobody's text becomes markup, a program in a template, or a header, whatever shows it."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from sqlalchemy import update

from core.model import Record
from core.operations.tokens import add_token
from core.people import SYSTEM, Face, LogEntry
from core.store.audit import write_log
from core.store.lists import save_record
from core.store.schema import call_list, end_point, server, trunk
from tests.support.fixtures_web import (
    NOW,
    Web,
    call_log,
    call_view,
    parse_answer,
    run_view,
    snapshot_of,
    store_logs,
    store_run,
    store_site,
)
from web.ui.render import TEMPLATES, Renderer

#: Ends an attribute and a tag, and would be worked out by a template.
HOSTILE = "x\" onclick=\"a()' onload='b()><script>alert(1)</script>{{ 733 * 977 }}{% raw %}"
ASKED = quote(HOSTILE, safe="")
#: Would end a header and begin another.
BREAK = quote("x\r\nX-Evil: 1\r\n\r\n", safe="")

PAGES = (
    "/",
    "/live/campaigns",
    "/runs/",
    "/runs/1/",
    "/hours/",
    f"/hours/?of=campaign:{ASKED}&at={ASKED}&tz={ASKED}",
    "/why/?number=201",
    f"/why/?number={ASKED}&campaign={ASKED}",
    "/log/",
    f"/log/?who={ASKED}&action={ASKED}",
    "/password",
    f"/runs/{ASKED}/",
)
#: What makes a link a program.
SCHEMES = ("javascript:", "data:", "vbscript:")
#: For who is nobody yet.
ENTRANCE = (f"/login?next=/{ASKED}", f"/first?key={ASKED}")


class Reader(HTMLParser):
    """Finds what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        own = tag == "script" and (given.get("src") or "").startswith("/static/")
        runs = [name for name in given if name.startswith("on") or name == "style"]
        leads = [
            v for v in given.values() if (v or "").lower().startswith(("javascript:", "data:"))
        ]
        if (tag in ("script", "iframe", "object") and not own) or runs or leads:
            self.scripts.append(self.get_starttag_text() or tag)


@pytest.fixture
def hostile(web: Web) -> Web:
    """A site whose every name is hostile, and a call and a line of the log that are, too."""
    campaign = store_site(web.engine, name=HOSTILE)
    run = store_run(web.engine, campaign)
    log = call_log(run, campaign, 501, ext_status=HOSTILE, reason=HOSTILE, tech_cause=HOSTILE)
    store_logs(web.engine, log)
    line = LogEntry(
        at=NOW,
        who=HOSTILE,
        face=Face.WEB,
        address=HOSTILE,
        action=HOSTILE,
        subject=HOSTILE,
        detail=HOSTILE,
    )
    with web.engine.begin() as conn:
        for table in (call_list, end_point, server, trunk):
            conn.execute(update(table).values(name=HOSTILE))
        save_record(conn, Record(list_id=1, number="201", inputs={"MULTINUM1": HOSTILE}))
        write_log(conn, line)
    call = call_view(campaign=HOSTILE, ext_status=HOSTILE, trunk=HOSTILE, endpoint=HOSTILE)
    shown = run_view(campaign=HOSTILE, outcomes={HOSTILE: 1})
    web.source.publish(snapshot_of(shown, calls=(call,), database_reason=HOSTILE))
    return web


def test_no_page_runs_or_works_out_what_stands_in_it(
    hostile: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: set[str] = set()
    render = Renderer._render

    def note(self: Renderer, template: str, **values: object) -> str:
        shown.add(template)
        return render(self, template, **values)

    monkeypatch.setattr(Renderer, "_render", note)
    answers = [hostile.get(page) for page in PAGES]
    answers += [hostile.get(page, Cookie="") for page in ENTRANCE]
    for page, answer in zip((*PAGES, *ENTRANCE), answers, strict=True):
        reader = Reader()
        reader.feed(answer.body)
        assert (page, reader.scripts) == (page, [])
        assert "716141" not in answer.body
    assert sum("{{ 733 * 977 }}" in answer.body for answer in answers) > len(answers) // 2
    pages = {path.name for path in TEMPLATES.glob("[!_]*.html")}
    # An installation without users has one page more: tests/unit/test_web_render.py.
    assert pages - shown == {"page.html", "first_user.html"}


def test_templates_quote_and_escape() -> None:
    """Escaping helps within quotes alone, and where nobody switches it off."""
    for path in sorted(TEMPLATES.glob("*.html")):
        text = path.read_text()
        assert re.findall(r"\s[\w-]+=\{[{%]", text) == [], path.name
        assert re.findall(r"\|\s*safe\b|autoescape|<style|\son\w+=|Markup", text) == [], path.name
        scripts = re.findall(r"<script[^>]*>", text)
        assert [one for one in scripts if 'src="{{ asset(' not in one] == [], path.name


def evil_headers(sent: bytes) -> list[bytes]:
    """Lines of the answer's head that were put there."""
    head = sent.partition(b"\r\n\r\n")[0]
    return [line for line in re.split(rb"[\r\n]", head) if line.startswith(b"X-Evil")]


@pytest.mark.parametrize(
    "address",
    [
        f"/why?number={BREAK}",
        f"/hours?of={BREAK}",
        f"/login?next=/{BREAK}",
        f"/{BREAK}",
        f"/wombat/api/calls/?op={BREAK}&number={BREAK}",
        f"/api/v1/runs?cursor={BREAK}",
        f"/api/v1/lists/{BREAK}/records:bulk",
        f"/api/v1/events?after={BREAK}",
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_no_address_makes_a_header(web: Web, address: str, is_known: bool) -> None:
    _view, secret = add_token(web.engine, SYSTEM, "anna", "tests", "LIST RT USER", NOW)
    bearer = {"Authorization": f"Bearer {secret}"} if is_known else {"Cookie": ""}
    wire = web.send("GET", address, **bearer)
    assert evil_headers(wire.value()) == []
    wire.hang_up()


@pytest.mark.parametrize(
    ("method", "path", "header", "status"),
    [
        ("GET", "/api/v1/campaigns", "Authorization", 401),
        ("GET", "/wombat/api/engine/?op=STATE", "Authorization", 401),
        ("GET", "/api/v1/openapi.json", "If-None-Match", 200),
        ("GET", "/api/v1/openapi.json", "Idempotency-Key", 200),
        ("GET", "/login", "X-Forwarded-Proto", 200),
        ("POST", "/login", "Origin", 403),
        ("POST", "/login", "Sec-Fetch-Site", 403),
        ("GET", "/", "Host", 421),
    ],
)
def test_a_header_of_bytes_that_are_no_utf_8_disturbs_nobody(
    web: Web, method: str, path: str, header: str, status: int
) -> None:
    wire = web.connect()
    host = "" if header == "Host" else "Host: 127.0.0.1:8080\r\n"
    head = f"{method} {path} HTTP/1.1\r\n{host}Content-Length: 0\r\n{header}: Bearer "
    wire.protocol.dataReceived(head.encode() + b"\xff\xfe\r\n\r\n")
    assert parse_answer(wire.value()).status == status
