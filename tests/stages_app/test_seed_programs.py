"""The programs that the design documents promise, with Django's imports in place of their own."""

import pytest

from sessions_app.models import FlowSession
from sessions_app.services import (
    FlowSessionManager,
    get_active_session,
    get_session_progress,
    switch_active_session,
)
from sessions_app.states import SessionStatus
from stages_app.services import StageInstanceManager, StageManager
from stages_app.states import StageStatus
from tests.factories import publish_workflow, stage

pytestmark = pytest.mark.django_db


def test_sample_program_of_the_second_document_runs_as_written():
    publish_workflow("task", "review", id="workflow-id")

    session_manager = FlowSessionManager()
    stage_manager = StageManager()

    flow_session = session_manager.create_session(workflow_id="workflow-id", name="会话名称", metadata={"key": "value"})
    stage = stage_manager.create_stage(session_id=flow_session.id, stage_type="task", config={"timeout": 3600})
    stage_manager.update_stage_status(stage.id, StageStatus.ACTIVE, metadata={"progress": 50})
    progress = session_manager.get_session_progress(flow_session.id)

    assert flow_session.id.startswith("workflow-id-flow-")
    assert (flow_session.status, flow_session.metadata) == (SessionStatus.ACTIVE, {"key": "value"})
    working = stage_manager.get_instance(stage.id)
    assert (working.status, working.metadata, working.timeout) == (StageStatus.ACTIVE, {"progress": 50}, 3600)
    assert (progress["progress"], progress["current_stage_id"]) == (0, "task")
    assert progress["remaining"] == ["task", "review"]


def test_methods_of_the_first_document_do_what_they_say(monkeypatch):
    monkeypatch.delenv("VCFLOW_SESSION", raising=False)
    publish_workflow("story", stage("coding", deliverables=["code"]), "review")
    sessions = FlowSessionManager()
    stages = StageInstanceManager()

    first = sessions.create_session("dev", name="First")
    second = sessions.create_session("dev")
    assert {row.id for row in sessions.list_sessions(status="ACTIVE", workflow_id="dev")} == {first.id, second.id}
    assert get_active_session() == second
    switch_active_session(first.id)
    assert get_active_session() == first

    sessions.update_session(first.id, {"name": "Renamed", "context": {"branch": "main"}})
    assert sessions.get_session(first.id).name == "Renamed"

    story = stages.create_instance(first.id, "story", name="Tell it")
    stages.start_instance(story.id)
    stages.complete_instance(story.id)
    sessions.pause_session(first.id)
    sessions.resume_session(first.id)
    coding = stages.create_instance(first.id, "coding")
    stages.start_instance(coding.id)
    stages.update_instance(coding.id, {"context": {"file": "auth.py"}})
    stages.complete_instance(coding.id, deliverables={"code": "auth.py"})
    progress = get_session_progress(first.id)
    assert (progress["completed"], progress["remaining"], progress["progress"]) == (["story", "coding"], ["review"], 66)
    assert [row.stage_id for row in stages.list_instances(session_id=first.id, status="COMPLETED")] == [
        "coding",
        "story",
    ]
    assert stages.get_instance(coding.id).deliverables == {"code": "auth.py"}

    sessions.complete_session(first.id, force=True, reason="review elsewhere")
    sessions.abort_session(second.id)
    assert sessions.get_session(first.id).status == SessionStatus.COMPLETED
    assert sessions.get_session(second.id).status == SessionStatus.ABORTED
    sessions.delete_session(second.id)
    assert [row.id for row in FlowSession.objects.all()] == [first.id]
