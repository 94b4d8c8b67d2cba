"""Stages follow their session: paused, failed and ended with it, and resumed when it is."""

import pytest

from sessions_app.exceptions import GuardUnmet
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, event_types, events_of, new_session, snapshot, stage, stage_in

pytestmark = pytest.mark.django_db

sessions = FlowSessionManager


def status_of(stage_instance):
    return StageInstance.objects.get(pk=stage_instance.pk).status


def states_of(flow_session):
    return FlowSession.objects.get(pk=flow_session.pk).stage_states


def test_failure_of_a_stage_leaves_its_session_active():
    flow_session = new_session("build", "test")
    stage_in("FAILED", flow_session)
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert (stored.status, stored.current_stage_id) == ("ACTIVE", "build")


def test_pause_takes_the_active_stage_along_and_resume_brings_it_back():
    flow_session = new_session("build", "test")
    working = stage_in("ACTIVE", flow_session)
    sessions().pause_session(flow_session.pk, reason="lunch")
    assert status_of(working) == "PAUSED"
    pause, stage_pause = events_of(flow_session)[-2:]
    assert (stage_pause.type, stage_pause.cause, stage_pause.reason) == ("stage.paused", pause.seq, "lunch")

    manager = sessions()
    manager.resume_session(flow_session.pk)
    assert status_of(working) == "ACTIVE"
    resume, stage_resume = events_of(flow_session)[-2:]
    assert (stage_resume.type, stage_resume.cause) == ("stage.resumed", resume.seq)
    assert manager.outcome.version == stage_resume.seq
    assert_consistent(flow_session.pk)


def test_resume_leaves_a_stage_paused_that_somebody_had_paused_before():
    flow_session = new_session("build", "test", "review", parallel=True)
    by_hand = stage_in("PAUSED", flow_session, "build")
    with_session = stage_in("ACTIVE", flow_session, "test")
    sessions().pause_session(flow_session.pk)
    sessions().resume_session(flow_session.pk)
    assert (status_of(by_hand), status_of(with_session)) == ("PAUSED", "ACTIVE")


def test_failure_fails_active_and_paused_stages_and_no_others():
    flow_session = new_session("build", "test", "review", "extra", parallel=True)
    for state, stage_id in (("ACTIVE", "build"), ("PAUSED", "test"), ("PENDING", "review"), ("COMPLETED", "extra")):
        stage_in(state, flow_session, stage_id)
    sessions().fail_session(flow_session.pk, reason="no power")
    assert states_of(flow_session) == {
        "build": "FAILED", "test": "FAILED", "review": "PENDING", "extra": "COMPLETED"
    }  # fmt: skip
    failed = [event for event in events_of(flow_session) if event.type == "stage.failed"]
    assert {(event.level, event.reason) for event in failed} == {(Level.ERROR, "no power")}


def test_resume_after_a_failure_makes_next_attempts_of_what_the_failure_failed():
    flow_session = new_session("build", "test", "review", parallel=True)
    alone = stage_in("FAILED", flow_session, "build")
    first = stage_in("ACTIVE", flow_session, "test")
    sessions().fail_session(flow_session.pk, reason="no power")
    sessions().resume_session(flow_session.pk)
    second = StageInstance.objects.get(session_id=flow_session.pk, stage_id="test", attempt=2)
    assert (status_of(alone), status_of(first), second.status) == ("FAILED", "FAILED", "ACTIVE")
    assert StageInstance.objects.filter(stage_id="build").count() == 1
    assert_consistent(flow_session.pk)


def test_resume_after_a_failure_reaches_the_stage_that_the_pause_had_paused():
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    sessions().pause_session(flow_session.pk)
    sessions().fail_session(flow_session.pk, reason="lost")
    sessions().resume_session(flow_session.pk)
    assert states_of(flow_session) == {"build": "ACTIVE"}
    assert_consistent(flow_session.pk)


def test_resume_after_a_failure_keeps_one_stage_active_in_a_sequential_workflow():
    flow_session = new_session("build", "test")
    stage_in("PAUSED", flow_session, "build")
    stage_in("ACTIVE", flow_session, "test")
    sessions().fail_session(flow_session.pk, reason="lost")
    sessions().resume_session(flow_session.pk)
    assert sorted(states_of(flow_session).values()) == ["ACTIVE", "PENDING"]
    assert_consistent(flow_session.pk)


def test_next_attempt_hands_on_name_assignment_configuration_and_added_items():
    flow_session = new_session("build", "test")
    stages = StageInstanceManager()
    first = stages.create_stage(flow_session.pk, "build", {"timeout": 60}, name="Build it")
    stages.start_instance(first.pk)
    stages.update_instance(first.pk, {"assignee": "local"})
    stages.add_item(first.pk, "Buy milk")
    stages.complete_item(first.pk, "buy-milk")
    stages.fail_instance(first.pk)
    second = stages.retry_instance(first.pk)
    assert (second.name, second.config, second.assignee.username) == ("Build it", {"timeout": 60}, "local")
    assert [(item.item_id, item.is_done, item.is_added) for item in second.items.all()] == [("buy-milk", False, True)]


def test_completion_skips_open_attempts_with_the_reason():
    flow_session = new_session("build", "test", "review", parallel=True)
    stage_in("ACTIVE", flow_session, "build")
    stage_in("PENDING", flow_session, "test")
    sessions().complete_session(flow_session.pk, force=True, reason="released anyway")
    assert states_of(flow_session) == {"build": "SKIPPED", "test": "SKIPPED"}
    skipped = [event for event in events_of(flow_session) if event.type == "stage.skipped"]
    assert [event.reason for event in skipped] == ["released anyway"] * 2
    assert len({event.cause for event in skipped}) == 1
    assert_consistent(flow_session.pk)


def test_completion_of_the_last_stage_completes_the_session():
    flow_session = new_session("build", "test")
    stage_in("COMPLETED", flow_session, "build")
    stage_in("COMPLETED", flow_session, "test")
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert (stored.status, stored.current_stage_id, stored.progress) == ("COMPLETED", "", 100)
    stage_event, session_event = events_of(flow_session)[-2:]
    assert (session_event.type, session_event.cause) == ("session.completed", stage_event.seq)
    assert (session_event.level, session_event.reason) == (Level.INFO, "")


def test_completion_by_itself_skips_the_stage_that_was_made_beforehand_and_says_why():
    flow_session = new_session("build", stage("extra", required=False))
    stage_in("PENDING", flow_session, "extra")
    stage_in("COMPLETED", flow_session, "build")
    skipped = events_of(flow_session)[-1]
    assert (skipped.type, skipped.reason) == ("stage.skipped", "the session was completed")
    assert states_of(flow_session)["extra"] == "SKIPPED"


@pytest.mark.parametrize("state", ["ACTIVE", "PAUSED"])
def test_session_does_not_complete_by_itself_while_a_stage_is_worked_on(state):
    flow_session = new_session("build", stage("extra", required=False), parallel=True)
    extra = stage_in(state, flow_session, "extra")
    stage_in("COMPLETED", flow_session, "build")
    assert sessions().get_session(flow_session.pk).status == "ACTIVE"
    StageInstanceManager().skip_instance(extra.pk, reason="not needed")
    assert sessions().get_session(flow_session.pk).status == "COMPLETED"


@pytest.mark.parametrize(("state", "held"), [("PENDING", True), ("ACTIVE", True), ("PAUSED", True), ("FAILED", False)])
def test_open_ad_hoc_stage_holds_completion_by_itself_back(state, held):
    flow_session = new_session("build", parallel=True)
    stages = StageInstanceManager()
    stages.create_instance(flow_session.pk, "spike")
    if state != "PENDING":
        stages.perform(flow_session.pk, "spike", "start")
    if state in ("PAUSED", "FAILED"):
        stages.perform(flow_session.pk, "spike", {"PAUSED": "pause", "FAILED": "fail"}[state])
    stage_in("COMPLETED", flow_session, "build")
    stored = sessions().get_session(flow_session.pk)
    assert stored.status == ("ACTIVE" if held else "COMPLETED")
    assert stored.progress == 100


def test_optional_stages_are_not_needed_unless_all_are_optional():
    one = new_session("build", stage("extra", required=False))
    stage_in("COMPLETED", one, "build")
    assert sessions().get_session(one.pk).status == "COMPLETED"

    all_optional = new_session(stage("build", required=False), stage("extra", required=False), id="loose")
    stage_in("COMPLETED", all_optional, "build")
    assert sessions().get_session(all_optional.pk).status == "ACTIVE"
    stage_in("SKIPPED", all_optional, "extra")
    assert sessions().get_session(all_optional.pk).status == "COMPLETED"


def test_retry_takes_a_stage_out_of_the_completed_ones_and_warns():
    flow_session = new_session("build", "test", "review")
    first = stage_in("COMPLETED", flow_session, "build")
    stage_in("COMPLETED", flow_session, "test")
    manager = StageInstanceManager()
    manager.retry_instance(first.pk)
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert stored.completed_stages == ["test"]
    assert stored.stage_states == {"build": "ACTIVE", "test": "COMPLETED"}
    assert stored.current_stage_id == "build"
    assert len(manager.outcome.warnings) == 1
    assert "build" in manager.outcome.warnings[0]


def test_unforced_completion_is_refused_with_the_open_stages():
    flow_session = new_session("build", "test")
    stage_in("COMPLETED", flow_session, "build")
    before = snapshot()
    with pytest.raises(GuardUnmet) as caught:
        sessions().complete_session(flow_session.pk, reason="a reason alone doesn't force")
    assert (caught.value.code, caught.value.exit_status) == ("stages-open", 7)
    assert caught.value.details["open_stages"] == ["test"]
    assert snapshot() == before


def test_reopened_session_keeps_its_stages_and_is_at_the_next_one():
    flow_session = new_session("build", "test")
    stage_in("COMPLETED", flow_session, "build")
    sessions().complete_session(flow_session.pk, force=True, reason="enough")
    reopened = sessions().reopen_session(flow_session.pk, reason="more to do")
    assert (reopened.status, reopened.current_stage_id) == ("ACTIVE", "test")
    assert reopened.stage_states == {"build": "COMPLETED"}
    assert event_types(flow_session)[-1] == "session.reopened"


def test_next_stage_becomes_the_current_one_by_transition_then_by_order():
    flow_session = new_session("build", "test", "review", transitions=[("build", "review")])
    stage_in("COMPLETED", flow_session, "build")
    assert sessions().get_session(flow_session.pk).current_stage_id == "review"
    stage_in("SKIPPED", flow_session, "review")
    assert sessions().get_session(flow_session.pk).current_stage_id == "test"


def test_current_stage_stays_with_the_one_that_is_worked_on():
    flow_session = new_session("build", "test", "review", parallel=True)
    first = stage_in("ACTIVE", flow_session, "build")
    stage_in("ACTIVE", flow_session, "test")
    StageInstanceManager().complete_instance(first.pk)
    assert sessions().get_session(flow_session.pk).current_stage_id == "test"
