"""The API's own page in the real Chromium: it is shown, and what is tried there is done."""

import pytest
import pytest_twisted

from core.store.runs import fetch_asked
from tests.support.chromium import Browser
from tests.support.fixtures_web import LiveServer, store_site

pytestmark = pytest.mark.chromium

START = "#operations-Campaigns-start_campaign"


def click(selector: str) -> str:
    return f"document.querySelector('{selector}').click()"


@pytest_twisted.ensureDeferred
async def test_the_api_is_shown_and_tried_by_who_is_logged_on(
    browser: Browser, live_server: LiveServer
) -> None:
    store_site(live_server.engine, name="ABC")
    await browser.show_as(1280, 900)
    await browser.open(f"{live_server.address}/api/v1/docs")
    await browser.until(f"document.querySelector('{START}') !== null")
    await browser.do(lambda driver: driver.execute_script(click(f"{START} .opblock-control-arrow")))
    await browser.until(f"document.querySelector('{START} .try-out__btn') !== null")
    await browser.do(lambda driver: driver.execute_script(click(f"{START} .try-out__btn")))
    field = f"{START} tr[data-param-name=campaign] input:enabled"
    await browser.until(f"document.querySelector('{field}') !== null")
    await browser.do(lambda driver: driver.find_element("css selector", field).send_keys("ABC"))
    answered = f"document.querySelector('{START} .live-responses-table') !== null"
    # A field counts half a second after the last key.
    await browser.until(f"({click(f'{START} .execute')}, {answered})")
    shown = await browser.read(f"document.querySelector('{START} .live-responses-table').innerText")
    assert '"is_done": false' in shown
    with live_server.engine.connect() as conn:
        assert {asked.verb for asked in fetch_asked(conn, 9)} == {"start"}
    assert await browser.complaints() == []
