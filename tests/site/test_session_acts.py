"""What can be done to a session in the admin, one verb after the other."""

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app.admin.act_words import SESSION_WORDS
from sessions_app.machine import SESSION_RULES
from sessions_app.models import FlowSession, Tombstone
from sessions_app.services import FlowSessionManager
from tests.factories import assert_consistent, events_of, in_team, new_session, session_in, snapshot, stage, team, user
from tests.site.staff import last_event, messages_of, session_url, staff_client

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/flowsession/"
FROM = {verb: rule.sources[0] for verb, rule in SESSION_RULES.items()}


@pytest.fixture
def ann():
    return staff_client("ann", operates=["platform"])


@pytest.fixture
def root():
    return staff_client("root", is_superuser=True)


def shared(status="ACTIVE", **options):
    return (
        in_team(session_in(status, **options), "platform") if status not in ("COMPLETED", "ABORTED") else ended(status)
    )


def ended(status):
    flow_session = in_team(new_session(), "platform")
    manager = FlowSessionManager()
    if status == "COMPLETED":
        return manager.complete_session(flow_session.pk, force=True, reason="enough")
    return manager.abort_session(flow_session.pk)


def do_url(flow_session, verb):
    return reverse("admin:session-do", args=[quote(flow_session.pk), verb])


@pytest.mark.parametrize("verb", SESSION_RULES)
def test_verb_is_done_by_the_person_through_the_admin(ann, verb):
    flow_session = shared(FROM[verb])
    question = ann.get(do_url(flow_session, verb))
    assert SESSION_WORDS[verb].does in question.text
    form = {"reason": "so it is", "force": "on"}
    answer = ann.post(do_url(flow_session, verb), form)
    assert answer.headers["Location"] == session_url(flow_session)
    event = next(e for e in reversed(events_of(flow_session)) if e.type == SESSION_RULES[verb].event)
    assert (event.actor, event.door, event.reason) == ("ann", "admin", "so it is")
    assert FlowSession.objects.get().status == SESSION_RULES[verb].target
    assert_consistent(flow_session.pk)


def test_note_is_written_by_the_person_through_the_admin(ann):
    flow_session = shared()
    page = ann.post(do_url(flow_session, "note"), {"text": "two\nlines"}, follow=True)
    event = last_event(flow_session)
    assert (event.type, event.actor, event.door, event.reason) == ("session.noted", "ann", "admin", "two\nlines")
    assert messages_of(page) == "The note was added."
    assert "two<br>lines" in page.text


def test_update_changes_what_was_changed_alone(ann):
    user("ann")
    flow_session = in_team(new_session(name="Old"), "platform")
    FlowSessionManager().update_session(flow_session.pk, {"tags": ["a"], "context": {"kept": 1}})
    form = {"name": "New", "tags": "a\r\n\r\nb ", "key": "limits", "value": '{"most": 3}'}
    ann.post(do_url(flow_session, "update"), form)
    event = last_event(flow_session)
    assert (event.type, event.actor, event.door) == ("session.updated", "ann", "admin")
    stored = FlowSession.objects.get()
    assert (stored.name, stored.tags, stored.context) == ("New", ["a", "b"], {"kept": 1, "limits": {"most": 3}})
    assert set(event.changes) == {"name", "tags", "context"}


def test_update_that_changes_nothing_writes_nothing(ann):
    flow_session = shared()
    form = {"name": flow_session.name, "tags": "", "key": "", "value": ""}
    before = snapshot()
    page = ann.post(do_url(flow_session, "update"), form, follow=True)
    assert snapshot()["sessions_app.SessionEvent"] == before["sessions_app.SessionEvent"]
    assert "nothing to do" in messages_of(page)


def test_update_keeps_masked_secrets(ann):
    key = "ghp" + "_" + "a1B2" * 9
    flow_session = in_team(new_session(name=f"Use {key}"), "platform")
    page = ann.get(do_url(flow_session, "update"))
    assert key not in page.text
    shown = {each.name: each.value for each in page.context["act"].inputs}
    ann.post(do_url(flow_session, "update"), {**shown, "key": "branch", "value": "main"})
    stored = FlowSession.objects.get()
    assert (stored.name, stored.context) == (f"Use {key}", {"branch": "main"})


def test_owner_and_team_are_for_those_who_may_transfer(ann, root):
    flow_session = shared()
    user("bo")
    team("others")
    assert 'name="owner"' not in ann.get(do_url(flow_session, "update")).text
    ann.post(do_url(flow_session, "update"), {"owner": "bo", "team": "others"})
    assert FlowSession.objects.get().owner.username == "local"
    root.post(do_url(flow_session, "update"), {"name": flow_session.name, "owner": "bo", "team": ""})
    stored = FlowSession.objects.get()
    assert (stored.owner.username, stored.team) == ("bo", None)


def test_unknown_owner_is_asked_for_again(root):
    flow_session = shared()
    page = root.post(do_url(flow_session, "update"), {"owner": "nobody", "team": "platform"})
    assert "nobody" in messages_of(page)
    assert 'value="nobody"' in page.text


def test_value_without_json_is_a_text_and_none_removes_the_key(ann):
    flow_session = shared()
    ann.post(do_url(flow_session, "update"), {"key": "branch", "value": "feature/sso [1"})
    assert FlowSession.objects.get().context == {"branch": "feature/sso [1"}
    ann.post(do_url(flow_session, "update"), {"key": "branch", "value": " "})
    assert FlowSession.objects.get().context == {}


def test_session_is_deleted_when_its_id_is_typed(root):
    flow_session = shared()
    page = root.post(do_url(flow_session, "delete"), {"reason": "a mistake", "confirm": "yes"})
    assert "not the session's id" in messages_of(page)
    assert "a mistake" in page.text
    answer = root.post(do_url(flow_session, "delete"), {"reason": "a mistake", "confirm": flow_session.pk})
    assert answer.headers["Location"] == LIST
    tombstone = Tombstone.objects.get()
    assert (tombstone.actor, tombstone.door, tombstone.reason) == ("root", "admin", "a mistake")


def test_deletion_is_not_for_operators(ann):
    flow_session = shared()
    assert ann.get(do_url(flow_session, "delete")).headers["Location"] == session_url(flow_session)
    ann.post(do_url(flow_session, "delete"), {"reason": "so", "confirm": flow_session.pk})
    assert FlowSession.objects.filter(pk=flow_session.pk).exists()


def test_completion_with_open_stages_asks_to_be_forced(ann):
    flow_session = shared()
    page = ann.get(do_url(flow_session, "complete")).text
    assert "Required stages are still open: build, test." in page
    assert 'name="force"' in page
    refused = ann.post(do_url(flow_session, "complete"), {"reason": "so"}, follow=True)
    assert "still open" in messages_of(refused)
    assert FlowSession.objects.get().status == "ACTIVE"


def test_missing_reason_is_asked_for_again(ann):
    flow_session = shared()
    page = ann.post(do_url(flow_session, "fail"), {"reason": " "})
    assert page.status_code == 200
    assert "A reason is required" in messages_of(page)
    assert FlowSession.objects.get().status == "ACTIVE"


def test_refusal_of_a_request_by_htmx_leads_to_the_session(ann):
    flow_session = shared()
    answer = ann.post(do_url(flow_session, "fail"), {"reason": ""}, headers={"hx-request": "true"})
    assert answer.headers["Location"] == session_url(flow_session)


def test_second_of_two_browsers_is_told_that_it_is_so_already(ann, root):
    flow_session = shared()
    root.post(do_url(flow_session, "pause"), {"reason": "first"})
    page = ann.post(do_url(flow_session, "pause"), {"reason": "second"}, follow=True)
    assert "nothing to do" in messages_of(page)
    assert last_event(flow_session).reason == "first"


def test_second_of_two_browsers_is_refused_what_became_illegal(ann, root):
    flow_session = shared()
    root.post(do_url(flow_session, "abort"))
    page = ann.post(do_url(flow_session, "pause"), {"reason": "late"}, follow=True)
    assert "is aborted: pause is not possible" in messages_of(page)
    assert page.redirect_chain == [(session_url(flow_session), 302)]
    assert last_event(flow_session).type == "session.aborted"


def test_question_that_the_state_does_not_ask_leads_back(ann):
    flow_session = shared()
    page = ann.get(do_url(flow_session, "resume"), follow=True)
    assert "Resume is not possible now. Possible now: Pause, Complete," in messages_of(page)


@pytest.mark.parametrize("verb", SESSION_WORDS)
def test_viewer_is_refused_and_nothing_changes(verb):
    li = staff_client("li", watches=["platform"])
    flow_session = shared(FROM.get(verb, "ACTIVE"))
    before = events_of(flow_session)
    for answer in (
        li.get(do_url(flow_session, verb)),
        li.post(do_url(flow_session, verb), {"reason": "so", "text": "so"}),
    ):
        assert answer.headers["Location"] == session_url(flow_session)
    assert "a viewer" in messages_of(li.get(session_url(flow_session)))
    assert events_of(flow_session) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_is_told_that_there_is_no_such_session(method):
    zhao = staff_client("zhao", operates=["others"])
    flow_session = shared()
    page = getattr(zhao, method)(do_url(flow_session, "pause"), follow=True)
    assert page.redirect_chain == [(LIST, 302)]
    assert "There is no session" in messages_of(page)
    assert FlowSession.objects.get().status == "ACTIVE"


def test_unknown_verb_is_no_page(ann):
    assert ann.get(do_url(shared(), "explode")).status_code == 404


def test_staff_without_permission_is_kept_out(client):
    user("bo", is_staff=True)
    client.force_login(user("bo"))
    flow_session = new_session(stage("build"))
    assert client.get(do_url(flow_session, "pause")).status_code == 403
    assert client.post(do_url(flow_session, "pause")).status_code == 403
