"""Restoring against what others do at the same moment: one after the other, and nothing in between."""

import pytest

from sessions_app.capturing import capture_kept
from sessions_app.models import FlowSession, Savepoint
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, event_types, new_session, stage
from tests.races.harness import Result, kinds, race

pytestmark = pytest.mark.usefixtures("database")

DONE, NEEDLESS = Result("done", True), Result("done", False)


def restoring(savepoint):
    """A call that answers whether it changed anything."""

    def call():
        manager = SavepointManager()
        manager.restore_savepoint(savepoint.pk)
        return manager.outcome.changed

    return call


@pytest.fixture
def kept():
    """A savepoint of a session that went on since."""
    flow_session = new_session(stage("build", items=["one"]), "test")
    build = StageInstanceManager().run_stage(flow_session.pk, "build")
    made = SavepointManager().create_savepoint(flow_session.pk)
    StageInstanceManager().complete_item(build.pk, "one")
    StageInstanceManager().complete_instance(build.pk)
    StageInstanceManager().run_stage(flow_session.pk, "test")
    return made


def test_eight_that_restore_one_savepoint_restore_it_once(kept):
    assert sorted(race(*[restoring(kept)] * 8)) == [NEEDLESS] * 7 + [DONE]
    assert event_types(kept.session_id).count("session.restored") == 1
    assert Savepoint.objects.filter(session=kept.session_id, verb="restore").count() == 1
    assert capture_kept(FlowSession.objects.get(pk=kept.session_id)) == Savepoint.objects.get(pk=kept.pk).state
    assert_consistent(kept.session_id)


def test_two_that_restore_different_savepoints_end_at_one_of_them(kept):
    other = SavepointManager().create_savepoint(kept.session_id)
    StageInstanceManager().fail_instance(f"{kept.session_id}.test.1", reason="red")
    assert kinds(race(restoring(kept), restoring(other))) == ["done"] * 2
    states = [Savepoint.objects.get(pk=each.pk).state for each in (kept, other)]
    assert capture_kept(FlowSession.objects.get(pk=kept.session_id)) in states
    assert_consistent(kept.session_id)


def test_restoring_against_work_leaves_no_attempt_of_both(kept):
    def completing():
        StageInstanceManager().complete_instance(f"{kept.session_id}.test.1")

    def noting():
        FlowSessionManager().note_session(kept.session_id, "meanwhile")

    def forking():
        return SavepointManager().fork_savepoint(kept.pk).pk

    results = race(restoring(kept), completing, noting, forking)
    assert (results[0], results[2].kind, results[3].kind) == (DONE, "done", "done")
    assert results[1].kind == "done" or results[1] == Result("refused", "not-found")
    assert capture_kept(FlowSession.objects.get(pk=kept.session_id)) == Savepoint.objects.get(pk=kept.pk).state
    assert_consistent(kept.session_id)
    assert_consistent(results[3].value)
