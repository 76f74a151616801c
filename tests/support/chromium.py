"""The real Chromium, headless, driven from the reactor: every step runs in a thread."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")

#: Longest wait for the page to become as it should, in seconds.
PATIENCE_S = 10

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


class Browser:
    """A window on the page. Coroutines are awaited in the reactor's thread."""

    def __init__(self, profile: Path, reactor: Any) -> None:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = Service(str(shutil.which("chromedriver")))
        self._reactor = reactor
        self._pool = ThreadPool(1, 1, name="browser")
        self._driver = Chrome(options=options, service=service)
        self._pool.start()

    def set_cookie(self, address: str, name: str, value: str) -> None:
        """Give the browser a cookie, before it has loaded anything."""
        cookie = {"url": address, "name": name, "value": value, "httpOnly": True}
        self._driver.execute_cdp_cmd("Network.setCookie", cookie)

    async def do(self, work: Callable[[Chrome], T]) -> T:
        """Run `work` on the driver, away from the reactor."""
        return await deferToThreadPool(self._reactor, self._pool, work, self._driver)

    async def open(self, address: str) -> None:
        await self.do(lambda driver: driver.get(address))

    async def read(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return await self.do(lambda driver: driver.execute_script(f"return {script}"))

    async def until(self, script: str) -> None:
        """Wait until a JavaScript expression is true; TimeoutException names it if not."""

        def wait(driver: Chrome) -> None:
            WebDriverWait(driver, PATIENCE_S, poll_frequency=0.05).until(
                lambda d: d.execute_script(f"return {script}"), script
            )

        await self.do(wait)

    async def arrive(self, address: str) -> None:
        """Wait until the window is at this address; needs no scripts."""

        def wait(driver: Chrome) -> None:
            WebDriverWait(driver, PATIENCE_S, poll_frequency=0.05).until(
                lambda d: d.current_url == address, address
            )

        await self.do(wait)

    async def click(self, selector: str) -> None:
        await self.do(lambda driver: driver.find_element("css selector", selector).click())

    async def show_as(self, width: int, height: int, scheme: str = "light") -> None:
        """Use a screen of this size, in CSS pixels, and this colour scheme."""

        def emulate(driver: Chrome) -> None:
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
            )
            driver.execute_cdp_cmd(
                "Emulation.setEmulatedMedia",
                {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
            )

        await self.do(emulate)

    async def complaints(self) -> list[str]:
        """What the browser wrote to its console since last asked."""
        entries = await self.do(lambda driver: driver.get_log("browser"))
        return [entry["message"] for entry in entries]

    def quit(self) -> None:
        self._driver.quit()
        self._pool.stop()
