"""The pages in the real Chromium: live updates, buttons, screens, and a quiet console."""

from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_twisted

from core.rules.figures import work_out
from core.rules.states import CallState, RunState
from core.store.runs import fetch_asked
from tests.support.chromium import Browser
from tests.support.fixtures_web import (
    NOW,
    LiveServer,
    call_log,
    call_view,
    run_view,
    snapshot_of,
    store_logs,
    store_run,
    store_site,
)

pytestmark = pytest.mark.chromium

LONG_NAME = "A campaign whose name nobody would want to read aloud, " * 3
LINK_IS_UP = 'document.getElementById("link").dataset.link === "up"'


def text_of(selector: str) -> str:
    return f"document.querySelector('{selector}').textContent.replace(/\\s+/g, ' ').trim()"


async def open_live(browser: Browser, server: LiveServer) -> None:
    await browser.show_as(1280, 900)
    await browser.open(f"{server.address}/")
    await browser.until(LINK_IS_UP)
    await browser.complaints()


@pytest_twisted.ensureDeferred
async def test_the_page_shows_a_run_and_follows_it(
    browser: Browser, live_server: LiveServer
) -> None:
    await open_live(browser, live_server)
    assert await browser.read(text_of("#run-7 h3")) == "Spring call-back"
    assert await browser.read(text_of("#run-7 .pill")) == "RUNNING"
    run = run_view(state=RunState.PAUSED, attempted=4321)
    calls = (call_view(attempt_id=77, number="+41919605566"),)
    live_server.source.publish(snapshot_of(run, calls=calls, live_total=250))
    await browser.until(f"{text_of('#run-7 .pill')} === 'PAUSED'")
    await browser.until("document.getElementById('call-77') !== null")
    assert await browser.read(text_of("#live-total")) == "250"
    assert "Placed4 321" in await browser.read(text_of("#run-7 .figures"))
    assert "+41919605566" in await browser.read(text_of("#call-77"))
    live_server.source.publish(snapshot_of())
    await browser.until("document.getElementById('run-7') === null")
    assert await browser.complaints() == []


@pytest_twisted.ensureDeferred
async def test_an_update_leaves_the_keyboard_where_it_is(
    browser: Browser, live_server: LiveServer
) -> None:
    await open_live(browser, live_server)
    await browser.do(
        lambda driver: driver.execute_script(
            "window.kept = document.getElementById('pause-run-7'); window.kept.focus()"
        )
    )
    live_server.source.publish(snapshot_of(run_view(campaign="Renamed"), live_total=12))
    await browser.until(f"{text_of('#live-total')} === '12'")
    assert await browser.read("document.activeElement === window.kept")
    assert await browser.read("window.kept.isConnected && window.kept.value") == "Renamed"


@pytest_twisted.ensureDeferred
async def test_the_start_button_asks_the_dialer(browser: Browser, live_server: LiveServer) -> None:
    campaign = store_site(live_server.engine, name='Tom & "Anna" <b>')
    await open_live(browser, live_server)
    start = f"#start-campaign-{campaign.id}"
    await browser.click(start)
    await browser.until("document.querySelector('.notice.done') !== null")
    assert 'Tom & "Anna" <b>: start asked' in await browser.read(text_of("#notice"))
    with live_server.engine.begin() as conn:
        assert [(w.campaign_id, w.verb) for w in fetch_asked(conn, 9)] == [(campaign.id, "start")]
    run = store_run(live_server.engine, campaign)
    live_server.source.publish(snapshot_of(run_view(run_id=run.id, campaign=campaign.name)))
    await browser.until(f"document.querySelector('{start}') === null")
    await browser.until(f"{text_of('#campaigns .pill')} === 'RUNNABLE'")
    assert await browser.complaints() == []


@pytest_twisted.ensureDeferred
async def test_a_button_that_comes_too_late_says_why(
    browser: Browser, live_server: LiveServer
) -> None:
    campaign = store_site(live_server.engine)
    await open_live(browser, live_server)
    store_run(live_server.engine, campaign)
    await browser.click(f"#start-campaign-{campaign.id}")
    await browser.until("document.querySelector('.notice.refused') !== null")
    assert "is running already" in await browser.read(text_of("#notice"))


@pytest_twisted.ensureDeferred
async def test_a_button_works_without_scripts(browser: Browser, live_server: LiveServer) -> None:
    campaign = store_site(live_server.engine)
    await open_live(browser, live_server)
    await set_scripts(browser, is_off=True)
    try:
        await browser.open(f"{live_server.address}/")
        await browser.click(f"#start-campaign-{campaign.id}")
        await browser.arrive(f"{live_server.address}/?asked=start")
        source = await browser.do(lambda driver: driver.page_source)
    finally:
        await set_scripts(browser, is_off=False)
    assert "Start asked" in source
    with live_server.engine.begin() as conn:
        assert [wish.verb for wish in fetch_asked(conn, 9)] == ["start"]


async def set_scripts(browser: Browser, *, is_off: bool) -> None:
    command = "Emulation.setScriptExecutionDisabled"
    await browser.do(lambda driver: driver.execute_cdp_cmd(command, {"value": is_off}))


@pytest.mark.parametrize("width", [360, 768, 1040], ids=["phone", "tablet", "desk"])
@pytest_twisted.ensureDeferred
async def test_no_page_scrolls_sideways(
    browser: Browser, live_server: LiveServer, width: int
) -> None:
    campaign = store_site(live_server.engine, name="x" * 120)
    run = store_run(live_server.engine, campaign)
    logs = [
        call_log(
            run, campaign, n, state=CallState.RS_NOANSWER, ext_status="Q" * 40, retry_no=n % 12
        )
        for n in range(1, 30)
    ]
    store_logs(live_server.engine, *logs)
    many = work_out(attempted=10**9, completed=10**9, cached=10**9, backlog=10**9, running_s=10**6)
    wide = run_view(campaign=LONG_NAME, verdict=LONG_NAME, attempted=10**9, figures=many)
    calls = tuple(
        call_view(attempt_id=n, campaign=LONG_NAME, number="4" * 40, ext_status="Q" * 40)
        for n in range(9)
    )
    live_server.source.publish(snapshot_of(wide, calls=calls, live_total=10**7))
    await browser.show_as(width, 740)
    for path in (
        "/",
        "/log/",
        "/runs/",
        f"/runs/{run.id}/",
        f"/hours/?of=campaign:{campaign.name}",
        "/why/?number=201",
        "/nope",
    ):
        await browser.open(live_server.address + path)
        seen = await browser.read("document.documentElement.clientWidth")
        whole = await browser.read("document.documentElement.scrollWidth")
        assert (path, whole) <= (path, seen)


@pytest_twisted.ensureDeferred
async def test_the_page_is_dark_for_those_who_want_it(
    browser: Browser, live_server: LiveServer
) -> None:
    brightness = (
        "getComputedStyle(document.body).{}.match(/\\d+/g).slice(0, 3)"
        ".reduce((sum, part) => sum + Number(part), 0)"
    )
    seen = {}
    for scheme in ("light", "dark"):
        await browser.show_as(1280, 900, scheme)
        await browser.open(f"{live_server.address}/")
        paper = await browser.read(brightness.format("backgroundColor"))
        ink = await browser.read(brightness.format("color"))
        seen[scheme] = paper - ink
    assert seen["light"] > 400
    assert seen["dark"] < -400


@pytest_twisted.ensureDeferred
async def test_a_report_is_quiet_and_its_times_are_local(
    browser: Browser, live_server: LiveServer
) -> None:
    campaign = store_site(live_server.engine)
    run = store_run(live_server.engine, campaign)
    store_logs(
        live_server.engine,
        replace(call_log(run, campaign, 1), ended_at=NOW + timedelta(seconds=30)),
    )
    await browser.show_as(1280, 900)
    await browser.complaints()
    await browser.open(f"{live_server.address}/runs/{run.id}/")
    assert await browser.read("document.querySelector('time').title") == "2026-11-21 17:03:44 UTC"
    assert "2026" in await browser.read(text_of("time"))
    assert await browser.read("document.querySelectorAll('main table th:not([scope])').length") == 0
    assert await browser.read("document.querySelectorAll('main, header, nav').length") >= 3
    assert await browser.complaints() == []


@pytest_twisted.ensureDeferred
async def test_a_page_has_one_event_source(browser: Browser, live_server: LiveServer) -> None:
    await open_live(browser, live_server)
    assert len(live_server.source.subscribers) == 1
    opened = "performance.getEntriesByType('resource').filter(e => e.name.includes('/stream'))"
    assert await browser.read(f"{opened}.length") <= 1
    assert await browser.read("document.querySelectorAll('[sse-connect]').length") == 1


@pytest_twisted.ensureDeferred
async def test_a_lost_server_is_said_on_the_page(browser: Browser, live_server: LiveServer) -> None:
    await open_live(browser, live_server)
    await live_server.stop()
    await browser.until('document.getElementById("link").dataset.link === "lost"')
    assert await browser.read(text_of("#link")) == "Reconnecting…"
