"""``/api/v1/stages/`` and the verbs by an attempt's id."""

import pytest
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import events_of, publish_workflow, stage

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


def post(client, path, body=None, **headers):
    return client.post(path, body or {}, format="json", headers=headers)


def change(client, row, verb, body=None, **headers):
    return post(client, f"{STAGES}{row.pk}/{verb}/", body, **headers)


def token_for(user, *scopes):
    """A client with a token of these scopes."""
    _row, text = create_token(Actor(user, "python", is_trusted=True), "t", scopes=scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def test_a_stage_is_read_with_its_items_and_its_sessions_etag(api, spec):
    answer = api.get(f"{STAGES}{spec.pk}/")
    body = answer.json()
    assert_fits("Stage", body)
    assert (body["stage_id"], body["status"], body["attempt"]) == ("spec", "ACTIVE", 1)
    assert [(item["id"], item["required"]) for item in body["items"]] == [("draft", True), ("polish", False)]
    assert body["missing_deliverables"] == ["paper"]
    assert body["allowed_actions"] == ["pause", "complete", "fail", "skip"]
    assert answer.headers["ETag"] == f'"{spec.session.version}"'


def test_fields_slim_a_stage(api, spec):
    assert api.get(f"{STAGES}{spec.pk}/?fields=id,status").json() == {"id": spec.pk, "status": "ACTIVE"}
    assert_problem(api.get(f"{STAGES}{spec.pk}/?fields=secret"), 400, "invalid-input")


@pytest.mark.parametrize("method", ["get", "patch"])
def test_a_stranger_learns_nothing_of_a_stage(zhao, spec, method):
    client = client_for(zhao)
    body = {} if method == "get" else {"name": "x"}
    hidden = getattr(client, method)(f"{STAGES}{spec.pk}/", body, format="json")
    unknown = getattr(client, method)(f"{STAGES}dev-none.spec.1/", body, format="json")
    assert_problem(hidden, 404, "not-found")
    assert hidden.content.replace(spec.pk.encode(), b"X") == unknown.content.replace(b"dev-none.spec.1", b"X")
    assert client.get(STAGES).json() == {"results": [], "next": None}


def test_a_viewer_sees_and_may_do_nothing(li, spec):
    client = client_for(li)
    assert client.get(f"{STAGES}{spec.pk}/").json()["allowed_actions"] == []
    problem = assert_problem(change(client, spec, "pause"), 403, "not-allowed")
    assert problem["details"]["needs_role"] == "operator"


def test_an_operator_works(wang, spec):
    answer = change(client_for(wang), spec, "pause", {"reason": "lunch"})
    body = answer.json()
    assert_fits("StageChange", body)
    assert (body["status"], body["changed"], body["session"]["status"]) == ("PAUSED", True, "ACTIVE")
    assert events_of(spec.session_id)[-1].actor == "wang"


def test_a_token_without_decide_may_not_skip(mei, spec):
    client = token_for(mei, "read", "work")
    assert client.get(f"{STAGES}{spec.pk}/").json()["allowed_actions"] == ["pause", "complete", "fail"]
    problem = assert_problem(change(client, spec, "skip", {"reason": "r"}), 403, "missing-scope")
    assert problem["details"]["scope"] == "decide"
    forced = change(client, spec, "complete", {"force": True, "reason": "r"})
    assert_problem(forced, 403, "missing-scope")


def test_a_token_without_read_reads_no_stages(mei, spec):
    assert_problem(token_for(mei, "work").get(STAGES), 403, "missing-scope")


def test_verbs_lead_a_stage_to_its_end(api, spec):
    for verb, body, status in (
        ("pause", {}, "PAUSED"),
        ("resume", {}, "ACTIVE"),
        ("items/done", {"items": [1]}, "ACTIVE"),
        ("complete", {"deliverables": {"Paper": "p.md"}}, "COMPLETED"),
    ):
        answer = change(api, spec, verb, body)
        assert_fits("StageChange", answer.json())
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    assert answer.json()["deliverables"] == {"paper": "p.md"}
    assert answer.json()["session"]["completed_stages"] == ["spec"]


def test_failing_retrying_and_skipping(api, spec):
    assert change(api, spec, "fail", {"reason": "broken"}).json()["status"] == "FAILED"
    retried = change(api, spec, "retry").json()
    assert (retried["id"], retried["attempt"], retried["status"]) == (f"{spec.session_id}.spec.2", 2, "ACTIVE")
    skipped = post(api, f"{STAGES}{retried['id']}/skip/", {"reason": "no time"}).json()
    assert skipped["status"] == "SKIPPED"
    assert_problem(change(api, spec, "retry"), 409, "superseded")


def test_a_stage_made_beforehand_is_started(api, manager, flow_session):
    row = manager.create_instance(flow_session.pk, "test")
    assert change(api, row, "start").json()["status"] == "ACTIVE"


def test_what_is_open_refuses_completion_unless_forced(api, spec):
    problem = assert_problem(change(api, spec, "complete"), 422, "stage-unfinished")
    assert problem["details"]["open_items"] == ["draft"]
    assert_problem(change(api, spec, "complete", {"force": True}), 400, "reason-required")
    assert change(api, spec, "complete", {"force": True, "reason": "enough"}).json()["status"] == "COMPLETED"


def test_a_wrong_state_is_refused_with_what_is_allowed(api, spec):
    change(api, spec, "fail")
    problem = assert_problem(change(api, spec, "pause"), 409, "illegal-transition")
    assert problem["details"]["allowed_actions"] == ["retry", "skip"]


def test_skipping_needs_a_reason(api, spec):
    assert_problem(change(api, spec, "skip"), 400, "invalid-input")
    assert_problem(change(api, spec, "skip", {"reason": " "}), 400, "reason-required")


def test_what_is_so_already_changes_nothing(api, spec):
    change(api, spec, "items/done", {"items": ["draft"]})
    again = change(api, spec, "items/done", {"items": ["draft"]}).json()
    assert_fits("StageChange", again)
    assert again["changed"] is False


def test_items_are_ticked_opened_and_added(api, spec):
    ticked = change(api, spec, "items/done", {"items": ["Do draft", 2]}).json()
    assert ticked["completed_items"] == ["draft", "polish"]
    assert ticked["items"][0]["done_by"] == "mei"
    assert change(api, spec, "items/undo", {"items": ["2"]}).json()["completed_items"] == ["draft"]
    added = change(api, spec, "items", {"text": "Ask the users", "required": False})
    assert added.status_code == 201
    assert_fits("ItemChange", added.json())
    assert (added.json()["number"], added.json()["added"], added.json()["required"]) == (3, True, False)
    assert added.json()["stage_instance_id"] == spec.pk


def test_an_unknown_item_is_refused_with_those_there_are(api, spec):
    problem = assert_problem(change(api, spec, "items/done", {"items": ["nothing"]}), 404, "not-found")
    assert [item["id"] for item in problem["details"]["items"]] == ["draft", "polish"]
    assert_problem(change(api, spec, "items/done", {"items": ["Do "]}), 409, "ambiguous")


def test_deliverables_are_handed_in_with_a_warning_for_unknown_ones(api, spec):
    body = change(api, spec, "deliverables", {"deliverables": {"papre": "x"}}).json()
    assert_fits("StageChange", body)
    assert (body["deliverables"], body["missing_deliverables"]) == ({"papre": "x"}, ["paper"])
    assert len(body["warnings"]) == 1


def test_an_update_merges_objects_and_assigns(api, spec, wang):
    body = {"name": "Paper", "assignee": "wang", "context": {"a": 1}, "config": {"timeout": 5}, "metadata": {"m": []}}
    answer = api.patch(f"{STAGES}{spec.pk}/", body, format="json").json()
    assert_fits("StageChange", answer)
    assert {name: answer[name] for name in body} == body
    removed = api.patch(f"{STAGES}{spec.pk}/", {"context": {"a": None}, "assignee": None}, format="json").json()
    assert (removed["context"], removed["assignee"]) == ({}, None)


def test_who_can_only_look_on_is_not_assigned(api, spec, li):
    answer = api.patch(f"{STAGES}{spec.pk}/", {"assignee": "li"}, format="json")
    assert_problem(answer, 400, "assignee-cannot-work")


def test_secrets_are_masked_unless_an_operator_reveals_them(api, li, spec):
    api.patch(f"{STAGES}{spec.pk}/", {"context": {"password": "hunter2hunter2"}}, format="json")
    assert api.get(f"{STAGES}{spec.pk}/").json()["context"]["password"] != "hunter2hunter2"
    assert api.get(f"{STAGES}{spec.pk}/?reveal=true").json()["context"]["password"] == "hunter2hunter2"
    assert_problem(client_for(li).get(f"{STAGES}{spec.pk}/?reveal=true"), 403, "not-allowed")
    assert_problem(api.get(f"{STAGES}{spec.pk}/?reveal=perhaps"), 400, "invalid-input")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {}),
        ("", {"status": "COMPLETED"}),
        ("", {"config": {"timeout": -1}}),
        ("", {"name": "x" * 201}),
        ("", {"name": "a\u0000b"}),
        ("items/", {"text": ""}),
        ("items/", {"text": "x" * 1001}),
        ("items/", {"text": "x", "required": "yes"}),
        ("items/done/", {"items": []}),
        ("items/done/", {"items": ["1"] * 501}),
        ("items/done/", {"items": [{}]}),
        ("deliverables/", {"deliverables": {}}),
        ("deliverables/", {"deliverables": {"paper": ""}}),
        ("deliverables/", {"deliverables": {"paper": "\u0000"}}),
        ("complete/", {"deliverables": []}),
        ("pause/", {"force": True}),
        ("pause/", {"reason": "x" * 20_001}),
    ],
)
def test_input_out_of_bounds_is_refused(api, spec, path, body):
    before = spec.session.version
    send = api.post if path else api.patch
    answer = send(f"{STAGES}{spec.pk}/{path}", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
    assert events_of(spec.session_id)[-1].seq == before


def test_if_match_refuses_what_is_stale(api, spec):
    stale = change(api, spec, "pause", **{"If-Match": '"1"'})
    assert_problem(stale, 412, "stale")
    fresh = change(api, spec, "pause", **{"If-Match": f'"{spec.session.version}"'})
    assert fresh.status_code == 200
    assert_problem(change(api, spec, "items", {"text": "x"}, **{"If-Match": '"1"'}), 412, "stale")


def test_an_idempotency_key_answers_alike_and_does_it_once(api, spec):
    body, key = {"text": "once"}, {"Idempotency-Key": "k1"}
    first, second = (change(api, spec, "items", body, **key) for _time in range(2))
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert_problem(change(api, spec, "items", {"text": "other"}, **key), 422, "idempotency-key-reused")
    assert len(api.get(f"{STAGES}{spec.pk}/").json()["items"]) == 3
