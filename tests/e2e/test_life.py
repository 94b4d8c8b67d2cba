"""The whole life of a session, by clicks alone, and the core of it by the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from sessions_app.models import FlowSession, SessionEvent, Tombstone
from sessions_app.services import FlowSessionManager
from tests.e2e.acting import SESSION, SessionHands
from tests.factories import publish_workflow, stage

pytestmark = pytest.mark.browser

WORKFLOW = """vcflow: 1
id: bake
name: Baking
stages:
  - id: mix
    name: Mixing
    checklist:
      - {id: flour, text: Weigh the flour}
      - {id: salt, text: Add salt}
    deliverables:
      - {id: dough, name: Dough}
  - id: rest
    name: Resting
  - id: bake
    name: Baking
    depends_on: [mix]
"""


@pytest.fixture
def clicking(workshop, open_page):
    """The administrator's window on the workshop."""
    return open_page(workshop, "admin")


def test_a_workflow_is_imported_and_a_session_lives_and_ends(clicking, workshop, tmp_path):
    file = tmp_path / "bake.yaml"
    file.write_text(WORKFLOW)
    page = clicking.go("/admin/")
    _import(page, str(file))
    session_id = _start(page, "Sunday's bread")
    hands = SessionHands(clicking)
    _work(hands)
    _end(hands)
    with workshop.data():
        events = SessionEvent.objects.filter(session=session_id)
        assert {(event.door, event.actor) for event in events} == {("admin", "admin")}
        told = [event.type for event in events.order_by("seq")]
    assert told.count("session.completed") == 2
    for kind in ("session.paused", "session.reopened", "session.noted", "stage.skipped", "stage.retried", "item.added"):
        assert kind in told
    _see_events(page, session_id, len(told))


def test_a_session_is_aborted_and_deleted_after_being_asked(clicking, workshop):
    with workshop.data():
        session_id = FlowSessionManager().create_session(publish_workflow("build"), "Voice search").pk
    page = clicking.go(SESSION.format(session_id))
    hands = SessionHands(clicking)
    hands.do(hands.itself, "Abort", reason="No budget")
    hands.sees("Aborted")
    page.get_by_role("link", name="Delete…").click()
    form = page.locator("form", has=page.get_by_role("button", name="Delete", exact=True))
    form.locator("[name=reason]").fill("Made by mistake")
    form.locator("[name=confirm]").fill("another-id")
    form.get_by_role("button", name="Delete", exact=True).click()
    with workshop.data():
        assert FlowSession.objects.filter(pk=session_id).exists()
    page.locator("[name=confirm]").fill(session_id)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url("**/flowsession/")
    expect(page.locator(".messagelist")).to_contain_text(session_id)
    with workshop.data():
        assert not FlowSession.objects.filter(pk=session_id).exists()
        buried = Tombstone.objects.get(pk=session_id)
    assert (buried.actor, buried.reason) == ("admin", "Made by mistake")


def test_work_goes_on_by_the_keyboard_alone(clicking, workshop):
    with workshop.data():
        flow_session = FlowSessionManager().create_session(publish_workflow(stage("build", items=["compile"])), "Keys")
    page = clicking.go(SESSION.format(flow_session.pk))
    hands = SessionHands(clicking)
    _tab_to(page, "Skip to main content")
    _tab_to(page, "Begin…")
    page.keyboard.press("Enter")
    _tab_to(page, "Begin")
    page.keyboard.press("Enter")
    hands.sees_stage("Build", "in progress")
    _tab_to(page, "Do compile")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Do compile")).to_have_attribute("aria-pressed", "true")
    _tab_to(page, "Pause…", within="#session header")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("details.vc-act[open]")).to_have_count(0)
    assert _focused(page) == "Pause…"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Lunch")
    _tab_to(page, "Pause")
    page.keyboard.press("Enter")
    hands.sees("Paused")
    expect(page.locator(".vc-why")).to_contain_text("Lunch")
    _tab_to(page, "Resume…")
    page.keyboard.press("Enter")
    _tab_to(page, "Resume")
    page.keyboard.press("Enter")
    hands.sees("Active")


def _import(page: Page, file: str) -> None:
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Workflows").click()
    page.get_by_role("link", name=re.compile("^Import")).first.click()
    page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    for name in ("Mixing", "Resting", "Baking"):
        expect(page.locator("#content")).to_contain_text(name)
    page.get_by_role("button", name="Import this").click()
    expect(page.locator(".messagelist")).to_be_visible()


def _start(page: Page, name: str) -> str:
    """The id of the new session, whose page is open then."""
    page.goto(page.url.partition("/admin/")[0] + "/admin/sessions_app/workflowdefinition/")
    page.get_by_role("link", name="Baking", exact=True).first.click()
    page.locator("summary", has_text="Start a session").click()
    page.locator("#start-name").fill(name)
    page.locator("details[open]").get_by_role("button", name="Start a session").click()
    page.wait_for_url("**/flowsession/*/change/")
    expect(page.locator("#session h1")).to_contain_text(name)
    return page.url.rstrip("/").split("/")[-2]


def _work(hands: SessionHands) -> None:
    hands.do(hands.stage("Mixing"), "Begin")
    hands.sees_stage("Mixing", "in progress")
    hands.tick("Mixing", "Weigh the flour")
    hands.do(hands.stage("Mixing"), "Add an item", add="Sieve it twice")
    expect(hands.stage("Mixing")).to_contain_text("Sieve it twice")
    hands.do(hands.stage("Mixing"), "Hand in", name="dough", value="bowl 3")
    expect(hands.stage("Mixing")).to_contain_text("bowl 3")
    hands.do(hands.itself, "Pause", reason="The doorbell")
    hands.sees("Paused")
    expect(hands.page.locator(".vc-why")).to_contain_text("The doorbell")
    hands.do(hands.itself, "Resume")
    hands.sees("Active")
    hands.do(hands.stage("Mixing"), "Mark as failed", reason="No salt in the house")
    hands.sees_stage("Mixing", "failed")
    hands.do(hands.stage("Mixing"), "Try again")
    hands.sees_stage("Mixing", "in progress")
    for item in ("Weigh the flour", "Add salt", "Sieve it twice"):
        hands.tick("Mixing", item)
    hands.do(hands.stage("Mixing"), "Hand in", name="dough", value="bowl 4")
    expect(hands.stage("Mixing")).to_contain_text("bowl 4")
    hands.do(hands.stage("Mixing"), "Complete")
    hands.sees_stage("Mixing", "done")
    hands.do(hands.stage("Resting"), "Skip", reason="Rye needs none")
    hands.sees_stage("Resting", "skipped")


def _end(hands: SessionHands) -> None:
    notes = hands.page.locator("#panel-notes")
    hands.do(notes, "Add a note", text="The oven runs hot")
    expect(notes).to_contain_text("The oven runs hot")
    hands.do(hands.stage("Baking"), "Begin")
    hands.do(hands.stage("Baking"), "Complete")
    hands.sees_stage("Baking", "done")
    hands.sees("Completed")
    hands.do(hands.itself, "Reopen", reason="The crust is pale")
    hands.sees("Active")
    hands.do(hands.itself, "Complete")
    hands.sees("Completed")


def _see_events(page: Page, session_id: str, count: int) -> None:
    page.locator("#panel-events").get_by_role("link", name="All of them as a list").click()
    page.wait_for_url("**/sessionevent/**")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(count)
    expect(rows.first).to_contain_text("admin")
    rows.first.get_by_role("link").first.click()
    expect(page.locator("#content")).to_contain_text("admin")


def _focused(page: Page) -> str:
    told: str = page.evaluate(
        "(node => (node.innerText || node.value || '').trim().replace(/\\s+/g, ' '))(document.activeElement)"
    )
    return told


def _tab_to(page: Page, name: str, *, within: str = "body") -> None:
    """Press Tab until the focus is on what says so."""
    is_within = f"document.activeElement.closest({within!r}) !== null"
    seen = []
    for _press in range(120):
        page.keyboard.press("Tab")
        seen.append(_focused(page))
        if seen[-1].removeprefix("✓ ") == name and page.evaluate(is_within):
            return
    raise AssertionError(f"{name} is not among {seen}")
