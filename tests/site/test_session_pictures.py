"""The graph and the timeline on a session's page: what they show, to whom, and at what cost."""

import html
import re

import pytest
from django.contrib.admin.utils import quote
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions_app.admin.event_panel import events_panel
from sessions_app.admin.graph_panel import graph_panel
from sessions_app.admin.panels import View
from sessions_app.admin.session_page import page_data
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.admin.timeline_panel import story_of, timeline_panel
from stages_app.services import StageInstanceManager
from tests.factories import actor, new_session, person, stage

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> \u202ecod.exe"


def section(client, flow_session, key):
    address = reverse("admin:sessions_app_flowsession_change", args=[quote(flow_session.pk)])
    text = client.get(address, headers={"accept-language": "en"}).text
    found = re.search(rf'<section[^>]*id="panel-{key}".*?</section>', text, re.DOTALL)
    assert found
    return html.unescape(found.group())


@pytest.fixture
def worked():
    """A session whose first stage failed and was begun anew."""
    flow_session = new_session(stage("build", name=HOSTILE), stage("test"), transitions=[("test", "build")])
    stages = StageInstanceManager(actor("ann", "cli"))
    stages.run_stage(flow_session.pk, "build")
    stages.perform(flow_session.pk, "build", "fail", reason=f"broken {HOSTILE}")
    stages.run_stage(flow_session.pk, "build")
    stages.perform(flow_session.pk, "build", "complete")
    stages.run_stage(flow_session.pk, "test")
    FlowSessionManager().pause_session(flow_session.pk, reason="lunch")
    return FlowSession.objects.get(pk=flow_session.pk)


def view_of(flow_session, who=None):
    who = who or actor("li")
    return View(RequestFactory().get("/"), who, flow_session, page_data(who, flow_session))


def test_graph_shows_the_way_in_a_picture_and_in_words(admin_client, worked):
    found = section(admin_client, worked, "graph")
    assert "→ 1, 2" in found
    assert "vcf-taken" in found
    assert re.findall(r'<li value="(\d)">', found) == ["1", "2", "3"]
    assert "<style" not in found
    assert "\u202e" not in found


def test_graph_of_a_session_that_has_not_begun_shows_its_stages(admin_client):
    flow_session = FlowSessionManager().create_session(new_session("build", "test").workflow_id, start=False)
    found = section(admin_client, flow_session, "graph")
    assert "No stage has begun yet." in found
    assert found.count("to do") >= 2
    assert 'vcf-taken"' not in found


def test_timeline_shows_each_attempt_and_links_its_events(admin_client, worked):
    found = section(admin_client, worked, "timeline")
    assert re.search(r"attempt 2", found)
    assert 'href="#event-' in found
    assert "style=" not in found
    assert "\u202e" not in found


def test_table_tells_the_times_of_each_attempt(worked):
    lines = timeline_panel(view_of(worked))["lines"]
    assert [(line["status"], line["end"] is None) for line in lines] == [
        ("FAILED", False), ("COMPLETED", False), ("PAUSED", True),
    ]  # fmt: skip
    assert all(line["spent"].total >= line["spent"].active for line in lines)


def test_story_is_read_once_for_all_panels(worked, django_assert_num_queries):
    view = view_of(worked)
    story = story_of(view)
    with django_assert_num_queries(0):
        assert story_of(view) is story
    assert len(story.events) == worked.version


def test_markup_is_text_everywhere(admin_client, worked):
    page = admin_client.get(reverse("admin:sessions_app_flowsession_change", args=[quote(worked.pk)]))
    assert "<script>alert(1)" not in page.text


def test_story_is_told_to_those_who_see_the_session(worked):
    stranger = person("stranger")
    view = View(RequestFactory().get("/"), stranger, worked, page_data(actor("li"), worked))
    assert story_of(view).events == []
    assert events_panel(view)["rows"] == []
    assert graph_panel(view)["steps"] == []


COSTS = {timeline_panel: 1, graph_panel: 1, events_panel: 1}


@pytest.mark.parametrize("panel", COSTS, ids=lambda panel: panel.__name__)
def test_panel_asks_as_often_of_a_long_session_as_of_a_short_one(panel):
    flow_session = new_session("build")
    stages = StageInstanceManager()
    stages.run_stage(flow_session.pk, "build")
    for count in (0, 5):
        for _number in range(count):
            stages.perform(flow_session.pk, "build", "fail", reason="no")
            stages.run_stage(flow_session.pk, "build")
            for number in range(10):
                FlowSessionManager().note_session(flow_session.pk, f"note {number}")
        view = view_of(FlowSession.objects.get(pk=flow_session.pk))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            panel(view)
        assert len(asked) == COSTS[panel]
