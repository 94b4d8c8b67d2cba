"""Who holds a stage, as the pages of the admin show it."""

from dataclasses import replace

import pytest
from django.urls import reverse

from sessions_app.definitions.schema import Lease
from sessions_app.models import WorkflowVersion
from tests.factories import in_team, new_session, stage, stage_in
from tests.site.staff import last_event, session_url, staff_client
from tests.site.test_session_page import read, text_of
from tests.stages_app.test_leases import claimed, run_out

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


def test_session_page_tells_who_holds_a_stage_and_until_when():
    ann = staff_client("ann", operates=["platform"])
    building = stage_in("ACTIVE", in_team(new_session("build", "test"), "platform"))
    page = f"/admin/stages_app/stageinstance/{building.pk}/change/"
    assert "Claimed by" not in read(ann, building.session)
    claimed(building, holder="<b>agent 7</b>")
    assert "Claimed by <b>agent 7</b> until" in read(ann, building.session)
    assert "Claimed by <b>agent 7</b> until" in text_of(ann.get(page))
    run_out(building, 7200)
    assert "Claimed by <b>agent 7</b> ⚠ time ran out 2 h ago" in read(ann, building.session)
    assert "time ran out" in text_of(ann.get(page))


def test_what_somebody_does_to_a_stage_that_another_holds_is_refused_in_words():
    ann = staff_client("ann", operates=["platform"])
    building = stage_in("ACTIVE", in_team(new_session("build", "test"), "platform"))
    claimed(building, "bob", holder="agent 7")
    answer = ann.post(f"/admin/stages_app/stageinstance/{building.pk}/do/pause/", {"reason": ""}, follow=True)
    assert "agent 7 holds the stage build" in text_of(answer)


def test_workflow_page_tells_how_long_claims_last(admin_client):
    new_session(replace(stage("build"), lease=Lease(7200, "pause")), "test")
    version = WorkflowVersion.objects.get(workflow="dev").pk
    told = text_of(
        admin_client.get(reverse("admin:sessions_app_workflowversion_change", args=[version]), headers=ENGLISH)
    )
    assert "Claims last 2 h After a lost claim: the stage is paused" in told


def test_stage_that_somebody_holds_has_no_buttons_but_to_take_it_over():
    ann = staff_client("ann", operates=["platform"])
    flow_session = in_team(new_session(stage("build", items=["one"]), "test"), "platform")
    building = stage_in("ACTIVE", flow_session)
    claimed(building, "bob", holder="agent 7")
    page = ann.get(session_url(flow_session)).text
    of_stage = f"/admin/stages_app/stageinstance/{building.pk}/"
    assert f"{of_stage}do/take/" in page
    for offered in ("do/pause/", "do/complete/", "do/fail/", "do/skip/", "do/assign/", "items/", "deliverables/"):
        assert of_stage + offered not in page
    assert "nobody else can write to the stage until then" in page
    assert "Agent 7 holds the stage build until" in text_of(ann.get(session_url(flow_session)))
    assert "不能写入该阶段" in ann.get(session_url(flow_session), headers={"accept-language": "zh-hans"}).text

    address = f"{of_stage}do/take/"
    assert "reason is required" in text_of(ann.post(address, {"reason": ""}, follow=True))
    told = text_of(ann.post(address, {"reason": "gone home"}, follow=True))
    assert "Nobody holds the stage build any more." in told
    event = last_event(flow_session)
    assert (event.type, event.actor, event.reason) == ("stage.released", "ann", "gone home")
    assert f"{of_stage}do/pause/" in ann.get(session_url(flow_session)).text


def test_watchers_are_not_offered_to_take_a_stage_over():
    watcher = staff_client("eve", watches=["platform"])
    building = stage_in("ACTIVE", in_team(new_session("build", "test"), "platform"))
    claimed(building, holder="agent 7")
    page = watcher.get(session_url(building.session)).text
    assert "do/take/" not in page
    assert "agent 7" in page
