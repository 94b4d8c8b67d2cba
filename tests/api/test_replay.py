"""An answer is given again to who might still ask for it."""

import pytest
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.tokens import create_token
from tests.api.conftest import assert_problem, client_for
from tests.factories import publish_workflow

pytestmark = pytest.mark.django_db

SESSIONS = "/api/v1/sessions/"
KEY = {"Idempotency-Key": "k-1"}
REPLAYED = "Idempotency-Replayed"


def token_client(owner, name, *scopes, **bounds):
    _row, text = create_token(Actor(owner, "python"), name, scopes=scopes, **bounds)
    return APIClient(headers={"Authorization": f"Bearer {text}"})


def asked(client, method, path, body=None):
    return getattr(client, method)(f"{SESSIONS}{path}", body or {}, format="json", headers=KEY)


def test_answer_needs_the_scopes_that_the_change_needed(mei, flow_session):
    key = flow_session.pk
    deciding, working = token_client(mei, "d", "decide", "work"), token_client(mei, "w", "work", "read")
    forced = {"force": True, "reason": "enough"}
    assert asked(deciding, "post", f"{key}/complete/", forced).status_code == 200
    assert_problem(asked(working, "post", f"{key}/complete/", forced), 403, "missing-scope")
    assert asked(deciding, "post", f"{key}/complete/", forced).headers[REPLAYED] == "true"


def test_scope_that_is_known_inside_the_change_alone_is_asked_for_again(mei, flow_session):
    deciding, working = token_client(mei, "d", "decide", "work"), token_client(mei, "w", "work")
    body = {"name": "New", "team": None}
    assert asked(token_client(mei, "only", "decide"), "patch", f"{flow_session.pk}/", body).status_code == 403
    assert asked(deciding, "patch", f"{flow_session.pk}/", body).status_code == 200
    assert_problem(asked(working, "patch", f"{flow_session.pk}/", body), 403, "missing-scope")


def test_new_session_is_answered_again_to_a_token_that_may_make_one(mei, workflow):
    working, reading = token_client(mei, "w", "work"), token_client(mei, "r", "read")
    body = {"workflow_id": workflow}
    made = asked(working, "post", "", body)
    assert_problem(asked(reading, "post", "", body), 403, "missing-scope")
    again = asked(working, "post", "", body)
    assert (again.json(), again.headers[REPLAYED]) == (made.json(), "true")


def test_answer_about_a_session_that_is_seen_no_more_is_that_of_an_unknown_one(wang, flow_session):
    client = client_for(wang)
    assert asked(client, "post", f"{flow_session.pk}/pause/").status_code == 200
    FlowSession.objects.filter(pk=flow_session.pk).update(team=None)
    hidden = asked(client, "post", f"{flow_session.pk}/pause/")
    unknown = client.post(f"{SESSIONS}dev-nothing-0000/pause/", {}, format="json")
    assert_problem(hidden, 404, "not-found")
    assert hidden.text == unknown.text.replace("dev-nothing-0000", flow_session.pk)


def test_answer_about_a_hidden_sessions_stage_is_that_of_an_unknown_one(wang, flow_session):
    client, address = client_for(wang), f"{flow_session.pk}/stages/build/start/"
    begun = asked(client, "post", address).json()
    path = f"/api/v1/stages/{begun['id']}/pause/"
    headers = {"Idempotency-Key": "k-2"}
    assert client.post(path, {}, format="json", headers=headers).status_code == 200
    FlowSession.objects.filter(pk=flow_session.pk).update(team=None)
    keyed, plain = (client.post(path, {}, format="json", headers=each) for each in (headers, {}))
    assert_problem(keyed, 404, "not-found")
    assert keyed.json() == plain.json()


def test_new_session_that_is_seen_no_more_is_not_answered_again(wang, mei, workflow, team):
    client, body = client_for(wang), {"workflow_id": workflow, "team": team.name}
    made = asked(client, "post", "", body).json()
    FlowSession.objects.filter(pk=made["id"]).update(team=None, owner=mei)
    assert_problem(asked(client, "post", "", body), 404, "not-found")
    assert FlowSession.objects.count() == 1


def test_deletion_is_answered_again_with_its_scope(mei, flow_session):
    deciding, working = token_client(mei, "d", "decide"), token_client(mei, "w", "work", "read")
    first = asked(deciding, "delete", f"{flow_session.pk}/")
    again = asked(deciding, "delete", f"{flow_session.pk}/")
    assert (again.status_code, again.json(), again.headers[REPLAYED]) == (200, first.json(), "true")
    assert_problem(asked(working, "delete", f"{flow_session.pk}/"), 403, "missing-scope")


def test_answer_about_a_session_that_was_deleted_is_for_administrators(mei, admin, flow_session):
    path, body = f"{flow_session.pk}/note/", {"text": "hello"}
    assert asked(client_for(mei), "post", path, body).status_code == 200
    first = asked(client_for(admin), "post", path, body)
    client_for(mei).delete(f"{SESSIONS}{flow_session.pk}/")
    assert_problem(asked(client_for(mei), "post", path, body), 404, "not-found")
    assert asked(client_for(admin), "post", path, body).json() == first.json()


def test_token_with_another_bound_is_not_told_what_was_answered(mei, workflow, flow_session):
    other = publish_workflow(id="other")
    free = token_client(mei, "free", "work")
    same = token_client(mei, "same", "work", team="platform")
    far = token_client(mei, "far", "work", workflow=other)
    assert asked(free, "post", f"{flow_session.pk}/pause/").status_code == 200
    for bound in (same, far):
        assert_problem(asked(bound, "post", f"{flow_session.pk}/pause/"), 422, "idempotency-key-reused")


def test_definition_is_answered_again_to_who_may_define_and_within_the_bound(admin, workflow):
    free, reading = token_client(admin, "free", "define"), token_client(admin, "r", "read")
    bound = token_client(admin, "bound", "define", workflow=publish_workflow(id="other"))
    path = f"/api/v1/workflows/{workflow}/retire/"
    assert free.post(path, {}, format="json", headers=KEY).status_code == 200
    assert_problem(reading.post(path, {}, format="json", headers=KEY), 403, "missing-scope")
    assert_problem(bound.post(path, {}, format="json", headers=KEY), 422, "idempotency-key-reused")
    assert free.post(path, {}, format="json", headers=KEY).headers[REPLAYED] == "true"


def test_sessions_that_a_filter_chose_are_told_again_to_who_may_read(mei, flow_session):
    body = {"verb": "pause", "filter": {"status": ["ACTIVE"]}, "dry_run": False}
    reading, working = token_client(mei, "r", "read", "work"), token_client(mei, "w", "work")
    assert asked(reading, "post", "bulk/", body).json()["counts"] == {"done": 1}
    assert_problem(asked(working, "post", "bulk/", body), 403, "missing-scope")
    assert asked(reading, "post", "bulk/", body).json()["counts"] == {"done": 1}


def test_session_of_a_bulk_request_that_is_seen_no_more_is_refused(wang, flow_session):
    body = {"verb": "pause", "ids": [flow_session.pk], "dry_run": False}
    assert asked(client_for(wang), "post", "bulk/", body).json()["counts"] == {"done": 1}
    events = SessionEvent.objects.count()
    FlowSession.objects.filter(pk=flow_session.pk).update(team=None)
    told = asked(client_for(wang), "post", "bulk/", body).json()["results"][0]
    assert (told["outcome"], told["code"], told["version"]) == ("refused", "not-found", None)
    assert SessionEvent.objects.count() == events


def test_key_that_reads_like_a_secret_is_masked_where_it_is_repeated(api, flow_session):
    secret = "ghp_" + "a1B2" * 9
    for reason, status in (("one", 200), ("two", 422)):
        answer = api.post(
            f"{SESSIONS}{flow_session.pk}/pause/",
            {"reason": reason},
            format="json",
            headers={"Idempotency-Key": secret},
        )
        assert answer.status_code == status
    assert_problem(answer, 422, "idempotency-key-reused")
    assert secret not in answer.text
    assert "••••••" in answer.json()["detail"]
