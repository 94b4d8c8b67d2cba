"""A session's page in the admin: why it stands where it stands, what it waits for, its stages, notes and data."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from sessions_app import language
from sessions_app.machine import SESSION_RULES
from sessions_app.models import SessionEvent
from sessions_app.services import FlowSessionManager
from stages_app.admin.act_words import STAGE_WORDS
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import in_team, new_session, session_in, stage, stage_in, user
from tests.site.staff import messages_of, session_url, staff_client

pytestmark = pytest.mark.django_db

_TAGS = re.compile(r"<[^>]+>")
QUERIES = 22
"""Of the whole page for somebody with a team: who they are and may see, the session, and what each panel knows."""

_FORMS_OF_THE_FRAME = 2
"""The language, and to log out."""


@pytest.fixture
def ann():
    return staff_client("ann", operates=["platform"])


@pytest.fixture
def li():
    return staff_client("li", watches=["platform"])


def text_of(page):
    """What can be read on a page, on one line."""
    return " ".join(html.unescape(_TAGS.sub(" ", page.text)).split())


def read(client, flow_session):
    return text_of(client.get(session_url(flow_session)))


@pytest.mark.parametrize(
    ("status", "verb"), [("ACTIVE", "pause"), ("ACTIVE", "fail"), ("ACTIVE", "abort"), ("PAUSED", "resume")]
)
def test_head_says_who_led_the_session_here_and_why(ann, status, verb):
    flow_session = in_team(session_in(status), "platform")
    ann.post(f"/admin/sessions_app/flowsession/{flow_session.pk}/do/{verb}/", {"reason": "so it is"})
    SessionEvent.objects.filter(type=SESSION_RULES[verb].event).update(submitted_by="robot")
    told = read(ann, flow_session)
    name = SESSION_RULES[verb].event.replace(".", " ").capitalize()
    assert f"{name} · just now · ann (admin; submitted by robot): so it is" in told


def test_head_tells_the_facts(ann):
    flow_session = in_team(new_session(name="用户认证"), "platform")
    FlowSessionManager().update_session(flow_session.pk, {"tags": ["security", "\u202eQ3"]})
    told = read(ann, flow_session)
    for fact in ("用户认证 ▶ Active", "Workflow Development dev v1", "Owner local", "Team platform", "Progress 0%"):
        assert fact in told
    assert "Tags security \\u202eQ3" in told


def test_active_session_says_what_it_waits_for_and_from_whom(ann):
    flow_session = in_team(new_session(stage("build", items=["a", "b"], timeout=3600)), "platform")
    assert "Build ○ to do · Assigned to nobody Begin the stage build" in read(ann, flow_session)
    made = stage_in("ACTIVE", flow_session)
    StageInstanceManager().update_instance(made.pk, {"assignee": "ann"})
    assert "Build ▶ in progress not overdue · Assigned to ann Tick the next of 2 open items (Do a)" in read(
        ann, flow_session
    )
    StageInstance.objects.update(started_at=made.started_at - timedelta(hours=2))
    assert "Build ▶ in progress ⚠ overdue" in read(ann, flow_session)


@pytest.mark.parametrize(
    ("status", "waits"),
    [("PENDING", "Start the session"), ("PAUSED", "Resume the session"), ("FAILED", "Try again what failed")],
)
def test_open_session_that_is_not_active_waits_for_its_verb(ann, status, waits):
    assert waits in read(ann, in_team(session_in(status), "platform"))


@pytest.mark.parametrize("status", ["COMPLETED", "ABORTED"])
def test_session_that_has_ended_waits_for_nothing(admin_client, status):
    assert 'id="panel-now"' not in admin_client.get(session_url(session_in(status))).text


def test_legal_verbs_alone_are_offered(ann):
    flow_session = in_team(session_in("PAUSED"), "platform")
    page = ann.get(session_url(flow_session)).text
    offered = re.findall(r'id="act-session-(\w+)"', page)
    assert offered == ["resume", "fail", "abort", "note"]


def test_who_may_only_look_sees_no_form(li):
    flow_session = in_team(new_session(stage("build", items=["a"], deliverables=["spec"])), "platform")
    stage_in("ACTIVE", flow_session)
    page = li.get(session_url(flow_session))
    assert page.text.count("<form") == _FORMS_OF_THE_FRAME
    assert "/do/" not in page.text
    assert "You may look at this session, not work on it." in page.text
    assert "Do a" in page.text


def test_stages_stand_in_their_order_with_the_current_one_open(ann):
    flow_session = in_team(new_session(stage("build", items=["a"]), "test", stage("ship", required=False)), "platform")
    StageInstanceManager().skip_instance(stage_in("PENDING", flow_session).pk, reason="nothing to build")
    page = ann.get(session_url(flow_session)).text
    assert re.findall(r'<li id="stage-(\w+)"', page) == ["build", "test", "ship"]
    assert re.findall(r'<details id="stage-(\w+)-body" data-state="now" open>', page) == ["test"]
    told = read(ann, flow_session)
    assert "Build » skipped items 0/1" in told
    assert "Reason: nothing to build" in told


def test_earlier_attempts_are_folded_with_their_reasons(ann):
    flow_session = in_team(new_session(), "platform")
    stages = StageInstanceManager()
    stages.fail_instance(stage_in("ACTIVE", flow_session).pk, reason="it broke")
    stages.retry_instance(StageInstance.objects.get().pk)
    told = read(ann, flow_session)
    assert "Build ▶ in progress attempt 2" in told
    assert "Earlier attempts (1) attempt 1 ✕ failed" in told
    assert "it broke" in told


def test_time_worked_does_not_count_pauses(ann):
    flow_session = in_team(new_session(), "platform")
    stages = StageInstanceManager()
    made = stage_in("ACTIVE", flow_session)
    stages.pause_instance(made.pk)
    moved = {"session.created": 200, "session.updated": 200, "stage.started": 185, "stage.paused": 60}
    for kind, minutes in moved.items():
        SessionEvent.objects.filter(type=kind).update(created_at=F("created_at") - timedelta(minutes=minutes))
    assert "Worked on for 2 h 5 min Paused for 1 h" in read(ann, flow_session)


def test_notes_are_shown_newest_first_and_bounded(ann):
    flow_session = in_team(new_session(), "platform")
    for number in range(21):
        FlowSessionManager().note_session(flow_session.pk, f"note {number}")
    page = ann.get(session_url(flow_session)).text
    assert re.findall(r'<p class="told">note (\d+)</p>', page) == [str(number) for number in range(20, 0, -1)]
    assert "Older notes (17)" in page
    assert "Still older ones are among the events." in page


def test_viewer_of_a_session_without_notes_is_shown_none(li):
    flow_session = in_team(new_session(), "platform")
    assert 'id="panel-notes"' not in li.get(session_url(flow_session)).text


def test_who_may_write_the_first_note_is_asked_for_it(ann):
    assert "No notes yet." in read(ann, in_team(new_session(), "platform"))


def test_context_is_a_tree_without_secrets(ann):
    flow_session = in_team(new_session(), "platform")
    FlowSessionManager().update_session(
        flow_session.pk, {"context": {"issue": {"number": 17}, "password": "hunter-two"}}
    )
    page = ann.get(session_url(flow_session))
    assert "issue {1} number 17" in text_of(page)
    assert "hunter-two" not in page.text


def test_unknown_session_leads_to_the_list(ann):
    for key in ("nobody-knows-it", "a\x01b"):
        page = ann.get(f"/admin/sessions_app/flowsession/{key}/change/", follow=True)
        assert page.redirect_chain == [("/admin/sessions_app/flowsession/", 302)]
        assert "There is no session" in messages_of(page)


def test_page_itself_takes_no_form(admin_client):
    assert admin_client.post(session_url(new_session()), {"status": "COMPLETED"}).status_code == 403


def test_who_may_not_look_at_stages_sees_none_of_them(ann):
    watching = user("ann")
    watching.user_permissions.remove(*watching.user_permissions.filter(content_type__app_label="stages_app"))
    page = ann.get(session_url(in_team(new_session(), "platform"))).text
    assert 'id="panel-stages"' not in page
    assert 'id="panel-now"' not in page


@pytest.mark.parametrize("code", language.SUPPORTED)
def test_page_speaks_the_readers_language(ann, code):
    flow_session = in_team(new_session(stage("build", name={"zh-hans": "开发", "en": "Build it"})), "platform")
    stage_in("ACTIVE", flow_session)
    told = text_of(ann.get(session_url(flow_session), headers={"accept-language": code}))
    does = STAGE_WORDS["pause"].does
    assert (does in told) is (code == "en")
    assert {"en": "Build it ▶ in progress", "zh-hans": "开发 ▶ 进行中"}[code] in told


def count_queries(client, flow_session):
    client.get(session_url(flow_session))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(session_url(flow_session)).status_code == 200
    return len(queries)


def test_page_takes_as_many_queries_for_eight_stages_as_for_one(ann):
    small = in_team(new_session("build"), "platform")
    large = in_team(new_session(*[stage(f"s{n}", items=["a", "b", "c"]) for n in range(8)], id="large"), "platform")
    stages = StageInstanceManager()
    for number in range(7):
        made = stages.run_stage(large.pk, f"s{number}")
        stages.complete_item(made.pk, "a", "b", "c")
        stages.complete_instance(made.pk)
    stages.retry_instance(made.pk)
    stages.assign_stage(large.pk, "s7", "ann")
    FlowSessionManager().note_session(large.pk, "so")
    assert (count_queries(ann, small), count_queries(ann, large)) == (QUERIES, QUERIES)
