"""A second click on the button of a form that is on its way sends nothing a second time."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SEND = """form => {
    const stopped = [];
    const see = event => { stopped.push(event.defaultPrevented); event.preventDefault(); };
    window.addEventListener("submit", see);
    form.requestSubmit();
    form.requestSubmit();
    window.dispatchEvent(new Event("pageshow"));
    form.requestSubmit();
    window.removeEventListener("submit", see);
    return stopped;
}"""
"""Send a form, send it again, and once more after coming back to the page; answers which of these were stopped."""


def test_a_form_is_sent_once_until_its_reader_comes_back(open_page, workshop):
    page = open_page(workshop, "admin").go("/admin/sessions_app/apitoken/add/")
    page.get_by_label("Name").fill("laptop")
    form = page.locator("#content form").first
    assert form.evaluate(SEND) == [False, True, False]
