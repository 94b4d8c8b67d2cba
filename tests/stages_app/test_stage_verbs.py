"""The table of stage verbs in full: every verb in every state, by both ways in."""

import pytest

from sessions_app.exceptions import Conflict, IllegalTransition, InvalidInput, NotFound
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level
from stages_app.machine import STAGE_RULES, allowed_stage_verbs
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager, StageManager
from stages_app.states import StageStatus
from tests.factories import assert_consistent, events_of, new_session, snapshot, stage, stage_in

pytestmark = pytest.mark.django_db

STATES = list(StageStatus.values)

# Written down from the contract, on purpose not read from the code's own table.
EXPECTED = {
    "start": ({"PENDING"}, "ACTIVE", "stage.started", Level.INFO),
    "pause": ({"ACTIVE"}, "PAUSED", "stage.paused", Level.INFO),
    "resume": ({"PAUSED"}, "ACTIVE", "stage.resumed", Level.INFO),
    "complete": ({"ACTIVE"}, "COMPLETED", "stage.completed", Level.INFO),
    "fail": ({"ACTIVE", "PAUSED"}, "FAILED", "stage.failed", Level.ERROR),
    "retry": ({"FAILED", "COMPLETED", "SKIPPED"}, "ACTIVE", "stage.retried", Level.INFO),
    "skip": ({"PENDING", "ACTIVE", "PAUSED", "FAILED"}, "SKIPPED", "stage.skipped", Level.INFO),
}
TABLE = [(verb, state) for verb in EXPECTED for state in STATES]
LEGAL = [(verb, state) for verb, state in TABLE if state in EXPECTED[verb][0]]
HOLDING = [(verb, state) for verb, state in TABLE if state == EXPECTED[verb][1]]
ILLEGAL = [pair for pair in TABLE if pair not in LEGAL + HOLDING]


def by_id(stage_instance, verb, **options):
    manager = StageInstanceManager()
    return manager, getattr(manager, f"{verb}_instance")(stage_instance.pk, **options)


def by_reference(stage_instance, verb, **options):
    manager = StageInstanceManager()
    return manager, manager.perform(stage_instance.session_id, stage_instance.stage_id, verb, **options)


BOTH_WAYS = pytest.mark.parametrize("do", [by_id, by_reference])


def built(state):
    """The first of two stages in ``state``."""
    return stage_in(state, new_session("build", "test"))


def test_table_has_exactly_the_verbs_of_the_contract():
    assert set(STAGE_RULES) == {*EXPECTED, "abort"}
    assert {"PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "SKIPPED", "ABORTED"} == set(STATES)
    assert StageManager is StageInstanceManager


@BOTH_WAYS
@pytest.mark.parametrize(("verb", "state"), LEGAL)
def test_verb_leads_on_and_writes_its_event(do, verb, state):
    before = built(state)
    version = FlowSession.objects.get(pk=before.session_id).version

    manager, answered = do(before, verb, reason="because")

    _sources, target, event_type, level = EXPECTED[verb]
    stored = StageInstance.objects.get(pk=answered.pk)
    assert stored.status == answered.status == target
    event = events_of(before.session_id)[-1]
    assert (event.type, event.level, event.reason) == (event_type, level, "because")
    assert event.stage_instance_id == answered.pk
    assert event.changes["status"] == {"before": None if verb == "retry" else state, "after": target}
    assert manager.outcome.version == version + 1
    assert_consistent(before.session_id)


@BOTH_WAYS
@pytest.mark.parametrize(("verb", "state"), HOLDING)
def test_verb_whose_result_holds_changes_nothing(do, verb, state):
    stage_instance = built(state)
    before = snapshot()
    manager, answered = do(stage_instance, verb)
    assert snapshot() == before
    assert (answered.pk, answered.status) == (stage_instance.pk, state)
    assert not manager.outcome.changed


@BOTH_WAYS
@pytest.mark.parametrize(("verb", "state"), ILLEGAL)
def test_verb_from_a_wrong_state_is_refused_with_the_allowed_ones(do, verb, state):
    stage_instance = built(state)
    before = snapshot()
    with pytest.raises(IllegalTransition) as caught:
        do(stage_instance, verb, reason="because")
    allowed = [v for v in EXPECTED if state in EXPECTED[v][0]]
    details = caught.value.details
    assert (details["kind"], details["status"], details["verb"]) == ("stage", state, verb)
    assert details["allowed_actions"] == allowed
    assert details["stage_instance_id"] == stage_instance.pk
    assert (", ".join(allowed) or "it has ended") in caught.value.fix
    assert snapshot() == before


@pytest.mark.parametrize("verb", ["pause", "resume", "complete", "fail", "retry"])
def test_verb_on_a_stage_that_has_not_begun_is_refused(verb):
    flow_session = new_session("build", "test")
    before = snapshot()
    with pytest.raises(IllegalTransition) as caught:
        StageInstanceManager().perform(flow_session.pk, "build", verb)
    assert caught.value.details["allowed_actions"] == ["start", "skip"]
    assert caught.value.details["status"] is None
    assert "has not begun" in caught.value.message
    assert snapshot() == before


def test_stage_that_has_not_begun_starts_at_its_first_attempt():
    flow_session = new_session("build", "test")
    begun = StageInstanceManager().perform(flow_session.pk, "build", "start")
    assert (begun.pk, begun.status, begun.attempt) == (f"{flow_session.pk}.build.1", "ACTIVE", 1)
    assert begun.started_at == events_of(flow_session)[-1].created_at
    assert_consistent(flow_session.pk)


def test_stage_that_has_not_begun_is_skipped_with_a_row_and_one_event():
    flow_session = new_session("build", "test")
    skipped = StageInstanceManager().perform(flow_session.pk, "build", "skip", reason="not needed")
    assert StageInstance.objects.get(pk=skipped.pk).status == "SKIPPED"
    event = events_of(flow_session)[-1]
    assert (event.seq, event.type, event.reason) == (2, "stage.skipped", "not needed")
    assert event.changes["status"] == {"before": None, "after": "SKIPPED"}
    assert FlowSession.objects.get(pk=flow_session.pk).current_stage_id == "test"
    assert_consistent(flow_session.pk)


def test_skipping_a_stage_that_has_not_begun_needs_a_reason():
    flow_session = new_session("build", "test")
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().perform(flow_session.pk, "build", "skip")
    assert caught.value.code == "reason-required"
    assert not StageInstance.objects.exists()


@BOTH_WAYS
@pytest.mark.parametrize("state", ["PENDING", "ACTIVE", "PAUSED", "FAILED"])
def test_skipping_needs_a_reason(do, state):
    stage_instance = built(state)
    with pytest.raises(InvalidInput) as caught:
        do(stage_instance, "skip", reason=" ")
    assert caught.value.code == "reason-required"


@pytest.mark.parametrize("state", [None, *STATES])
def test_stage_is_aborted_only_with_its_session(state):
    flow_session = new_session("build", "test")
    stage_in(state, flow_session)
    before = snapshot()
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().perform(flow_session.pk, "build", "abort", reason="because")
    assert caught.value.code == "unknown-verb"
    assert snapshot() == before


def test_unknown_verb_is_refused_with_the_known_ones():
    flow_session = new_session("build")
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().perform(flow_session.pk, "build", "dance")
    assert all(verb in caught.value.fix for verb in EXPECTED)


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE", "PAUSED", "FAILED"])
def test_open_stage_is_aborted_with_its_session(state):
    stage_instance = built(state)
    FlowSessionManager().abort_session(stage_instance.session_id, reason="cancelled")
    first, second = events_of(stage_instance.session_id)[-2:]
    assert (first.type, second.type) == ("session.aborted", "stage.aborted")
    assert (second.cause, second.level, second.reason) == (first.seq, Level.WARNING, "cancelled")
    assert StageInstance.objects.get(pk=stage_instance.pk).status == "ABORTED"
    assert_consistent(stage_instance.session_id)


@pytest.mark.parametrize("state", ["COMPLETED", "SKIPPED"])
def test_done_stage_stays_done_when_its_session_is_aborted(state):
    stage_instance = built(state)
    FlowSessionManager().abort_session(stage_instance.session_id)
    assert StageInstance.objects.get(pk=stage_instance.pk).status == state


@BOTH_WAYS
@pytest.mark.parametrize(
    ("verb", "state", "session_verb", "session_state"),
    [
        ("start", "PENDING", "pause", "PAUSED"),
        ("complete", "PENDING", "fail", "FAILED"),
        ("resume", "PAUSED", "pause", "PAUSED"),
        ("retry", "FAILED", "pause", "PAUSED"),
        ("retry", "COMPLETED", "abort", "ABORTED"),
        ("skip", "FAILED", "fail", "FAILED"),
    ],
)
def test_verb_needs_an_active_session(do, verb, state, session_verb, session_state):
    stage_instance = built(state)
    getattr(FlowSessionManager(), f"{session_verb}_session")(stage_instance.session_id, reason="so")
    before = snapshot()
    with pytest.raises(IllegalTransition) as caught:
        do(stage_instance, verb, reason="because")
    assert caught.value.details["status"] in (session_state, stage_instance.status)
    assert snapshot() == before


@BOTH_WAYS
@pytest.mark.parametrize("verb", ["start", "retry", "resume"])
def test_one_stage_is_active_at_a_time_in_a_sequential_workflow(do, verb):
    flow_session = new_session("build", "test")
    waiting = stage_in({"start": "PENDING", "retry": "FAILED", "resume": "PAUSED"}[verb], flow_session, "test")
    stage_in("ACTIVE", flow_session, "build")
    with pytest.raises(Conflict) as caught:
        do(waiting, verb)
    assert caught.value.code == "another-stage-active"
    assert caught.value.details["stage_id"] == "build"
    assert caught.value.exit_status == 5


def test_several_stages_are_active_in_a_parallel_workflow():
    flow_session = new_session("build", "test", parallel=True)
    for stage_id in ("build", "test"):
        stage_in("ACTIVE", flow_session, stage_id)
    assert StageInstance.objects.filter(status="ACTIVE").count() == 2
    assert_consistent(flow_session.pk)


@BOTH_WAYS
@pytest.mark.parametrize(("verb", "options"), [("complete", {"force": True}), ("start", {"force": True})])
def test_forcing_needs_a_reason(do, verb, options):
    stage_instance = built("ACTIVE" if verb == "complete" else "PENDING")
    with pytest.raises(InvalidInput) as caught:
        do(stage_instance, verb, **options)
    assert caught.value.code == "reason-required"


@BOTH_WAYS
def test_forced_completion_passes_over_open_items_with_a_warning(do):
    flow_session = new_session(stage("build", items=["one"], deliverables=["report"]), "test")
    completed = do(stage_in("ACTIVE", flow_session), "complete", force=True, reason="late")[1]
    assert completed.status == "COMPLETED"
    assert events_of(flow_session)[-1].level == Level.WARNING


@BOTH_WAYS
def test_old_attempt_is_refused_with_the_newest(do):
    flow_session = new_session("build", "test")
    first = stage_in("FAILED", flow_session)
    second = StageInstanceManager().retry_instance(first.pk)
    StageInstanceManager().fail_instance(second.pk)
    if do is by_reference:
        assert do(first, "retry")[1].attempt == 3
        return
    with pytest.raises(Conflict) as caught:
        do(first, "retry")
    assert caught.value.code == "superseded"
    assert second.pk in caught.value.fix


@pytest.mark.parametrize("verb", EXPECTED)
def test_verb_on_an_unknown_instance_is_not_found(verb):
    options = {"reason": "because"}
    with pytest.raises(NotFound):
        getattr(StageInstanceManager(), f"{verb}_instance")("dev-x-2222.build.1", **options)


@pytest.mark.parametrize("state", STATES)
def test_allowed_verbs_are_those_that_a_person_may_ask(state):
    assert allowed_stage_verbs(state) == [v for v in EXPECTED if state in EXPECTED[v][0]]
