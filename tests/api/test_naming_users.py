"""Which users there are is told to those who may hand over or assign, and to nobody else."""

import pytest
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.tokens import create_token
from tests.api.conftest import assert_problem, client_for
from tests.factories import user

pytestmark = pytest.mark.django_db

NAMES = ("mei", "wang", "gone", "nobody")


@pytest.fixture(autouse=True)
def gone():
    return user("gone", is_active=False)


@pytest.fixture
def stage_id(api, flow_session):
    made = api.post(f"/api/v1/sessions/{flow_session.pk}/stages/build/start/", {}, format="json")
    return made.json()["id"]


def requests_for(flow_session, stage_id):
    session = f"/api/v1/sessions/{flow_session.pk}/"
    return {
        "owner": ("patch", session, "owner"),
        "assignee": ("patch", f"/api/v1/stages/{stage_id}/", "assignee"),
        "assign": ("post", f"{session}stages/build/assign/", "assignee"),
    }


@pytest.mark.parametrize("name", ["owner", "assignee", "assign"])
@pytest.mark.parametrize(("who", "status"), [("zhao", 404), ("li", 403)])
def test_users_are_told_apart_to_nobody_who_may_not_name_them(request, flow_session, stage_id, name, who, status):
    client = client_for(request.getfixturevalue(who))
    method, path, field = requests_for(flow_session, stage_id)[name]
    answers = [getattr(client, method)(path, {field: given}, format="json") for given in NAMES]
    assert {answer.status_code for answer in answers} == {status}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("name", ["owner", "assignee", "assign"])
def test_token_without_the_scope_tells_no_users(mei, flow_session, stage_id, name):
    _row, text = create_token(Actor(mei, "python"), "reader", scopes=["read"])
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    method, path, field = requests_for(flow_session, stage_id)[name]
    answers = [getattr(client, method)(path, {field: given}, format="json") for given in NAMES]
    assert {answer.json()["code"] for answer in answers} == {"missing-scope"}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(("given", "code"), [("gone", "assignee-cannot-work"), ("nobody", "not-found")])
def test_who_may_assign_is_told_what_is_wrong_with_the_name(wang, flow_session, stage_id, given, code):
    method, path, field = requests_for(flow_session, stage_id)["assignee"]
    answer = getattr(client_for(wang), method)(path, {field: given}, format="json")
    assert_problem(answer, 404 if code == "not-found" else 400, code)
