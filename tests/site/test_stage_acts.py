"""What can be done to a stage in the admin: each verb, items, deliverables, and the pages of stages."""

import re

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app.services import FlowSessionManager
from stages_app.admin.act_words import STAGE_WORDS
from stages_app.machine import STAGE_RULES
from stages_app.models import StageInstance, StageItem
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, events_of, in_team, new_session, stage, stage_in, user
from tests.site.staff import last_event, messages_of, session_url, staff_client

pytestmark = pytest.mark.django_db

FROM = {"start": "PENDING", "pause": "ACTIVE", "resume": "PAUSED", "complete": "ACTIVE", "fail": "ACTIVE"}
FROM |= {"retry": "FAILED", "skip": "ACTIVE"}
LIST = "/admin/sessions_app/flowsession/"


@pytest.fixture
def ann():
    return staff_client("ann", operates=["platform"])


def shared(*stages, **options):
    return in_team(new_session(*stages, **options), "platform")


def do_url(stage_instance, verb):
    return reverse("admin:stage-do", args=[quote(stage_instance.pk), verb])


def unbegun_url(flow_session, stage_id, verb):
    return reverse(f"admin:stage-unbegun-{verb}", args=[quote(flow_session.pk), quote(stage_id)])


def write_url(stage_instance, what):
    return reverse(f"admin:stage-{what}", args=[quote(stage_instance.pk)])


def place(flow_session, stage_id="build"):
    return f"{session_url(flow_session)}#stage-{stage_id}"


@pytest.mark.parametrize("verb", FROM)
def test_verb_is_done_by_the_person_through_the_admin(ann, verb):
    flow_session = shared()
    made = stage_in(FROM[verb], flow_session)
    assert STAGE_WORDS[verb].does in ann.get(do_url(made, verb)).text
    answer = ann.post(do_url(made, verb), {"reason": "so it is"})
    assert answer.headers["Location"] == place(flow_session)
    event = next(e for e in reversed(events_of(flow_session)) if e.type == STAGE_RULES[verb].event)
    assert (event.actor, event.door, event.reason) == ("ann", "admin", "so it is")
    assert StageInstance.objects.latest("attempt").status == STAGE_RULES[verb].target
    assert_consistent(flow_session.pk)


def test_every_verb_of_a_person_is_tested():
    assert {*FROM, "assign", "take"} == STAGE_WORDS.keys()  # taking: see test_leases


@pytest.mark.parametrize(("verb", "status"), [("start", "ACTIVE"), ("skip", "SKIPPED")])
def test_stage_that_has_not_begun_is_begun_or_skipped(ann, verb, status):
    flow_session = shared()
    assert STAGE_WORDS[verb].does in ann.get(unbegun_url(flow_session, "build", verb)).text
    answer = ann.post(unbegun_url(flow_session, "build", verb), {"reason": "so"})
    assert answer.headers["Location"] == place(flow_session)
    event = events_of(flow_session)[2]
    assert (event.type, event.actor, event.door) == (STAGE_RULES[verb].event, "ann", "admin")
    assert StageInstance.objects.get().status == status


def test_dependencies_are_told_and_can_be_passed_over_with_a_reason(ann):
    flow_session = shared("build", stage("test", depends_on=["build"]))
    address = unbegun_url(flow_session, "test", "start")
    page = ann.get(address).text
    assert "It depends on build." in page
    assert "depends on build" in messages_of(ann.post(address, {"reason": "so"}, follow=True))
    assert not StageInstance.objects.exists()
    ann.post(address, {"reason": "in a hurry", "force": "on"})
    assert (last_event(flow_session).type, last_event(flow_session).reason) == ("stage.started", "in a hurry")


def test_what_is_open_is_told_and_can_be_passed_over_with_a_reason(ann):
    flow_session = shared(stage("build", items=["a", "b?"], deliverables=["spec"]))
    made = stage_in("ACTIVE", flow_session)
    assert "Still open: items 1, deliverables 1." in ann.get(do_url(made, "complete")).text
    assert "is not finished" in messages_of(ann.post(do_url(made, "complete"), {"reason": "so"}, follow=True))
    ann.post(do_url(made, "complete"), {"reason": "enough", "force": "on"})
    assert StageInstance.objects.get().status == "COMPLETED"


@pytest.mark.parametrize("status", [None, "ACTIVE"])
def test_stage_is_assigned_and_given_back(ann, status):
    flow_session = shared()
    made = stage_in(status, flow_session)
    address = do_url(made, "assign") if made else unbegun_url(flow_session, "build", "assign")
    assert '<option value="ann">' in ann.get(address).text
    page = ann.post(address, {"assignee": " ann "}, follow=True)
    assert "is ann's now" in messages_of(page)
    event = last_event(flow_session)
    assert (event.type, event.actor, event.door) == ("stage.assigned", "ann", "admin")
    ann.post(do_url(StageInstance.objects.get(), "assign"), {"assignee": ""})
    assert StageInstance.objects.get().assignee is None


def test_who_can_not_work_on_it_is_refused_and_asked_for_again(ann):
    user("bo")
    flow_session = shared()
    made = stage_in("ACTIVE", flow_session)
    for name in ("bo", "nobody"):
        page = ann.post(do_url(made, "assign"), {"assignee": name})
        assert name in messages_of(page)
        assert f'value="{name}"' in page.text
    assert StageInstance.objects.get().assignee is None


def test_item_is_ticked_and_opened_again_by_the_person(ann):
    flow_session = shared(stage("build", items=["a", "b"]))
    made = stage_in("ACTIVE", flow_session)
    assert 'name="done" value="a" aria-pressed="false"' in ann.get(session_url(flow_session)).text
    answer = ann.post(write_url(made, "items"), {"done": "a"})
    assert answer.headers["Location"] == place(flow_session)
    event = last_event(flow_session)
    assert (event.type, event.actor, event.door) == ("item.done", "ann", "admin")
    assert 'name="open" value="a" aria-pressed="true"' in ann.get(session_url(flow_session)).text
    ann.post(write_url(made, "items"), {"open": "a"})
    assert last_event(flow_session).type == "item.reopened"
    assert not StageItem.objects.filter(is_done=True).exists()


def test_item_that_both_tick_is_ticked_once(ann):
    flow_session = shared(stage("build", items=["a"]))
    made = stage_in("ACTIVE", flow_session)
    StageInstanceManager().complete_item(made.pk, "a")
    page = ann.post(write_url(made, "items"), {"done": "a"}, follow=True)
    assert "nothing to do" in messages_of(page)
    assert StageItem.objects.get().done_by == "local"


@pytest.mark.parametrize("is_required", [True, False])
def test_item_is_added_by_the_person(ann, is_required):
    flow_session = shared()
    made = stage_in("ACTIVE", flow_session)
    ann.post(write_url(made, "items"), {"add": "one more", **({"required": "on"} if is_required else {})})
    item = StageItem.objects.get()
    assert (item.text, item.is_required, item.is_added) == ("one more", is_required, True)
    assert (last_event(flow_session).type, last_event(flow_session).door) == ("item.added", "admin")


def test_deliverable_is_handed_in_by_the_person(ann):
    flow_session = shared(stage("build", deliverables=["spec", "plan?"]))
    made = stage_in("ACTIVE", flow_session)
    page = ann.get(session_url(flow_session)).text
    assert '<option value="spec">Spec</option><option value="plan">Plan</option>' in page
    ann.post(write_url(made, "deliverables"), {"name": "spec", "value": " https://wiki.example.com/1 "})
    event = last_event(flow_session)
    assert (event.type, event.actor, event.door) == ("deliverable.added", "ann", "admin")
    page = ann.get(session_url(flow_session)).text
    assert 'href="https://wiki.example.com/1" rel="noopener noreferrer nofollow"' in page
    assert '<option value="plan">Plan</option><option value="spec">Spec</option>' in page


@pytest.mark.parametrize("value", ["javascript:alert(1)", "https://a.example/ b", "https://a.example/\u202e"])
def test_deliverable_that_is_no_address_on_the_web_is_no_link(ann, value):
    flow_session = shared(stage("build", deliverables=["spec"]))
    StageInstanceManager().add_deliverables(stage_in("ACTIVE", flow_session).pk, {"spec": value})
    page = ann.get(session_url(flow_session)).text
    assert "noreferrer" not in page
    assert "\u202e" not in page


def test_stage_without_a_list_takes_any_deliverable(ann):
    flow_session = shared()
    made = stage_in("ACTIVE", flow_session)
    ann.post(write_url(made, "deliverables"), {"name": "report", "value": "docs/report.md"})
    assert StageInstance.objects.get().deliverables == {"report": "docs/report.md"}


@pytest.mark.parametrize("what", ["items", "deliverables"])
def test_address_that_only_writes_leads_to_the_stage(ann, what):
    flow_session = shared()
    assert ann.get(write_url(stage_in("ACTIVE", flow_session), what)).headers["Location"] == place(flow_session)


def test_late_click_is_refused_and_changes_nothing(ann):
    flow_session = shared(stage("build", items=["a"]))
    made = stage_in("ACTIVE", flow_session)
    FlowSessionManager().pause_session(flow_session.pk)
    before = events_of(flow_session)
    for address, form in (
        (do_url(made, "complete"), {"reason": "late"}),
        (write_url(made, "items"), {"done": "a"}),
        (write_url(made, "deliverables"), {"name": "a", "value": "b"}),
        (unbegun_url(flow_session, "build", "start"), {}),
    ):
        page = ann.post(address, form, follow=True)
        assert re.search(r"is paused|is on hold", messages_of(page))
        assert page.redirect_chain == [(place(flow_session), 302)]
    assert events_of(flow_session) == before


def test_click_on_an_old_attempt_is_refused(ann):
    flow_session = shared()
    old = stage_in("FAILED", flow_session)
    StageInstanceManager().retry_instance(old.pk)
    page = ann.post(do_url(old, "retry"), {}, follow=True)
    assert "is an old attempt" in messages_of(page)


def test_verb_that_the_state_does_not_lead_on_by_is_not_asked_for(ann):
    flow_session = shared()
    made = stage_in("ACTIVE", flow_session)
    page = ann.get(do_url(made, "resume"), follow=True)
    assert "Resume is not possible now. Possible now: Pause, Complete," in messages_of(page)


def test_second_active_stage_is_offered_in_parallel_workflows_alone(ann):
    one, many = shared(), shared(id="many", parallel=True)
    for flow_session in (one, many):
        stage_in("ACTIVE", flow_session)
    assert unbegun_url(one, "test", "start") not in ann.get(session_url(one)).text
    assert unbegun_url(many, "test", "start") in ann.get(session_url(many)).text


def test_viewer_is_refused_and_nothing_changes():
    li = staff_client("li", watches=["platform"])
    flow_session = shared(stage("build", items=["a"]))
    made = stage_in("ACTIVE", flow_session)
    before = events_of(flow_session)
    for verb in STAGE_WORDS:
        for answer in (li.get(do_url(made, verb)), li.post(do_url(made, verb), {"reason": "so"})):
            assert answer.headers["Location"] == place(flow_session)
    li.post(write_url(made, "items"), {"done": "a"})
    li.post(write_url(made, "deliverables"), {"name": "a", "value": "b"})
    assert events_of(flow_session) == before


def test_stranger_is_told_that_there_is_no_such_stage():
    zhao = staff_client("zhao", operates=["others"])
    flow_session = shared(stage("build", items=["a"]))
    made = stage_in("ACTIVE", flow_session)
    before = events_of(flow_session)
    addresses = [do_url(made, "pause"), write_url(made, "items"), unbegun_url(flow_session, "build", "start")]
    for page in [
        zhao.get(addresses[0], follow=True),
        *(zhao.post(each, {"done": "a"}, follow=True) for each in addresses),
    ]:
        assert page.redirect_chain == [(LIST, 302)]
        assert "There is no" in messages_of(page)
    assert events_of(flow_session) == before


def test_unknown_stage_and_verb_are_no_pages(ann):
    flow_session = shared()
    assert ann.get(do_url(stage_in("ACTIVE", flow_session), "abort")).status_code == 404
    page = ann.get(unbegun_url(flow_session, "nowhere", "start"), follow=True)
    assert "has no stage nowhere" in messages_of(page)


def test_attempts_page_shows_it_and_leads_to_its_session(ann):
    flow_session = shared(stage("build", items=["a"], deliverables=["spec"]))
    made = stage_in("ACTIVE", flow_session)
    StageInstanceManager().update_instance(made.pk, {"assignee": "ann", "config": {"timeout": 3600}})
    page = ann.get(reverse("admin:stages_app_stageinstance_change", args=[quote(made.pk)])).text
    assert f'href="{place(flow_session)}"' in page
    for text in ("Do a", "ann", "timeout", "in progress"):
        assert text in page


def test_list_of_stages_takes_as_many_queries_at_one_row_as_at_three(ann, django_assert_num_queries):
    address = reverse("admin:stages_app_stageinstance_changelist")
    stage_in("ACTIVE", shared())
    ann.get(address)
    with django_assert_num_queries(8):
        ann.get(address)
    for _ in range(2):
        StageInstanceManager().assign_stage(shared().pk, "build", "ann")
    with django_assert_num_queries(8):
        ann.get(address)


def test_list_of_stages_is_narrowed_by_state_and_id(ann):
    address = reverse("admin:stages_app_stageinstance_changelist")
    assert "No stage has begun yet." in ann.get(address).text
    one, two = stage_in("ACTIVE", shared()), stage_in("PAUSED", shared())
    for query, found in (
        ({"q": "", "status__exact": ""}, {one, two}),
        ({"status__exact": "PAUSED"}, {two}),
        ({"q": one.session_id}, {one}),
        ({"q": "nowhere"}, set()),
    ):
        page = ann.get(address, query)
        assert set(page.context["cl"].result_list) == found
    assert "No stage fits." in page.text
