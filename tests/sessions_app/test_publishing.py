"""Definitions become versions, and versions never change."""

import pytest

from sessions_app.actors import local_actor
from sessions_app.exceptions import Conflict, NotFound
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.models.definitions import published_version
from sessions_app.publishing import delete_workflow, get_workflow, publish, publish_all, retire
from sessions_app.services import FlowSessionManager
from tests.factories import definition, new_session, session_in, snapshot, stage

pytestmark = pytest.mark.django_db


def test_first_publication_makes_version_one():
    described = definition("build", "test", name={"zh-hans": "开发", "en": "Development"})
    version, created = publish(local_actor(), described)
    assert (created, version.number, str(version)) == (True, 1, "dev v1")
    workflow = WorkflowDefinition.objects.get()
    assert (str(workflow), workflow.latest_version, workflow.display_name) == ("dev", 1, "Development")
    assert version.pk == f"dev@1-{version.digest[:16]}"


def test_unchanged_content_makes_nothing():
    publish(local_actor(), definition("build", "test"))
    before = snapshot()
    version, created = publish(local_actor(), definition("build", "test"))
    assert (created, version.number) == (False, 1)
    assert snapshot() == before


def test_changed_content_makes_the_next_version_and_keeps_the_first():
    first = publish(local_actor(), definition("build")).version
    kept = WorkflowVersion.objects.filter(pk=first.pk).values().get()
    second, created = publish(local_actor(), definition("build", "test"))
    assert (created, second.number) == (True, 2)
    assert WorkflowVersion.objects.filter(pk=first.pk).values().get() == kept
    assert get_workflow("dev").latest_version == 2


def test_content_of_an_older_version_makes_a_new_version():
    publish(local_actor(), definition("build"))
    publish(local_actor(), definition("build", "test"))
    version, created = publish(local_actor(), definition("build"))
    assert (created, version.number) == (True, 3)


def test_version_gives_back_what_was_published():
    made = definition(
        stage("build", items=["one", "two?"], deliverables=["report"], timeout=60),
        stage("test", depends_on=["build"], required=False),
        transitions=[("build", "test")],
    )
    version = publish(local_actor(), made).version
    value = published_version(version.pk)
    assert value.definition == made
    assert (value.number, value.stage_ids, value.required_ids) == (1, ("build", "test"), ("build",))


def test_several_definitions_are_published_all_or_none():
    publish(local_actor(), definition("build", id="known"))
    before = snapshot()
    with pytest.raises(AttributeError):
        publish_all(local_actor(), [definition("build", id="first"), None])
    assert snapshot() == before


@pytest.mark.parametrize("state", ["ACTIVE", "COMPLETED", "ABORTED"])
def test_workflow_with_sessions_cannot_be_deleted(state):
    session_in(state)
    before = snapshot()
    with pytest.raises(Conflict) as caught:
        delete_workflow(local_actor(), "dev")
    assert caught.value.code == "workflow-in-use"
    assert snapshot() == before


def test_workflow_without_sessions_is_deleted_with_its_versions():
    flow_session = new_session()
    FlowSessionManager().delete_session(flow_session.pk)
    delete_workflow(local_actor(), "dev")
    assert not WorkflowDefinition.objects.exists()
    assert not WorkflowVersion.objects.exists()


@pytest.mark.parametrize(
    "do", [get_workflow, lambda key: delete_workflow(local_actor(), key), lambda key: retire(local_actor(), key)]
)
@pytest.mark.parametrize("workflow_id", ["nothing", "", "\x00", "\ud800", None, 5])
def test_unknown_workflow_is_not_found(do, workflow_id):
    publish(local_actor(), definition("build"))
    with pytest.raises(NotFound) as caught:
        do(workflow_id)
    assert "dev" in caught.value.fix


def test_first_workflow_is_asked_for_when_there_is_none():
    with pytest.raises(NotFound) as caught:
        get_workflow("dev")
    assert "Import" in caught.value.fix


def test_new_version_puts_a_retired_workflow_back_into_use():
    publish(local_actor(), definition("build"))
    retire(local_actor(), "dev")
    publish(local_actor(), definition("build"))
    assert get_workflow("dev").retired_at is not None
    assert publish(local_actor(), definition("build", "test")).version.number == 2
    assert get_workflow("dev").retired_at is None
