"""``/api/v1/stages/``: the list, and what each operation costs."""

import pytest

from sessions_app.actors import Actor
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, client_for
from tests.factories import publish_workflow, stage

STAGES = "/api/v1/stages/"


@pytest.fixture
def workflow(db):
    return publish_workflow(
        stage("spec", items=["draft", "polish?"], deliverables=["paper"]),
        stage("build", depends_on=["spec"]),
        stage("test", items=["run"], timeout=60),
    )


@pytest.fixture
def manager(mei):
    return StageInstanceManager(Actor(mei, "python", is_trusted=True))


@pytest.fixture
def spec(flow_session, manager):
    """An ACTIVE attempt."""
    return manager.run_stage(flow_session.pk, "spec")


def test_the_list_filters(api, mei, team, spec, manager, flow_session):
    manager.update_instance(spec.pk, {"assignee": "mei"})
    manager.create_instance(flow_session.pk, "test")
    other = FlowSessionManager(Actor(mei, "python", is_trusted=True)).create_session(publish_workflow(id="ops"))
    manager.run_stage(other.pk, "build")
    for query, found in {
        "": 3,
        f"session={flow_session.pk}": 2,
        "status=ACTIVE": 2,
        "status=PENDING": 1,
        "status=PENDING&status=ACTIVE": 3,
        "stage=build": 1,
        "workflow=ops": 1,
        "assignee=me": 1,
        "assignee=mei": 1,
        "assignee=wang": 0,
    }.items():
        page = api.get(f"{STAGES}?{query}").json()
        assert_fits("StagePage", page)
        assert len(page["results"]) == found, query


@pytest.mark.parametrize("query", ["status=DONE", "nothing=1", "ordering=name", "limit=0", "cursor=x"])
def test_a_list_that_cannot_be_asked_for_is_refused(api, query):
    answer = api.get(f"{STAGES}?{query}")
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, query.partition("=")[0])


def test_the_list_pages_both_ways(api, spec, manager, flow_session):
    manager.create_instance(flow_session.pk, "build")
    manager.create_instance(flow_session.pk, "test")
    for sign in ("", "-"):
        first = api.get(f"{STAGES}?limit=2&fields=stage_id&ordering={sign}id").json()
        second = api.get(first["next"]).json()
        found = [row["stage_id"] for page in (first, second) for row in page["results"]]
        assert found == sorted(["build", "spec", "test"], reverse=bool(sign))
        assert second["next"] is None


LIST_QUERIES = 6
READ_QUERIES = 6


def test_the_list_takes_the_same_queries_at_any_length(wang, manager, flow_session, spec, django_assert_num_queries):
    client = client_for(wang)
    client.get(STAGES)  # versions are remembered
    for added in ([], ["build", "test"]):
        for stage_id in added:
            manager.create_instance(flow_session.pk, stage_id)
        with django_assert_num_queries(LIST_QUERIES):
            assert len(client.get(STAGES).json()["results"]) == 1 + len(added)


def test_reading_a_stage_takes_the_same_queries_at_any_length(
    wang, manager, flow_session, spec, django_assert_num_queries
):
    client = client_for(wang)
    client.get(STAGES)
    for added in ([], ["build", "test"]):
        for stage_id in added:
            manager.create_instance(flow_session.pk, stage_id)
            manager.add_item(spec.pk, stage_id)
        with django_assert_num_queries(READ_QUERIES):
            client.get(f"{STAGES}{spec.pk}/")


CHANGES = {
    "": (16, {"context": {"a": 1}}),
    "items/": (16, {"text": "Ask"}),
    "items/done/": (17, {"items": ["draft"]}),
    "items/undo/": (15, {"items": ["draft"]}),
    "deliverables/": (16, {"deliverables": {"paper": "p"}}),
    "pause/": (16, {}),
    "fail/": (19, {}),
    "complete/": (23, {"force": True, "reason": "r"}),
}


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_takes_the_same_queries_at_any_length(
    wang, manager, flow_session, workflow, path, django_assert_num_queries
):
    expected, body = CHANGES[path]
    client, sessions = client_for(wang), FlowSessionManager(manager.actor)
    client.get(STAGES)
    for stage_ids in ([], ["build", "test"]):
        row = manager.run_stage(sessions.create_session(workflow, team="platform").pk, "spec")
        for stage_id in stage_ids:
            manager.create_instance(row.session_id, stage_id)
            manager.add_item(row.pk, stage_id)
        with django_assert_num_queries(expected):
            assert getattr(client, "post" if path else "patch")(f"{STAGES}{row.pk}/{path}", body, format="json").json()
