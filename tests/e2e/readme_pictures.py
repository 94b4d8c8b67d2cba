"""The pictures in README.md, taken anew: ``make screenshots``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.architecture.test_house import ROOT
from tests.e2e import story
from tests.e2e.browsing import Browsing
from tests.e2e.sites import ASGI, site

pytestmark = pytest.mark.browser

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 250_000
HEIGHTS = {"dashboard": 1000, "session": 1300}


@pytest.mark.parametrize("name", HEIGHTS)
def test_picture_is_taken(browser: Browser, made: Path, unblock, name: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(made, Path(folder), unblock, story.told, ASGI) as served:
        browsing = Browsing(browser, served, "lin")
        path = f"/admin/sessions_app/flowsession/{served.story.sessions['running']}/change/"
        page = browsing.go({"dashboard": "/admin/", "session": path}[name])
        if name == "session":
            expect(page.locator("#live")).to_contain_text("Live")
        page.set_viewport_size({"width": 1280, "height": HEIGHTS[name]})
        picture = IMAGES / f"{name}.png"
        page.screenshot(path=picture)
        assert browsing.take_faults() == []
        browsing.close()
    assert picture.stat().st_size <= MOST_BYTES
