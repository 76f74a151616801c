"""What pages say of each state, and that nobody's text becomes markup."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import web.ui
from core.model import Pace
from core.operations.campaigns import CampaignView
from core.operations.reports import tabulate_recalls
from core.people import Face, LogEntry
from core.ports.snapshot import ServerView, Snapshot
from core.rules.figures import work_out
from core.rules.keys import Keyring
from core.rules.states import CallState, RunState
from core.rules.verdicts import Verdict
from tests.support.fixtures_web import NOW, call_view, run_view, snapshot_of
from web import sse
from web.ui.assets import load_assets
from web.ui.journal import LogForm, LogPage
from web.ui.render import Notice, Renderer, Viewer
from web.ui.words import OUTCOMES

HOSTILE = "\"><script>alert('1')</script>"

ALL = Viewer(name="anna", ring=Keyring(is_master=True), token="t" * 64)

show = Renderer(load_assets()).to(ALL)


def text_of(html: str) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (RunState.RUNNABLE, ["remove"]),
        (RunState.RUNNING, ["pause", "reload", "remove"]),
        (RunState.WRONG_TIME, ["pause", "reload", "remove"]),
        (RunState.IDLE, ["pause", "reload", "remove"]),
        (RunState.PAUSED, ["unpause", "reload", "remove"]),
        (RunState.COMPLETED, []),
        (RunState.REMOVE, []),
        (RunState.ERROR, []),
    ],
)
def test_a_run_offers_what_its_state_allows(state: RunState, verbs: list[str]) -> None:
    html = show.live(snapshot_of(run_view(state=state)))["overview"]
    assert re.findall(r'formaction="/campaigns/(\w+)"', html) == verbs
    assert f'class="pill run-{state.value}">{state.value}<' in html


def test_a_run_shows_its_figures_and_its_last_decision() -> None:
    text = text_of(show.live(snapshot_of(run_view()))["overview"])
    for words in (
        "Live 3 Placed 1\u202f234 Completed 980 Retries 61 Hopper 40 In cache 101",
        "Est. remaining 2\u202f020 Termination rate 79% Reschedule rate 21%",
        "Attempts per hour 6\u202f127 Completions per hour 4\u202f866 Completion in 23:39",
        "Run 7 · for 12:05 · priority 10 · at record 1081 of list spring",
        "Answered 600 No answer 100 Busy 300",
        "LIMITED BY EP SIZE",
        "Dialer up 30:08",
    ):
        assert words in text


def test_what_a_run_does_not_know_is_a_dash() -> None:
    unknown = work_out(attempted=0, completed=0, cached=0, backlog=0, running_s=3)
    run = run_view(figures=unknown, high_water=None, verdict="", decisions=(), outcomes={})
    text = text_of(show.live(snapshot_of(run))["overview"])
    assert "Termination rate – Reschedule rate – Attempts per hour – Completions per hour –" in text
    assert "Completion in –" in text
    assert "at record" not in text
    assert "No call has ended yet." in text
    assert "Last decision" not in text


def test_a_run_shows_how_long_each_decision_held_over_the_last_30_s() -> None:
    html = show.live(snapshot_of(run_view()))["overview"]
    text = text_of(html)
    assert "LIMITED BY EP SIZE 22 s NO CALLS FETCHED &lt;1 s CALLS PLACED 7 s" in text
    widths = re.findall(r'class="dec-(\w+)" x="([0-9.]+)" y="0" width="([0-9.]+)"', html)
    assert widths == [
        ("LIMITED_BY_EP_SIZE", "0.0", "746.67"),
        ("NO_CALLS_FETCHED", "746.67", "10.0"),
        ("CALLS_PLACED", "756.67", "243.33"),
    ]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_decision_has_a_colour(verdict: Verdict) -> None:
    css = (Path(web.ui.__file__).parent / "static/app.css").read_text()
    assert f".dec-{verdict.name}" in css


@pytest.mark.parametrize("state", list(OUTCOMES))
def test_each_outcome_has_a_colour(state: CallState) -> None:
    css = (Path(web.ui.__file__).parent / "static/app.css").read_text()
    assert re.search(rf"\.out-{state.value}[ ,]", css)


@pytest.mark.parametrize("state", list(CallState))
def test_a_call_shows_its_state(state: CallState) -> None:
    html = show.live(snapshot_of(calls=(call_view(state=state),)))["calls"]
    assert f'class="pill call-{state.value}">{state.value}<' in html


def test_a_call_is_timed_from_its_answer_once_there_is_one() -> None:
    ringing = call_view(attempt_id=1)
    talking = call_view(attempt_id=2, connected_at=NOW - timedelta(seconds=75), ext_status="SALE")
    text = text_of(show.live(snapshot_of(calls=(ringing, talking)))["calls"])
    assert "DIALLING 0:04 Spring call-back carrier-a agents 1 –" in text
    assert "DIALLING 1:15 Spring call-back carrier-a agents 1 SALE" in text


def test_more_calls_than_shown_are_counted() -> None:
    text = text_of(show.live(snapshot_of(calls=(call_view(),), live_total=250))["calls"])
    assert "newest 1 of 250" in text


def test_a_server_that_is_down_says_why() -> None:
    servers = (ServerView(name="pbx-2", is_up=False, reason="Connection refused"),)
    html = show.live(snapshot_of(servers=servers))["overview"]
    assert '<li class="server down">' in html
    assert "pbx-2 down Connection refused" in text_of(html)


def test_a_database_that_does_not_do_its_work_is_told_of() -> None:
    html = show.live(snapshot_of(database_reason="disk <full>"))["overview"]
    assert "The database does not do its work: disk &lt;full&gt;. No new call is placed" in html
    assert "The database does not" not in show.live(snapshot_of())["overview"]


def test_an_idle_dialer_says_so() -> None:
    parts = show.live(Snapshot(taken_at=NOW))
    assert "Nothing is running." in parts["overview"]
    assert "No server is in use." in parts["overview"]
    assert "No call is up." in parts["calls"]


def test_nobodys_text_becomes_markup() -> None:
    run = run_view(campaign=HOSTILE, verdict=HOSTILE, outcomes={HOSTILE: 1})
    call = call_view(
        campaign=HOSTILE, number=HOSTILE, trunk=HOSTILE, endpoint=HOSTILE, ext_status=HOSTILE
    )
    servers = (ServerView(name=HOSTILE, is_up=False, reason=HOSTILE),)
    snapshot = snapshot_of(run, calls=(call,), servers=servers)
    campaign = CampaignView(id=1, name=HOSTILE, pace=Pace.RUNNABLE)
    notice = Notice(kind="refused", text=HOSTILE)
    line = LogEntry(
        at=NOW,
        who=HOSTILE,
        face=Face.WEB,
        address=HOSTILE,
        action=HOSTILE,
        subject=HOSTILE,
        detail=HOSTILE,
    )
    pages = (
        show.to(replace(ALL, name=HOSTILE, token=HOSTILE)).live_page(snapshot, [campaign], notice),
        show.log_on(onward=HOSTILE, is_first=True, name=HOSTILE, refusal=HOSTILE),
        show.first_user(secret=HOSTILE, name=HOSTILE, refusal=HOSTILE),
        show.password(notice),
        show.system_log(LogPage(asked=LogForm(who=HOSTILE, action=HOSTILE), lines=(line,))),
        show.problem(404, HOSTILE, HOSTILE),
    )
    for page in pages:
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
        assert '""' not in re.sub(r'(alt|content)=""', "", page)


@pytest.mark.parametrize(
    ("campaign", "shown"),
    [
        (CampaignView(id=4, name="C", pace=Pace.RUNNABLE), 'formaction="/campaigns/start"'),
        (CampaignView(id=4, name="C", pace=Pace.CLOSED), ">CLOSED<"),
        (
            CampaignView(id=4, name="C", pace=Pace.RUNNABLE, run_id=9, run_state=RunState.PAUSED),
            '<a href="/runs/9/" class="pill run-PAUSED">PAUSED</a>',
        ),
    ],
)
def test_a_campaign_can_be_started_or_says_why_not(campaign: CampaignView, shown: str) -> None:
    html = show.campaigns([campaign])
    assert shown in html
    assert html.count("<button") == (1 if campaign.can_start else 0)


def test_recalls_are_tabulated_as_in_the_manual() -> None:
    """Manual 25.02, "Tracking outcomes at the recall level": its table."""
    manual = {
        "RS_BUSY": (755, 273, 117, 48, 22, 9),
        "RS_LOST": (9, 5, 4, 1, 0, 0),
        "RS_REJECTED": (2, 0, 0, 0, 0, 0),
        "TERMINATED": (744, 239, 151, 51, 26, 13),
    }
    counts = [
        (state, level, count)
        for state, line in manual.items()
        for level, count in enumerate(line)
        if count
    ]
    table = tabulate_recalls(reversed(counts))
    assert table.levels == (0, 1, 2, 3, 4, 5)
    assert {line.state: line.counts for line in table.lines} == manual
    assert [line.total for line in table.lines] == [1224, 19, 2, 1224]
    assert table.totals.counts == (1510, 517, 272, 100, 48, 22)
    assert table.totals.total == 2469


def test_no_calls_make_an_empty_table() -> None:
    table = tabulate_recalls([])
    assert (table.levels, table.lines, table.totals.counts) == ((), (), ())


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_each_line_of_an_event_is_framed(text: str) -> None:
    assert sse.frame("calls", text) == b"event: calls\ndata: a\ndata: b\n\n"


def test_a_page_offers_only_what_its_viewer_may() -> None:
    campaign = CampaignView(id=3, name="Spring", pace=Pace.RUNNABLE)
    watcher = show.to(Viewer(name="bea", ring=Keyring(keys=frozenset({"RT"})), token="t"))
    page = watcher.live_page(snapshot_of(run_view()), [campaign])
    assert "formaction" not in page
    assert 'href="/"' in page
    assert 'href="/runs/"' not in page
    assert "formaction" in show.live_page(snapshot_of(run_view()), [campaign])


def test_nobody_is_shown_where_pages_are() -> None:
    page = show.to(Viewer(token="t")).log_on(onward="/", is_first=False)
    assert "<nav" not in page
    assert "Log off" not in page
    assert "whipbird user add" not in page
    assert "whipbird user add" in show.log_on(onward="/", is_first=True)


def test_a_demonstration_says_so_on_every_page() -> None:
    loud = Renderer(load_assets(), is_for_show=True)
    for page in (loud.log_on(onward="/", is_first=False), loud.runs([]), loud.problem(1, "", "")):
        assert "This is a demonstration. Everybody knows its passwords" in page
    assert "demonstration" not in show.runs([])
