"""Who act at once: one wins, the others are told, and nothing is lost."""

import pytest

from sessions_app.actors import local_actor
from sessions_app.idempotency import Idempotency
from sessions_app.models import FlowSession, IdempotencyKey, SessionEvent, WorkflowVersion
from sessions_app.publishing import publish
from sessions_app.services import FlowSessionManager, switch_active_session
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, definition, event_types, new_session, publish_workflow, stage, stage_in
from tests.races.harness import Result, kinds, race

pytestmark = pytest.mark.usefixtures("database")

DONE, NEEDLESS = Result("done", True), Result("done", False)


def sessions(verb, *args, **options):
    """A call of the session manager that answers whether it changed anything."""

    def call():
        manager = FlowSessionManager()
        getattr(manager, verb)(*args, **options)
        return manager.outcome.changed

    return call


def stages(verb, *args, **options):
    """The same for stages."""

    def call():
        manager = StageInstanceManager()
        getattr(manager, verb)(*args, **options)
        return manager.outcome.changed

    return call


def test_thirty_two_that_pause_one_session_make_one_pause():
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    results = race(*[sessions("pause_session", flow_session.pk)] * 32)
    assert sorted(results) == [NEEDLESS] * 31 + [DONE]
    assert event_types(flow_session)[2:] == ["session.paused", "stage.paused"]
    assert_consistent(flow_session.pk)


def test_eight_that_tick_different_items_lose_none():
    items = [f"i{number}" for number in range(8)]
    building = stage_in("ACTIVE", new_session(stage("build", items=items)))
    assert race(*(stages("complete_item", building.pk, item) for item in items)) == [DONE] * 8
    assert StageInstance.objects.get(pk=building.pk).completed_items == items
    assert_consistent(building.session_id)


def test_eight_that_tick_one_item_tick_it_once():
    building = stage_in("ACTIVE", new_session(stage("build", items=["one"])))
    assert sorted(race(*[stages("complete_item", building.pk, "one")] * 8)) == [NEEDLESS] * 7 + [DONE]
    assert event_types(building.session_id).count("item.done") == 1


def test_eight_that_hand_in_or_note_different_things_lose_none():
    building = stage_in("ACTIVE", new_session("build", "test"))
    key = building.session_id
    calls = [stages("add_deliverables", building.pk, {f"d{number}": "x"}) for number in range(4)]
    calls += [sessions("update_session", key, {"context": {f"c{number}": "x"}}) for number in range(4)]
    calls += [stages("add_item", building.pk, "Same text") for _number in range(4)]
    assert race(*calls) == [DONE] * 12
    stored = StageInstance.objects.get(pk=building.pk)
    assert sorted(stored.deliverables) == [f"d{number}" for number in range(4)]
    assert sorted(stored.session.context) == [f"c{number}" for number in range(4)]
    assert [item.item_id for item in stored.items.all()] == ["same-text", *(f"same-text-{n}" for n in (2, 3, 4))]
    assert_consistent(key)


def test_completion_against_abortion_has_one_winner():
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    completing = sessions("complete_session", flow_session.pk, force=True, reason="enough")
    aborting = sessions("abort_session", flow_session.pk)
    results = race(*[completing, aborting] * 4)
    stored = FlowSession.objects.get(pk=flow_session.pk)
    won, lost = (0, 1) if stored.status == "COMPLETED" else (1, 0)
    assert sorted(results[won::2]) == [NEEDLESS] * 3 + [DONE]
    assert results[lost::2] == [Result("refused", "illegal-transition")] * 4
    assert_consistent(flow_session.pk)


def test_two_that_complete_the_last_two_stages_complete_the_session_once():
    for _round in range(5):
        flow_session = new_session("build", "test", parallel=True, id="wide")
        working = [stage_in("ACTIVE", flow_session, stage_id) for stage_id in ("build", "test")]
        assert race(*(stages("complete_instance", row.pk) for row in working)) == [DONE] * 2
        stored = FlowSession.objects.get(pk=flow_session.pk)
        assert (stored.status, stored.completed_stages) == ("COMPLETED", ["build", "test"])
        assert event_types(flow_session).count("session.completed") == 1
        assert_consistent(flow_session.pk)


def test_eight_that_run_one_stage_begin_it_once():
    flow_session = new_session("build", "test")
    assert sorted(race(*[stages("run_stage", flow_session.pk, "build")] * 8)) == [NEEDLESS] * 7 + [DONE]
    assert StageInstance.objects.filter(session_id=flow_session.pk).count() == 1
    assert_consistent(flow_session.pk)


def test_eight_that_retry_one_stage_make_one_attempt():
    flow_session = new_session("build", "test")
    stage_in("FAILED", flow_session)
    results = race(*[stages("perform", flow_session.pk, "build", "retry")] * 8)
    assert sorted(results) == [NEEDLESS] * 7 + [DONE]
    assert StageInstance.objects.filter(session_id=flow_session.pk).count() == 2
    assert_consistent(flow_session.pk)


def test_two_stages_of_a_sequential_workflow_do_not_begin_at_once():
    flow_session = new_session("build", "test")
    results = race(*(stages("run_stage", flow_session.pk, stage_id) for stage_id in ("build", "test") * 4))
    assert results.count(DONE) == 1
    assert results.count(NEEDLESS) == 3
    assert results.count(Result("refused", "another-stage-active")) == 4
    assert_consistent(flow_session.pk)


def test_one_key_makes_one_session_and_all_get_the_same_answer():
    publish_workflow("build")

    def create():
        key = Idempotency("one-key", "same", lambda result, outcome: {"id": result.pk, "version": outcome.version})
        return {"id": FlowSessionManager(idempotency=key).create_session("dev", "Keyed").pk, "version": 1}

    results = race(*[create] * 8)
    assert kinds(results) == ["answered"] * 7 + ["done"]
    assert len({tuple(sorted(result.value.items())) for result in results}) == 1
    assert FlowSession.objects.filter(name="Keyed").count() == 1
    assert IdempotencyKey.objects.count() == 1


def test_sessions_of_one_name_get_different_ids():
    publish_workflow("build")

    def create():
        return FlowSessionManager().create_session("dev", "Twin").pk

    results = race(*[create] * 16)
    assert kinds(results) == ["done"] * 16
    assert len({result.value for result in results}) == 16


def test_sessions_with_one_random_tail_do_not_share_it(monkeypatch):
    publish_workflow("build")
    monkeypatch.setattr("sessions_app.identifiers.secrets.choice", lambda alphabet: alphabet[0])

    def create():
        return FlowSessionManager().create_session("dev", "Collision").pk

    results = race(*[create] * 4)
    made = [result.value for result in results if result.kind == "done"]
    assert len(set(made)) == len(made) >= 1
    assert {result.value for result in results if result.kind != "done"} <= {"conflict"}
    assert set(FlowSession.objects.filter(name="Collision").values_list("pk", flat=True)) == set(made)


def test_eight_that_publish_the_same_make_one_version():
    def same():
        return publish(local_actor(), definition("build", id="fresh")).created

    assert sorted(race(*[same] * 8)) == [NEEDLESS] * 7 + [DONE]
    assert WorkflowVersion.objects.filter(workflow_id="fresh").count() == 1


def test_eight_that_publish_different_content_make_eight_versions():
    local = local_actor()
    calls = [lambda n=number: publish(local, definition(f"s{n}", id="busy")).version.number for number in range(8)]
    assert sorted(result.value for result in race(*calls)) == list(range(1, 9))


def test_deletion_against_work_leaves_no_orphans():
    flow_session = new_session("build", "test")
    building = stage_in("ACTIVE", flow_session)
    calls = [sessions("note_session", flow_session.pk, "hello"), stages("pause_instance", building.pk)] * 3
    results = race(*calls, sessions("delete_session", flow_session.pk))
    assert results[-1] == DONE
    assert set(results[:-1]) <= {DONE, NEEDLESS, Result("refused", "not-found")}
    assert not SessionEvent.objects.filter(session_id=flow_session.pk).exists()
    assert not StageInstance.objects.filter(session_id=flow_session.pk).exists()


def test_switching_at_once_ends_at_one_of_them():
    first, second = new_session(), new_session()
    local = local_actor()
    results = race(*[lambda key=row.pk: switch_active_session(key, local).pk for row in (first, second) * 4])
    assert kinds(results) == ["done"] * 8


def test_eight_that_come_first_make_one_local_user(monkeypatch):
    monkeypatch.setattr("sessions_app.actors.LOCAL_USERNAME", "newcomer")
    results = race(*[lambda: local_actor().user.pk] * 8)
    assert kinds(results) == ["done"] * 8
    assert len({result.value for result in results}) == 1


def test_many_changes_of_many_kinds_leave_a_log_without_gaps():
    flow_session = new_session("build", "test", parallel=True, id="wide")
    key = flow_session.pk

    def churn():
        manager = FlowSessionManager()
        for number in range(5):
            manager.note_session(key, f"note {number}")

    def toggle():
        for verb in ("pause_session", "resume_session") * 3:
            getattr(FlowSessionManager(), verb)(key)

    assert kinds(race(*[churn] * 4, *[toggle] * 4)) == ["done"] * 8
    assert event_types(key).count("session.noted") == 20
    assert_consistent(key)
