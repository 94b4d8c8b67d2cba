"""A person's first visit, in a real browser: follow the login link, look at a session, set a password."""

import shutil

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, sync_playwright

from tests.factories import new_session, stage
from vcflow_site.login_links import link_path
from vcflow_site.provision import first_admin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")
        page.faults = []
        page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        yield page
        browser.close()


def sign_in(page: Page, site: str) -> None:
    admin, _is_new = first_admin()
    page.goto(site + link_path(admin))


def test_login_link_leads_to_the_sessions(page, live_server):
    flow_session = new_session(stage("build", items=["compile"]), name="用户认证功能")
    sign_in(page, live_server.url)
    assert page.url == live_server.url + "/admin/"

    page.get_by_role("navigation", name="Places").get_by_role("link", name="Sessions", exact=True).click()
    row = page.get_by_role("row").filter(has_text=flow_session.pk)
    assert "Active" in row.inner_text()

    row.get_by_role("link", name="用户认证功能").click()
    page.get_by_role("heading", name="用户认证功能").wait_for()
    page.get_by_text("Begin the stage build").wait_for()
    assert page.faults == []


def test_password_can_be_set_from_the_first_page(page, live_server):
    sign_in(page, live_server.url)
    page.get_by_role("link", name="Set a password").click()
    page.locator("#id_password1").fill("kW7-long-enough")
    page.locator("#id_password2").fill("kW7-long-enough")
    page.locator("input[type=submit]").first.click()
    page.wait_for_url("**/change/")
    assert get_user_model().objects.get().check_password("kW7-long-enough")
    assert page.faults == []


def test_used_link_explains_itself(page, live_server):
    admin, _is_new = first_admin()
    link = live_server.url + link_path(admin)
    page.goto(link)
    page.context.clear_cookies()
    assert page.goto(link).status == 403
    page.get_by_text("vc init").wait_for()
