"""What isn't a page of the admin obeys the Content-Security-Policy as well, and what it forbids is noticed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("address", ["/admin/login/", "/nowhere/", "/login/x/y/", "/healthz"])
def test_other_answers_obey_their_policy(rich_site, open_page, address):
    browsing = open_page(rich_site, None)
    browsing.go(address)
    expected = ("Failed to load resource", "404 ", "403 ")
    assert [fault for fault in browsing.take_faults() if not fault.startswith(expected)] == []


def test_what_is_forbidden_is_noticed(rich_site, open_page):
    browsing = open_page(rich_site, None)
    page = browsing.go("/admin/login/")
    page.evaluate("document.body.appendChild(document.createElement('script')).textContent = 'window.ran = true'")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.2/x.png\">')")
    page.wait_for_function("document.images.length > 0")
    faults = " ".join(browsing.take_faults())
    for directive in ("script-src-elem inline", "style-src-attr inline", "img-src http://127.0.0.2/x.png"):
        assert directive in faults
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_the_api_works_under_its_policy(rich_site, open_page, width):
    page = open_page(rich_site, "admin", width=width).go("/api/docs/")
    listing = page.locator("#operations-sessions-listSessions")
    listing.locator(".opblock-summary-control").click()
    listing.get_by_role("button", name="Execute").click()
    page.get_by_text('"name": "Checkout with saved cards"').first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
