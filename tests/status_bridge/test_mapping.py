"""A session as the status system sees it."""

from __future__ import annotations

import pytest

from sessions_app.actors import local_actor
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.exceptions import InvalidInput, NotFound
from sessions_app.publishing import publish
from sessions_app.services import FlowSessionManager
from sessions_app.states import SessionStatus
from stages_app.services import StageInstanceManager
from status_bridge.mapping import SESSION_STATUS_MAPPING, map_session_to_status


@pytest.fixture
def workflow_id(db):
    stages = tuple(StageDefinition(id=name, name=name, order=place) for place, name in enumerate("abc", 1))
    publish(local_actor(), Definition(id="trio", name="Trio", stages=stages))
    return "trio"


def mapping(**changed):
    facts = {
        "id": "trio-x-2345",
        "name": "x",
        "status": "ACTIVE",
        "created_at": "2023-06-15T10:30:00Z",
        "updated_at": "2023-06-15T14:45:00Z",
        "workflow_id": "trio",
        "current_stage_id": "b",
        "completed_stages": ["a"],
    }
    return facts | changed


def test_mapping_is_one_to_one_and_covers_every_status():
    assert set(SESSION_STATUS_MAPPING) == set(SessionStatus.values)
    assert len(set(SESSION_STATUS_MAPPING.values())) == len(SESSION_STATUS_MAPPING)


def test_map_session_to_status_takes_a_row(workflow_id):
    flow_session = FlowSessionManager().create_session(workflow_id, "x")
    StageInstanceManager().run_stage(flow_session.pk, "a")
    entry = map_session_to_status(FlowSessionManager().pause_session(flow_session.pk))
    assert entry["id"] == f"flow-{flow_session.pk}"
    assert (entry["type"], entry["status"], entry["progress"]) == ("FLOW", "ON_HOLD", 0)
    assert entry["current_stage"] == "a"


def test_map_session_to_status_counts_the_progress_of_a_mapping(workflow_id):
    assert map_session_to_status(mapping())["progress"] == 33
    assert map_session_to_status(mapping(progress=7))["progress"] == 7
    assert map_session_to_status(mapping(status="COMPLETED"))["progress"] == 100


def test_map_session_to_status_refuses_what_it_cant_map(workflow_id):
    with pytest.raises(InvalidInput, match="current_stage_id"):
        map_session_to_status({key: value for key, value in mapping().items() if key != "current_stage_id"})
    with pytest.raises(InvalidInput, match="DANCING"):
        map_session_to_status(mapping(status="DANCING"))
    with pytest.raises(NotFound):
        map_session_to_status(mapping(workflow_id="nowhere"))
