"""Logging on in the real Chromium."""

import pytest
import pytest_twisted

from tests.support.chromium import Browser
from tests.support.fixtures_web import LiveServer
from tests.support.people import PASSWORD

pytestmark = pytest.mark.chromium


async def write(browser: Browser, name: str, text: str) -> None:
    await browser.do(
        lambda driver: driver.find_element("css selector", f"input[name={name}]").send_keys(text)
    )


@pytest_twisted.ensureDeferred
async def test_a_person_logs_on_looks_and_logs_off(
    browser: Browser, live_server: LiveServer
) -> None:
    await browser.do(lambda driver: driver.execute_cdp_cmd("Network.clearBrowserCookies", {}))
    await browser.show_as(360, 740)
    await browser.open(f"{live_server.address}/runs/")
    await browser.arrive(f"{live_server.address}/login?next=%2Fruns%2F")
    assert await browser.read("document.activeElement.name") == "name"
    assert await browser.read("document.documentElement.scrollWidth") == 360
    await write(browser, "name", "anna")
    await write(browser, "password", "wrong password")
    await browser.click("main button")
    await browser.until("document.querySelector('[role=alert]') !== null")
    await write(browser, "password", PASSWORD)
    await browser.complaints()
    await browser.click("main button")
    await browser.arrive(f"{live_server.address}/runs/")
    assert await browser.read("document.querySelector('.who span').textContent") == "anna"
    assert await browser.read("document.cookie") == ""
    await browser.open(f"{live_server.address}/")
    await browser.until('document.getElementById("link").dataset.link === "up"')
    assert await browser.read("document.documentElement.scrollWidth") == 360
    await browser.click(".who button")
    await browser.arrive(f"{live_server.address}/login")
    await browser.open(f"{live_server.address}/")
    await browser.arrive(f"{live_server.address}/login?next=%2F")
    assert await browser.complaints() == []
