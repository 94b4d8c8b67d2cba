"""The admin's pages in a real browser: none of them does what the Content-Security-Policy forbids."""

import shutil

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from stages_app.services import StageInstanceManager
from tests.factories import new_session, stage
from vcflow_site.login_links import link_path
from vcflow_site.provision import first_admin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Told by the browser itself, also for what makes no noise in the console.
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")
        page.add_init_script(WATCH)
        page.faults = []
        page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        yield page
        browser.close()


def violations(page: Page, address: str) -> list[str]:
    """What a page did that is forbidden, by the time that all of it is there."""
    page.goto(address, wait_until="networkidle")
    return [*page.evaluate("window.violations"), *page.faults]


def name(model: type) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def addresses(user: User) -> list[str]:
    """The lists of everything that the admin shows, the first row of each, and the pages about people."""
    shown = list(admin.site._registry)
    rows = [(model, model.objects.first()) for model in shown]
    return [
        reverse("admin:index"),
        reverse("admin:password_change"),
        *[reverse(f"{name(model)}_changelist") for model in shown],
        reverse("admin:sessions_app_flowsession_changelist") + "?q=nothing",
        *[reverse(f"{name(model)}_change", args=[row.pk]) for model, row in rows if row],
        *[reverse(f"admin:auth_{page}", args=[user.pk]) for page in ("user_password_change", "user_delete")],
        reverse("admin:auth_user_add"),
        reverse("admin:auth_group_add"),
    ]


def test_pages_obey_their_policy(page, live_server):
    user, _is_new = first_admin()
    assert violations(page, live_server.url + "/admin/login/") == []
    page.goto(live_server.url + link_path(user))
    flow_session = new_session(stage("build", items=["compile"]), name="用户认证功能")
    StageInstanceManager().create_instance(flow_session.pk, "build")
    pages = addresses(user)
    assert len(pages) > 16
    assert {address: found for address in pages if (found := violations(page, live_server.url + address))} == {}


@pytest.mark.parametrize("address", ["/nowhere/", "/login/x/y/", "/healthz"])
def test_other_answers_obey_their_policy(page, live_server, address):
    assert [
        fault for fault in violations(page, live_server.url + address) if "Failed to load resource" not in fault
    ] == []


def test_what_is_forbidden_is_noticed(page, live_server):
    assert violations(page, live_server.url + "/admin/login/") == []
    page.evaluate("document.body.appendChild(document.createElement('script')).textContent = 'window.ran = true'")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.wait_for_function("window.violations.length >= 2")
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_the_api_works_under_its_policy(page, live_server, width):
    user, _is_new = first_admin()
    page.goto(live_server.url + link_path(user))
    new_session(stage("build"), name="用户认证功能")
    page.set_viewport_size({"width": width, "height": 900})
    assert violations(page, live_server.url + "/api/docs/") == []
    listing = page.locator("#operations-sessions-listSessions")
    listing.locator(".opblock-summary-control").click()
    listing.get_by_role("button", name="Execute").click()
    page.get_by_text('"name": "用户认证功能"').first.wait_for()
    assert [*page.evaluate("window.violations"), *page.faults] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
