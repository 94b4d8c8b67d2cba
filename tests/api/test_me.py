"""``/api/v1/me/``, the current session and switching."""

import pytest
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.services import FlowSessionManager, switch_active_session
from sessions_app.tokens import create_token
from tests.api.conftest import assert_fits, assert_problem, client_for

ME, CURRENT = "/api/v1/me/", "/api/v1/sessions/current/"


def second_session(mei, workflow):
    return FlowSessionManager(Actor(mei, "python", is_trusted=True)).create_session(workflow, "Second")


def test_i_am_told_my_teams_and_roles(wang):
    body = client_for(wang).get(ME).json()
    assert_fits("Me", body)
    assert body == {
        "user": "wang",
        "is_admin": False,
        "may_define": False,
        "teams": [{"name": "platform", "role": "operator"}],
        "token": None,
    }


def test_i_am_told_that_i_am_an_administrator(admin):
    body = client_for(admin).get(ME).json()
    assert_fits("Me", body)
    assert (body["is_admin"], body["may_define"], body["teams"]) == (True, True, [])


def test_i_am_told_what_my_token_allows(mei):
    row, text = create_token(Actor(mei, "python", is_trusted=True), "laptop", scopes=["read"], team="platform")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    answer = client.get(ME)
    assert_fits("Me", answer.json())
    token = answer.json()["token"]
    assert (token["id"], token["name"], token["scopes"]) == (row.token_key, "laptop", ["read"])
    assert (token["team"], token["workflow"], token["agent"]) == ("platform", None, False)
    assert text not in answer.content.decode()


def test_nobody_is_told_to_sign_in():
    assert_problem(APIClient().get(ME), 401, "not-authenticated")


@pytest.mark.parametrize("teams", [1, 3])
def test_me_takes_a_fixed_number_of_queries(mei, teams, django_assert_num_queries):
    for number in range(teams - 1):
        mei.groups.create(name=f"t{number}")
    client = client_for(mei)
    with django_assert_num_queries(5):  # the sign-in, the user, two for their rights, the teams' names
        assert len(client.get(ME).json()["teams"]) == teams


def test_the_current_session_is_the_one_switched_to(api, flow_session, mei, workflow):
    other = second_session(mei, workflow)
    answer = api.post(f"/api/v1/sessions/{flow_session.pk}/switch/", format="json")
    assert_fits("SessionChange", answer.json())
    assert (answer.json()["id"], answer.json()["changed"]) == (flow_session.pk, True)
    assert answer.headers["ETag"] == f'"{flow_session.version}"'
    assert api.post(f"/api/v1/sessions/{flow_session.pk}/switch/", format="json").json()["changed"] is False
    current = api.get(CURRENT)
    assert_fits("CurrentSession", current.json())
    assert (current.json()["id"], current.json()["chosen_by"]) == (flow_session.pk, "switched")
    assert current.headers["ETag"] == f'"{flow_session.version}"'
    assert other.pk != flow_session.pk


def test_the_only_active_session_is_the_current_one_without_a_switch(api, flow_session, li):
    api.post(f"/api/v1/sessions/{flow_session.pk}/pause/", format="json")
    api.post(f"/api/v1/sessions/{flow_session.pk}/resume/", format="json")
    assert api.get(CURRENT).json()["id"] == flow_session.pk
    assert_problem(client_for(li).get(CURRENT), 404, "no-active-session")


def test_several_active_sessions_are_ambiguous(api, flow_session, mei, workflow):
    other = second_session(mei, workflow)
    third = second_session(mei, workflow)
    api.post(f"/api/v1/sessions/{third.pk}/abort/", format="json")
    body = assert_problem(api.get(CURRENT), 409, "ambiguous")
    assert {row["id"] for row in body["details"]["candidates"]} == {flow_session.pk, other.pk}


def test_the_servers_own_variable_is_not_the_callers_choice(api, flow_session, monkeypatch):
    monkeypatch.setenv("VCFLOW_SESSION", "dev-none-2222")
    assert api.get(CURRENT).json()["id"] == flow_session.pk


def test_a_viewer_may_switch_and_is_told_what_they_may_do(flow_session, li):
    client = client_for(li)
    client.post(f"/api/v1/sessions/{flow_session.pk}/switch/", format="json")
    assert (client.get(CURRENT).json()["id"], client.get(CURRENT).json()["allowed_actions"]) == (flow_session.pk, [])


def test_switching_to_what_is_not_seen_or_has_ended_is_refused(api, flow_session, zhao):
    address = f"/api/v1/sessions/{flow_session.pk}/switch/"
    assert_problem(client_for(zhao).post(address, format="json"), 404, "not-found")
    assert_problem(api.post(address, format="json", headers={"If-Match": '"99"'}), 412, "stale")
    api.post(f"/api/v1/sessions/{flow_session.pk}/abort/", format="json")
    assert_problem(api.post(address, format="json"), 409, "illegal-transition")


@pytest.mark.parametrize("sessions", [1, 3])
def test_the_current_session_takes_a_fixed_number_of_queries(
    api, flow_session, mei, workflow, sessions, django_assert_num_queries
):
    for _number in range(sessions - 1):
        second_session(mei, workflow)
    switch_active_session(flow_session.pk, Actor(mei, "python", is_trusted=True))
    with django_assert_num_queries(7):  # the sign-in, the user, the session, two for rights, its owner and team
        assert api.get(CURRENT).status_code == 200
