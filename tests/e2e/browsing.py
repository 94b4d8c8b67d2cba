"""Pages in a real browser, each watched for what it must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, Request, Response

from tests.e2e.sites import ZONE, Site

LOCALES = {"en": "en-GB", "zh": "zh-CN"}

# Told by the browser itself, also for what makes no noise in the console.
_WATCH = """
document.addEventListener("securitypolicyviolation", event => {
    window.tellFault(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""

PATIENCE = 20_000
"""Milliseconds."""


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium; its sandbox needs rights that a container doesn't give."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])


class Browsing:
    """One reader's window; ``faults`` holds what its pages did that they must not."""

    def __init__(
        self, browser: Browser, site: Site, who: str | None, *, lang: str = "en", width: int = 1280, **options: Any
    ) -> None:
        self.faults: list[str] = []
        self.site = site
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(locale=LOCALES[lang], viewport=viewport, timezone_id=ZONE, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.expose_function("tellFault", lambda fault: self.faults.append(fault))
        self.context.add_init_script(_WATCH)
        if who:
            self.context.add_cookies([site.cookie(who)])
        self.page = self._watched(self.context.new_page())

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site.url + path, wait_until="load")
        return self.page

    def take_faults(self) -> list[str]:
        """The faults so far, which are forgotten then."""
        self.page.evaluate("1")  # what the page told before this has arrived
        found, self.faults[:] = list(self.faults), []
        return found

    def close(self) -> None:
        self.context.close()

    def _watched(self, page: Page) -> Page:
        page.on("console", lambda message: self._tell(message.type == "error", message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._see_request)
        page.on("response", self._see_response)
        return page

    def _tell(self, is_fault: bool, text: str) -> None:
        if is_fault:
            self.faults.append(text)

    def _see_request(self, request: Request) -> None:
        self._tell(not request.url.startswith((self.site.url, "data:")), f"asks elsewhere: {request.url}")

    def _see_response(self, response: Response) -> None:
        self._tell(response.status >= 400, f"{response.status} {response.url}")


Open = Callable[..., Browsing]
