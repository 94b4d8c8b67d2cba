"""Stages within their session: run, make ready, and verbs by the stage's id."""

import pytest

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import assert_consistent, event_types, publish_workflow, stage

SESSIONS = "/api/v1/sessions/"
RUN_NEW = f"{SESSIONS}run/"


@pytest.fixture
def workflow(db):
    return publish_workflow(stage("spec", items=["draft"]), stage("build", depends_on=["spec"]), stage("test"))


def post(client, path, body=None, **headers):
    return client.post(path, body or {}, format="json", headers=headers)


def run(client, flow_session, body, **headers):
    return post(client, f"{SESSIONS}{flow_session.pk}/run/", body, **headers)


def test_run_begins_a_stage_by_the_beginning_of_its_id(api, flow_session):
    answer = run(api, flow_session, {"stage": "sp", "name": "First draft"})
    body = answer.json()
    assert_fits("StageChange", body)
    assert (answer.status_code, body["id"], body["name"]) == (200, f"{flow_session.pk}.spec.1", "First draft")
    assert (body["session"]["current_stage_id"], body["session"]["allowed_actions"][0]) == ("spec", "pause")
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    assert run(api, flow_session, {"stage": "spec"}).json()["changed"] is False
    assert_consistent(flow_session.pk)


def test_run_refuses_a_second_active_stage(api, flow_session):
    run(api, flow_session, {"stage": "spec"})
    problem = assert_problem(run(api, flow_session, {"stage": "test"}), 409, "another-stage-active")
    assert problem["details"]["stage_id"] == "spec"


def test_run_is_forced_past_dependencies_with_a_reason(api, flow_session):
    assert_problem(run(api, flow_session, {"stage": "build"}), 422, "dependencies-unmet")
    body = run(api, flow_session, {"stage": "build", "force": True, "reason": "in a hurry"}).json()
    assert (body["stage_id"], body["status"]) == ("build", "ACTIVE")


def test_run_knows_only_the_workflows_stages_unless_ad_hoc(api, flow_session):
    problem = assert_problem(run(api, flow_session, {"stage": "spike"}), 404, "not-found")
    assert problem["details"]["stages"] == ["spec", "build", "test"]
    assert run(api, flow_session, {"stage": "spike", "ad_hoc": True}).json()["ad_hoc"] is True


def test_run_needs_an_active_session(api, flow_session):
    post(api, f"{SESSIONS}{flow_session.pk}/pause/")
    assert_problem(run(api, flow_session, {"stage": "spec"}), 409, "illegal-transition")


def test_run_honours_if_match_and_idempotency_keys(api, flow_session):
    assert_problem(run(api, flow_session, {"stage": "spec"}, **{"If-Match": '"9"'}), 412, "stale")
    key = {"Idempotency-Key": "k"}
    first, second = (run(api, flow_session, {"stage": "spec"}, **key) for _time in range(2))
    assert first.json() == second.json()
    assert event_types(flow_session).count("stage.started") == 1


def test_run_in_a_new_session_makes_both(api, workflow):
    answer = post(api, RUN_NEW, {"workflow_id": workflow, "stage": "spec", "name": "Auth"})
    body = answer.json()
    assert_fits("StageChange", body)
    assert (answer.status_code, body["stage_id"], body["session"]["name"]) == (201, "spec", "Auth")
    assert (body["session"]["owner"], body["name"]) == ("mei", "Spec")
    assert_consistent(body["session_id"])


def test_run_in_a_new_session_leaves_nothing_when_it_is_refused(api, workflow):
    problem = assert_problem(post(api, RUN_NEW, {"workflow_id": workflow, "stage": "build"}), 422, "dependencies-unmet")
    assert "session_id" not in problem["details"]
    assert_problem(post(api, RUN_NEW, {"workflow_id": "none", "stage": "x"}), 404, "not-found")
    assert not FlowSession.objects.exists()


def test_run_in_a_new_session_is_done_once_under_a_key(api, workflow):
    key = {"Idempotency-Key": "k"}
    first, second = (post(api, RUN_NEW, {"workflow_id": workflow, "stage": "spec"}, **key) for _time in range(2))
    assert (second.status_code, second.json()) == (201, first.json())
    assert FlowSession.objects.count() == 1


def test_a_stage_is_made_ready(api, flow_session):
    path = f"{SESSIONS}{flow_session.pk}/stages/"
    answer = post(api, path, {"stage_id": "build", "name": "Core", "config": {"timeout": 60}})
    body = answer.json()
    assert_fits("StageChange", body)
    assert (answer.status_code, body["status"], body["name"]) == (201, "PENDING", "Core")
    assert body["config"] == {"timeout": 60}
    assert_problem(post(api, path, {"stage_id": "build"}), 409, "stage-exists")
    assert_problem(post(api, path, {"stage_id": "No Slug"}), 400, "invalid-input")


def test_a_stage_that_has_not_begun_is_started_skipped_and_assigned(api, flow_session, wang):
    path = f"{SESSIONS}{flow_session.pk}/stages/"
    started = post(api, f"{path}sp/start/").json()
    assert_fits("StageChange", started)
    assert (started["id"], started["status"]) == (f"{flow_session.pk}.spec.1", "ACTIVE")
    assert post(api, f"{path}test/skip/", {"reason": "trivial"}).json()["status"] == "SKIPPED"
    assigned = post(api, f"{path}build/assign/", {"assignee": "wang"}).json()
    assert_fits("StageChange", assigned)
    assert (assigned["assignee"], assigned["status"]) == ("wang", "PENDING")
    assert post(api, f"{path}build/assign/", {"assignee": None}).json()["assignee"] is None
    assert_problem(post(api, f"{path}build/pause/"), 409, "illegal-transition")


def test_a_session_is_led_to_its_end_by_stage_ids(api, flow_session):
    path = f"{SESSIONS}{flow_session.pk}/stages/"
    steps = [
        ("spec/start", {}),
        ("spec/pause", {}),
        ("spec/resume", {}),
        ("spec/fail", {"reason": "no"}),
        ("spec/retry", {}),
        ("spec/complete", {"force": True, "reason": "enough"}),
        ("build/start", {}),
        ("build/complete", {"deliverables": {"report": "r.md"}}),
        ("test/skip", {"reason": "trivial"}),
    ]
    for verb, body in steps:
        answer = post(api, f"{path}{verb}/", body)
        assert answer.status_code == 200, (verb, answer.json())
    assert answer.json()["session"]["status"] == "COMPLETED"
    assert_consistent(flow_session.pk)


def test_an_unknown_or_doubtful_stage_is_refused(api, flow_session):
    path = f"{SESSIONS}{flow_session.pk}/stages/"
    assert_problem(post(api, f"{path}nothing/start/"), 404, "not-found")
    post(api, path, {"stage_id": "spike"})
    problem = assert_problem(post(api, f"{path}sp/start/"), 409, "ambiguous")
    assert [row["id"] for row in problem["details"]["candidates"]] == ["spec", "spike"]


CHANGES = {
    "run/": {"stage": "spec"},
    "stages/": {"stage_id": "spec"},
    "stages/spec/start/": {},
    "stages/spec/skip/": {"reason": "r"},
    "stages/spec/assign/": {"assignee": "mei"},
}


@pytest.mark.parametrize("path", CHANGES)
def test_strangers_and_viewers_change_nothing(li, zhao, flow_session, path):
    hidden = post(client_for(zhao), f"{SESSIONS}{flow_session.pk}/{path}", CHANGES[path])
    unknown = post(client_for(zhao), f"{SESSIONS}dev-none-2222/{path}", CHANGES[path])
    assert_problem(hidden, 404, "not-found")
    assert hidden.content.replace(flow_session.pk.encode(), b"X") == unknown.content.replace(b"dev-none-2222", b"X")
    assert_problem(post(client_for(li), f"{SESSIONS}{flow_session.pk}/{path}", CHANGES[path]), 403, "not-allowed")
    assert event_types(flow_session) == ["session.created"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("run/", {}),
        ("run/", {"stage": ""}),
        ("run/", {"stage": 1}),
        ("run/", {"stage": "x" * 201}),
        ("run/", {"stage": "spec", "workflow_id": "dev"}),
        ("run/", {"stage": "a b", "ad_hoc": True}),
        ("stages/", {"stage_id": "spec", "config": {"timeout": "soon"}}),
        ("stages/", {"stage_id": "spec", "config": []}),
        ("stages/spec/assign/", {}),
        ("stages/spec/assign/", {"assignee": ""}),
        ("stages/spec/start/", {"deliverables": {}}),
    ],
)
def test_input_out_of_bounds_is_refused(api, flow_session, path, body):
    answer = post(api, f"{SESSIONS}{flow_session.pk}/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
    assert event_types(flow_session) == ["session.created"]


QUERIES = {"run/": 19, "stages/": 17, "stages/spec/start/": 17, "stages/spec/skip/": 25, "stages/spec/assign/": 23}


@pytest.mark.parametrize("path", QUERIES)
def test_a_change_takes_the_same_queries_at_any_length(wang, mei, team, workflow, path, django_assert_num_queries):
    client, trusted = client_for(wang), Actor(mei, "python", is_trusted=True)
    client.get(SESSIONS)
    for stage_ids in (["build"], ["build", "test", "spike"]):
        session_id = FlowSessionManager(trusted).create_session(workflow, team=team.name).pk
        for stage_id in stage_ids:
            StageInstanceManager(trusted).create_instance(session_id, stage_id)
        with django_assert_num_queries(QUERIES[path]):
            assert post(client, f"{SESSIONS}{session_id}/{path}", CHANGES[path]).json()["changed"]
