"""Getting a stage going from wherever it stands; stages made beforehand, ad hoc, and depending on others."""

import pytest

from sessions_app.current import current_session, get_active_session
from sessions_app.exceptions import Conflict, GuardUnmet, IllegalTransition, InvalidInput, NotFound
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import (
    actor,
    assert_consistent,
    event_types,
    events_of,
    new_session,
    publish_workflow,
    session_in,
    snapshot,
    stage,
    stage_in,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "event", "attempt"),
    [
        (None, "stage.started", 1),
        ("PENDING", "stage.started", 1),
        ("PAUSED", "stage.resumed", 1),
        ("FAILED", "stage.retried", 2),
        ("COMPLETED", "stage.retried", 2),
        ("SKIPPED", "stage.retried", 2),
    ],
)
def test_run_gets_a_stage_going(state, event, attempt):
    flow_session = new_session("build", "test")
    stage_in(state, flow_session)
    running = StageInstanceManager().run_stage(flow_session.pk, "build", name="The build")
    assert (running.status, running.attempt, running.name) == ("ACTIVE", attempt, "The build")
    assert event_types(flow_session)[-1] == event
    assert_consistent(flow_session.pk)


def test_run_of_an_active_stage_says_so_and_makes_its_session_current():
    flow_session = new_session("build", "test")
    running = stage_in("ACTIVE", flow_session)
    other = FlowSessionManager().create_session("dev")
    version = FlowSession.objects.get(pk=flow_session.pk).version
    manager = StageInstanceManager()
    assert manager.run_stage(flow_session.pk, "build").pk == running.pk
    assert not manager.outcome.changed
    assert FlowSession.objects.get(pk=flow_session.pk).version == version
    assert get_active_session(environ={}).pk == flow_session.pk != other.pk


def test_run_is_refused_while_another_stage_is_active():
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session, "build")
    before = snapshot()
    with pytest.raises(Conflict) as caught:
        StageInstanceManager().run_stage(flow_session.pk, "test")
    assert (caught.value.code, caught.value.exit_status) == ("another-stage-active", 5)
    assert snapshot() == before


def test_run_starts_another_stage_while_one_is_paused():
    flow_session = new_session("build", "test")
    stage_in("PAUSED", flow_session, "build")
    assert StageInstanceManager().run_stage(flow_session.pk, "test").status == "ACTIVE"
    assert_consistent(flow_session.pk)


@pytest.mark.parametrize("state", ["PENDING", "PAUSED", "FAILED", "COMPLETED", "ABORTED"])
def test_run_in_a_session_that_is_not_active_is_refused(state):
    flow_session = session_in(state, "build", "test")
    before = snapshot()
    with pytest.raises(IllegalTransition) as caught:
        StageInstanceManager().run_stage(flow_session.pk, "build")
    assert caught.value.details["kind"] == "session"
    assert caught.value.details["status"] == state
    assert snapshot() == before


def test_run_in_a_new_session_makes_both_in_one_change():
    publish_workflow("build", "test")
    manager = StageInstanceManager()
    running = manager.run_in_new_session("dev", "test", name="User auth")
    flow_session = running.session
    assert (flow_session.name, running.name, running.stage_id) == ("User auth", "", "test")
    assert event_types(flow_session) == ["session.created", "stage.started"]
    assert [event.cause for event in events_of(flow_session)] == [None, 1]
    assert FlowSession.objects.get(pk=flow_session.pk).current_stage_id == "test"
    assert current_session(manager.actor) == flow_session
    assert_consistent(flow_session.pk)


def test_run_in_a_new_session_leaves_nothing_when_the_stage_is_refused():
    publish_workflow("build", stage("test", depends_on=["build"]))
    before = snapshot()
    with pytest.raises(GuardUnmet):
        StageInstanceManager().run_in_new_session("dev", "test")
    after = snapshot()
    after["auth.User"] = before["auth.User"]
    assert after == before


def test_unmet_dependency_blocks_a_start():
    flow_session = new_session("build", "lint", stage("test", depends_on=["build", "lint"]))
    stage_in("SKIPPED", flow_session, "lint")
    before = snapshot()
    with pytest.raises(GuardUnmet) as caught:
        StageInstanceManager().run_stage(flow_session.pk, "test")
    assert (caught.value.code, caught.value.exit_status) == ("dependencies-unmet", 7)
    assert caught.value.details["depends_on"] == ["build"]
    assert snapshot() == before
    stage_in("COMPLETED", flow_session, "build")
    assert StageInstanceManager().run_stage(flow_session.pk, "test").status == "ACTIVE"


def test_unmet_dependency_blocks_the_start_of_a_stage_made_beforehand():
    flow_session = new_session("build", stage("test", depends_on=["build"]))
    waiting = stage_in("PENDING", flow_session, "test")
    with pytest.raises(GuardUnmet):
        StageInstanceManager().start_instance(waiting.pk)


def test_forced_start_passes_over_dependencies_with_a_reason():
    flow_session = new_session("build", stage("test", depends_on=["build"]))
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().run_stage(flow_session.pk, "test", force=True)
    assert caught.value.code == "reason-required"
    StageInstanceManager().run_stage(flow_session.pk, "test", force=True, reason="in a hurry")
    event = events_of(flow_session)[-1]
    assert (event.type, event.level, event.reason) == ("stage.started", Level.WARNING, "in a hurry")


def test_order_and_transitions_do_not_block():
    flow_session = new_session("build", "test", "review", transitions=[("build", "test")])
    assert StageInstanceManager().run_stage(flow_session.pk, "review").status == "ACTIVE"


def test_run_of_an_unknown_stage_is_refused_unless_ad_hoc():
    flow_session = new_session("build")
    with pytest.raises(NotFound) as caught:
        StageInstanceManager().run_stage(flow_session.pk, "spike")
    assert caught.value.details["stages"] == ["build"]
    spike = StageInstanceManager().run_stage(flow_session.pk, "spike", ad_hoc=True)
    assert spike.is_ad_hoc
    assert StageInstanceManager().run_stage(flow_session.pk, "spike").pk == spike.pk
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert (stored.progress, stored.completed_stages) == (0, [])


def test_completed_ad_hoc_stage_counts_for_neither_progress_nor_completion():
    flow_session = new_session("build", "test")
    StageInstanceManager().run_stage(flow_session.pk, "spike", ad_hoc=True)
    StageInstanceManager().perform(flow_session.pk, "spike", "complete")
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert (stored.status, stored.progress, stored.completed_stages) == ("ACTIVE", 0, [])


@pytest.mark.parametrize("stage_id", ["", "Build", "a b", "-x", "x" * 65, "名", "a/b", None, 5, "a\n"])
def test_ad_hoc_stage_needs_a_slug(stage_id):
    flow_session = new_session("build")
    with pytest.raises(InvalidInput):
        StageInstanceManager().create_instance(flow_session.pk, stage_id)


def test_stage_made_beforehand_is_made_once():
    flow_session = new_session("build", "test")
    made = StageInstanceManager().create_instance(flow_session.pk, "build", "The build")
    assert (made.status, made.started_at, made.display_name) == ("PENDING", None, "The build")
    assert event_types(flow_session)[-1] == "stage.created"
    with pytest.raises(Conflict) as caught:
        StageInstanceManager().create_instance(flow_session.pk, "build")
    assert caught.value.code == "stage-exists"
    assert caught.value.details["stage_instance_id"] == made.pk


@pytest.mark.parametrize("state", ["COMPLETED", "ABORTED"])
def test_ended_session_takes_no_new_stage(state):
    flow_session = session_in(state, "build")
    with pytest.raises(IllegalTransition):
        StageInstanceManager().create_instance(flow_session.pk, "spike")


def test_actor_and_door_are_on_record():
    publish_workflow("build")
    running = StageInstanceManager(actor("lin", "api")).run_in_new_session("dev", "build")
    assert {(event.actor, event.door) for event in events_of(running.session_id)} == {("lin", "api")}
    assert StageInstance.objects.get(pk=running.pk).session.owner.username == "lin"


def test_current_stage_stays_when_another_one_is_skipped_or_done():
    flow_session = new_session("story", "build", "review", transitions=[("review", "build")])
    manager = StageInstanceManager()
    assert manager.perform(flow_session.pk, "review", "skip", reason="later").session.current_stage_id == "story"
    done = manager.perform(flow_session.pk, "build", "skip", reason="bought")
    assert done.session.current_stage_id == "story"


def test_way_back_is_no_better_than_the_order():
    flow_session = new_session("story", "build", "review", transitions=[("review", "build")])
    manager = StageInstanceManager()
    reviewed = manager.complete_instance(manager.run_stage(flow_session.pk, "review").pk)
    assert reviewed.session.current_stage_id == "story"


def test_rows_are_not_saved_or_deleted_by_hand():
    flow_session = new_session("build")
    stage_instance = StageInstanceManager().run_stage(flow_session.pk, "build")
    for row in (flow_session, stage_instance, flow_session.events.first()):
        with pytest.raises(TypeError, match="verbs"):
            row.save()
        with pytest.raises(TypeError, match="verbs"):
            row.delete()
