"""A person's first visit, in a real browser: follow the login link, look at a session, set a password."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from tests.factories import new_session, stage
from vcflow_site.login_links import link_path

pytestmark = pytest.mark.browser


def _link(site, name):
    with site.data():
        return link_path(get_user_model().objects.create_superuser(name))


def test_login_link_leads_to_the_sessions(workshop, open_page):
    with workshop.data():
        flow_session = new_session(stage("build", items=["compile"]), name="用户认证功能")
    browsing = open_page(workshop, None)
    page = browsing.go(_link(workshop, "first"))
    assert page.url == workshop.url + "/admin/"
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Sessions").click()
    row = page.get_by_role("row").filter(has_text=flow_session.pk)
    expect(row).to_contain_text("用户认证功能")
    expect(row).to_contain_text("Active")
    row.get_by_role("link").first.click()
    expect(page.locator("#session h1")).to_contain_text("用户认证功能")
    assert page.get_by_role("button", name="Save").count() == 0


def test_password_can_be_set_from_the_first_page(workshop, open_page):
    browsing = open_page(workshop, None)
    page = browsing.go(_link(workshop, "second"))
    page.get_by_role("link", name="Set a password").click()
    page.locator("#id_password1").fill("kW7-long-enough")
    page.locator("#id_password2").fill("kW7-long-enough")
    page.locator("input[type=submit]").first.click()
    page.wait_for_url("**/change/")
    page.get_by_role("button", name="Log out").click()
    browsing.go("/admin/login/")
    page.locator("#id_username").fill("second")
    page.locator("#id_password").fill("kW7-long-enough")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_used_link_explains_itself(workshop, open_page):
    browsing = open_page(workshop, None)
    link = _link(workshop, "third")
    browsing.go(link)
    browsing.context.clear_cookies()
    browsing.go(link)
    expect(browsing.page.get_by_text("vc init")).to_be_visible()
    assert [fault[:4] for fault in browsing.take_faults()] == ["403 ", "Fail"]
