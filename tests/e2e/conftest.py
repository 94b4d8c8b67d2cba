"""One browser for each process of the tests, and the sites that it looks at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e import scene
from tests.e2e.browsing import PATIENCE, Browsing, Open, launch
from tests.e2e.sites import Site, made_database, site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    # Playwright keeps an event loop in the thread of the tests, where Django sees it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens windows on a site; each is closed at the end, when none may have had a fault that nobody took."""
    opened: list[Browsing] = []

    def open_page(*arguments: Any, **options: Any) -> Browsing:
        opened.append(Browsing(browser, *arguments, **options))
        return opened[-1]

    yield open_page
    faults = [browsing.take_faults() for browsing in opened]
    for browsing in opened:
        browsing.close()
    assert not any(faults), faults


@pytest.fixture(scope="session")
def unblock(django_db_blocker: Any) -> Callable[[], Any]:
    unblocked: Callable[[], Any] = django_db_blocker.unblock
    return unblocked


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, browser: Browser, unblock: Any) -> Path:
    """A database to copy."""
    return made_database(tmp_path_factory.mktemp("made"), unblock)


@pytest.fixture(scope="session")
def rich_site(made: Path, tmp_path_factory: pytest.TempPathFactory, unblock: Any) -> Iterator[Site]:
    """For looking: nobody changes anything there."""
    with site(made, tmp_path_factory.mktemp("rich"), unblock, scene.rich) as served:
        yield served


@pytest.fixture(scope="session")
def empty_site(made: Path, tmp_path_factory: pytest.TempPathFactory, unblock: Any) -> Iterator[Site]:
    """Nothing has happened yet."""
    with site(made, tmp_path_factory.mktemp("empty"), unblock, scene.empty) as served:
        yield served


@pytest.fixture(scope="session")
def workshop(made: Path, tmp_path_factory: pytest.TempPathFactory, unblock: Any) -> Iterator[Site]:
    """For doing: each test makes sessions of its own."""
    with site(made, tmp_path_factory.mktemp("workshop"), unblock, scene.empty) as served:
        yield served
