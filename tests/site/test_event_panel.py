"""What a session's page shows of its events: the newest, who and why, before and after, and those before them."""

import html
import re

import pytest
from django.test import RequestFactory
from django.urls import reverse

from sessions_app.admin.event_panel import EVENTS_SHOWN, Page, asked_page, event_address
from sessions_app.admin.panels import View
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import actor, new_session, stage

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> \u202ecod.exe"


def panel(client, flow_session, query=""):
    address = reverse("admin:sessions_app_flowsession_change", args=[flow_session.pk.replace("_", "_5F")])
    text = client.get(f"{address}?{query}", headers={"accept-language": "en"}).text
    found = re.search(r'<section[^>]*id="panel-events".*?</section>', text, re.DOTALL)
    assert found
    return html.unescape(found.group())


def numbers(text):
    return [int(number) for number in re.findall(r'id="event-(\d+)"', text)]


@pytest.fixture
def noted(admin_client):
    flow_session = new_session(stage("build", items=["a"]))
    for number in range(EVENTS_SHOWN + 5):
        FlowSessionManager().note_session(flow_session.pk, f"note {number}")
    return flow_session


def test_newest_events_come_first_and_the_older_ones_by_their_number(admin_client, noted):
    newest = EVENTS_SHOWN + 6
    first = panel(admin_client, noted)
    assert numbers(first) == list(range(newest, newest - EVENTS_SHOWN, -1))
    assert f"({newest})" in first
    older = re.findall(r'href="\?(events=before:\d+)#panel-events"', first)
    assert numbers(panel(admin_client, noted, older[0])) == [6, 5, 4, 3, 2, 1]


def test_page_begins_with_the_event_that_was_asked_for(admin_client, noted):
    view = View(RequestFactory().get("/"), actor("li"), noted)
    noted.refresh_from_db()
    assert event_address(view, noted.version) == f"#event-{noted.version}"
    address = event_address(view, 3)
    assert address == "?events=before:4#event-3"
    assert numbers(panel(admin_client, noted, "events=before:4")) == [3, 2, 1]
    elsewhere = View(RequestFactory().get("/", {"level": "WARNING"}), actor("li"), noted)
    assert event_address(elsewhere, noted.version).startswith(f"?events=before:{noted.version + 1}#")


@pytest.mark.parametrize("query", ["events=before:x", "events=before:-1", "events=before:99999999999", "level=LOUD"])
def test_address_that_says_nothing_shows_the_newest(rf, query):
    assert asked_page(rf.get(f"/?{query}")) == Page()


def test_level_narrows_the_events_and_says_so(admin_client):
    flow_session = new_session(stage("build", items=["a"]))
    build = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().complete_item(build.pk, "a")
    assert "Nothing happened at this level" in panel(admin_client, flow_session, "level=WARNING")
    FlowSessionManager().fail_session(flow_session.pk, reason="the disk is full")
    assert numbers(panel(admin_client, flow_session)) == [5, 4, 3, 2, 1]
    assert numbers(panel(admin_client, flow_session, "level=INFO")) == [5, 4, 2, 1]
    found = panel(admin_client, flow_session, "level=WARNING")
    assert numbers(found) == [5, 4]
    assert re.search(r'href="\?level=WARNING#panel-events" aria-current="true"', found)


def test_event_tells_who_why_and_what_followed(admin_client):
    flow_session = new_session("build")
    StageInstanceManager(actor("ann", "cli")).run_stage(flow_session.pk, "build")
    FlowSessionManager(actor("ann", "cli")).pause_session(flow_session.pk, reason=f"tired {HOSTILE}")
    found = panel(admin_client, flow_session)
    assert found.count("tired ") == 2
    assert "\u202e" not in found
    assert "\\u202ecod.exe" in found
    assert "Active → Paused" in found
    assert "in progress → on hold" in found
    assert 'follows from <a href="#event-3">#3</a>' in found
    assert '<span class="told">ann</span> (cli)' in found


def test_markup_in_a_reason_is_text(admin_client):
    flow_session = new_session("build")
    FlowSessionManager().note_session(flow_session.pk, HOSTILE)
    page = admin_client.get(reverse("admin:sessions_app_flowsession_change", args=[flow_session.pk]))
    assert "<script>alert(1)" not in page.text


def test_changes_show_before_and_after_and_hide_secrets(admin_client):
    flow_session = new_session("build")
    FlowSessionManager().update_session(flow_session.pk, {"name": "Second name"})
    FlowSessionManager().update_session(flow_session.pk, {"context": {"password": "hunter2-hunter2", "size": [1, 2]}})
    found = panel(admin_client, flow_session)
    assert re.search(r"name</span>.*?→.*?Second name", found, re.DOTALL)
    assert "hunter2" not in found
    assert "Before and after" in found


def test_items_are_told_by_their_texts(admin_client):
    flow_session = new_session(stage("build", items=["a"]))
    build = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().complete_item(build.pk, "a")
    assert "Do a" in panel(admin_client, flow_session)


def test_list_of_all_events_is_that_of_the_session(admin_client):
    flow_session, other = new_session("build"), FlowSessionManager().create_session("dev")
    address = re.search(r'href="([^"]*sessionevent/[^"]*)"', panel(admin_client, flow_session))
    assert address
    page = admin_client.get(address.group(1))
    assert page.status_code == 200
    assert flow_session.pk in page.text
    assert other.pk not in page.text
