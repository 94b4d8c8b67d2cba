"""Two people on one session: each sees what the other does, and what came too late is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.e2e import scene
from tests.e2e.acting import SESSION, SessionHands
from tests.e2e.sites import ASGI, Site, site
from tests.factories import events_of, publish_workflow, stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_site(made, tmp_path_factory, unblock) -> Iterator[Site]:
    """Under a server that tells pages of changes by itself."""
    with site(made, tmp_path_factory.mktemp("live"), unblock, scene.empty, ASGI) as served:
        yield served


@pytest.fixture(params=["live", "asking"])
def shared(request) -> Site:
    """Pages follow their session either way."""
    served: Site = request.getfixturevalue({"live": "live_site", "asking": "workshop"}[request.param])
    return served


@pytest.fixture
def flow_session(shared):
    """One with a stage to work on."""
    with shared.data():
        published = publish_workflow(stage("build", items=["compile"]), "test")
        return FlowSessionManager().create_session(published, "Gift cards")


def test_what_one_does_the_other_sees_and_keeps_what_they_wrote(shared, flow_session, open_page):
    first, second = (open_page(shared, "admin") for _reader in range(2))
    for browsing in (first, second):
        browsing.go(SESSION.format(flow_session.pk))
    ours, theirs = SessionHands(first), SessionHands(second)
    form = theirs.opened(theirs.itself, "Abort")
    form.locator("[name=reason]").fill("I think nobody")
    theirs.stage("Test")
    second.page.evaluate("window.isStillThere = true")
    ours.do(ours.itself, "Pause", reason="Waiting for the bank")
    ours.sees("Paused")
    theirs.sees("Paused")
    expect(second.page.locator(".vc-why")).to_contain_text("Waiting for the bank")
    assert second.page.evaluate("window.isStillThere")
    expect(form.locator("[name=reason]")).to_be_visible()
    expect(form.locator("[name=reason]")).to_have_value("I think nobody")
    expect(second.page.locator(".vc-rail > li", has_text="Test").locator("> details")).to_have_attribute("open", "")
    form.get_by_role("button", name="Abort", exact=True).click()
    theirs.sees("Aborted")
    ours.sees("Aborted")


def test_what_came_too_late_is_refused_and_changes_nothing(shared, flow_session, open_page):
    """The second page doesn't hear of the change before it sends."""
    first, second = (open_page(shared, "admin") for _reader in range(2))
    second.context.route("**/live/", lambda route: route.fulfill(status=204))
    second.context.route("**/version/", lambda route: route.fulfill(json={"version": 1}))
    for browsing in (first, second):
        browsing.go(SESSION.format(flow_session.pk))
    ours, theirs = SessionHands(first), SessionHands(second)
    ours.do(ours.itself, "Abort", reason="No budget")
    ours.sees("Aborted")
    with shared.data():
        before = len(events_of(flow_session.pk))
    theirs.do(theirs.itself, "Pause", reason="Lunch")
    theirs.sees("Aborted")
    theirs.is_told("aborted: pause is not possible")
    expect(second.page.locator(".messagelist .error")).to_be_visible()
    with shared.data():
        assert len(events_of(flow_session.pk)) == before
        assert FlowSession.objects.get(pk=flow_session.pk).status == "ABORTED"
