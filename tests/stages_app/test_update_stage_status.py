"""``update_stage_status``: the verb that leads to a status."""

import pytest

from sessions_app.exceptions import IllegalTransition, InvalidInput
from sessions_app.models import FlowSession
from stages_app.services import StageInstanceManager
from stages_app.states import StageStatus
from tests.factories import assert_consistent, event_types, new_session, snapshot, stage_in

pytestmark = pytest.mark.django_db

LEADS = {
    "ACTIVE": {"PENDING", "PAUSED", "FAILED", "COMPLETED", "SKIPPED"},
    "PAUSED": {"ACTIVE"},
    "COMPLETED": {"ACTIVE"},
    "FAILED": {"ACTIVE", "PAUSED"},
    "SKIPPED": {"PENDING", "ACTIVE", "PAUSED", "FAILED"},
}
PAIRS = [(state, target) for state in StageStatus.values for target in StageStatus.values if state != target]


@pytest.mark.parametrize(("state", "target"), PAIRS)
def test_status_is_reached_by_the_verb_that_leads_there_or_refused(state, target):
    stage_instance = stage_in(state, new_session("build", "test"))
    before = snapshot()
    manager = StageInstanceManager()
    metadata = {"reason": "because", "progress": 50}
    if state in LEADS.get(target, ()):
        answered = manager.update_stage_status(stage_instance.pk, StageStatus(target), metadata=metadata)
        assert answered.status == target
        assert manager.get_instance(answered.pk).metadata == metadata
        assert answered.attempt == (2 if (state in ("FAILED", "COMPLETED", "SKIPPED") and target == "ACTIVE") else 1)
        return
    with pytest.raises(IllegalTransition):
        manager.update_stage_status(stage_instance.pk, StageStatus(target), metadata=metadata)
    assert snapshot() == before


@pytest.mark.parametrize("state", StageStatus.values)
def test_status_that_holds_changes_nothing(state):
    stage_instance = stage_in(state, new_session("build", "test"))
    before = snapshot()
    manager = StageInstanceManager()
    manager.update_stage_status(stage_instance.pk, state.lower())
    assert snapshot() == before
    assert not manager.outcome.changed


def test_status_that_holds_takes_new_metadata():
    flow_session = new_session("build", "test")
    stage_instance = stage_in("ACTIVE", flow_session)
    StageInstanceManager().update_stage_status(stage_instance.pk, "ACTIVE", {"progress": 50})
    assert event_types(flow_session)[-1] == "stage.updated"
    assert FlowSession.objects.get(pk=flow_session.pk).version == 3


def test_status_that_holds_takes_no_metadata_in_an_ended_session():
    stage_instance = stage_in("ABORTED", new_session("build", "test"))
    before = snapshot()
    with pytest.raises(IllegalTransition) as caught:
        StageInstanceManager().update_stage_status(stage_instance.pk, "ABORTED", {"progress": 50})
    assert caught.value.details["kind"] == "session"
    assert snapshot() == before


def test_status_that_ends_the_session_takes_its_metadata_along():
    stage_instance = stage_in("ACTIVE", new_session("build"))
    done = StageInstanceManager().update_stage_status(stage_instance.pk, "COMPLETED", {"progress": 100})
    assert (done.metadata, done.session.status) == ({"progress": 100}, "COMPLETED")
    assert_consistent(done.session_id)


@pytest.mark.parametrize("metadata", [None, {}, {"reason": None}, {"reason": ""}])
def test_skipping_by_status_needs_a_reason_in_the_metadata(metadata):
    stage_instance = stage_in("ACTIVE", new_session("build", "test"))
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().update_stage_status(stage_instance.pk, "SKIPPED", metadata)
    assert caught.value.code == "reason-required"


@pytest.mark.parametrize("status", ["", "DONE", None, 5])
def test_unknown_status_is_refused_with_the_known_ones(status):
    stage_instance = stage_in("ACTIVE", new_session("build", "test"))
    with pytest.raises(InvalidInput) as caught:
        StageInstanceManager().update_stage_status(stage_instance.pk, status)
    assert "ABORTED" in caught.value.fix
