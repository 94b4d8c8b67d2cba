"""Who may do what on a session's page, as a browser shows it to each."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from sessions_app.models import FlowSession
from tests.e2e.acting import SESSION, SessionHands
from tests.e2e.browsing import Browsing
from tests.e2e.story import staff
from tests.factories import in_team, new_session, stage

pytestmark = pytest.mark.browser

LIST = "/admin/sessions_app/flowsession/"


@pytest.fixture(scope="module")
def flow_session(workshop) -> FlowSession:
    """One of the team's."""
    with workshop.data():
        staff("viewer", "shop")
        staff("operator", "shop", operates=True)
        staff("stranger", "others", operates=True)
        return in_team(new_session(stage("build", items=["compile"]), name="Gift cards"), "shop")


def _forms(browsing: Browsing) -> list[str]:
    """What the page offers to send, besides language and leaving."""
    forms: list[str] = browsing.page.locator("#content form").evaluate_all("forms => forms.map(form => form.action)")
    return forms


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_who_sees_a_session_is_offered_what_they_may_do(workshop, flow_session, open_page, role):
    browsing = open_page(workshop, role)
    page = browsing.go(LIST)
    page.get_by_role("link", name="Gift cards").first.click()
    expect(page.locator("#session h1")).to_contain_text("Gift cards")
    offered = page.locator("#session header .vc-acts").locator("summary, a").all_inner_texts()
    if role == "viewer":
        assert (offered, _forms(browsing)) == ([], [])
    else:
        assert offered[:4] == ["Pause…", "Complete…", "Mark as failed…", "Abort…"]
        assert ("Delete…" in offered) == (role == "admin")


def test_an_operator_does_it_and_a_viewer_sees_it(workshop, flow_session, open_page):
    operator, viewer = open_page(workshop, "operator"), open_page(workshop, "viewer")
    for browsing in (operator, viewer):
        browsing.go(SESSION.format(flow_session.pk))
    hands = SessionHands(operator)
    hands.do(hands.itself, "Pause", reason="Lunch")
    hands.sees("Paused")
    SessionHands(viewer).sees("Paused")
    expect(viewer.page.locator(".vc-why")).to_contain_text("operator")
    hands.do(hands.itself, "Resume")
    hands.sees("Active")


def test_a_stranger_finds_nothing_of_it(workshop, flow_session, open_page):
    browsing = open_page(workshop, "stranger")
    page = browsing.go(LIST)
    expect(page.locator("#content")).not_to_contain_text("Gift cards")
    browsing.go(SESSION.format(flow_session.pk))
    expect(page.locator(".messagelist")).to_contain_text(flow_session.pk)
    expect(page.locator("body")).not_to_contain_text("Gift cards")
    for name in ("Dashboard", "Stages", "Events", "Status"):
        page.get_by_role("navigation", name="Places").get_by_role("link", name=name).click()
        expect(page.locator("body")).not_to_contain_text("Gift cards")


def test_a_click_that_somebody_may_not_do_is_refused(workshop, flow_session, open_page):
    """Their right is taken while the page is open."""
    browsing = open_page(workshop, "operator")
    browsing.go(SESSION.format(flow_session.pk))
    hands = SessionHands(browsing)
    form = hands.opened(hands.itself, "Pause")
    with workshop.data():
        staff("operator", "shop")
        before = FlowSession.objects.get(pk=flow_session.pk).version
    form.get_by_role("button", name="Pause", exact=True).click()
    expect(browsing.page.locator(".messagelist .error")).to_be_visible()
    assert _forms(browsing) == []
    with workshop.data():
        assert FlowSession.objects.get(pk=flow_session.pk).version == before
    browsing.take_faults()
