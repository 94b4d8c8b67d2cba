"""Every page, looked at in a real browser: wide and narrow, in both languages, light and dark, by mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.access.routes import routes
from tests.architecture.test_house import ROOT
from tests.e2e import looking
from tests.e2e.browsing import Browsing
from tests.e2e.pages import EMPTY, NO_PAGES, PAGES, address, serves
from tests.e2e.sites import Site

pytestmark = pytest.mark.browser

SCREENSHOTS = ROOT / "build" / "screenshots"
WIDTHS = (1280, 390)
TAGS = {"en": "en", "zh": "zh-hans"}


@pytest.fixture(scope="session", params=["en", "zh"])
def reader(request, browser: Browser, rich_site: Site) -> Iterator[tuple[str, Browsing]]:
    """Somebody who may see everything, in each language."""
    opened = Browsing(browser, rich_site, "admin", lang=request.param)
    yield request.param, opened
    opened.close()


@pytest.fixture(scope="session", params=["en", "zh"])
def newcomer(request, browser: Browser, empty_site: Site) -> Iterator[tuple[str, Browsing]]:
    """The first to sign in, in each language."""
    opened = Browsing(browser, empty_site, "admin", lang=request.param)
    yield request.param, opened
    opened.close()


def test_every_address_has_its_page():
    pages = [route.path for route in routes() if route.door == "admin"]
    without = [path for path in pages if not any(serves(path, name) for name in PAGES)]
    assert [path for path in without if not re.fullmatch(NO_PAGES, path.removeprefix("/admin/"))] == []


@pytest.mark.parametrize("name", PAGES)
def test_page_is_well(reader, name):
    lang, browsing = reader
    found = _faults(browsing, name, lang, name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", EMPTY)
def test_page_without_anything_is_well(newcomer, name):
    lang, browsing = newcomer
    found = _faults(browsing, name, lang, f"empty-{name}")
    assert not found, "\n".join(found)


def _faults(browsing: Browsing, name: str, lang: str, picture: str) -> list[str]:
    """All that is wrong with a page; one load serves both widths, both themes, and the pictures."""
    page = browsing.page
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.emulate_media(color_scheme="light")
    path = address(browsing.site, name)
    # What it weighs doesn't depend on the language; in the second the browser may remember scripts and styles.
    with looking.weighed(page) if lang == "en" else nullcontext([]) as sizes:
        browsing.go(path)
    assert page.url == browsing.site.url + path, "it leads elsewhere"
    found = [] if sum(sizes) <= looking.MOST_WEIGHT else [f"weighs {sum(sizes) / 1024:.0f} KB"]
    found += looking.badly_framed(page, TAGS[lang])
    found += looking.english(page) if lang == "zh" else [*looking.inaccessible(page), *looking.unreachable(page)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {fault}" for fault in looking.cut_off(page)]
        page.screenshot(path=_picture(lang, str(width), picture), full_page=True, caret="initial")
    if lang == "en":
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {fault}" for fault in looking.badly_coloured(page)]
    return [*found, *browsing.take_faults()]


def _picture(lang: str, kind: str, name: str) -> Path:
    return SCREENSHOTS / f"{lang}-{kind}" / f"{name}.png"
