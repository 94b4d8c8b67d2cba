"""``/api/v1/tokens/``."""

import pytest
from rest_framework.test import APIClient

from sessions_app import rates
from sessions_app.models import ApiToken
from tests.api.conftest import assert_fits, assert_problem, client_for


def with_token(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


@pytest.fixture
def made(api):
    answer = api.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read", "admin"]}, format="json")
    assert answer.status_code == 201
    return answer


def test_a_token_is_shown_once_and_kept_by_no_cache(made, api):
    body = made.json()
    assert_fits("MadeToken", body)
    assert made.headers["Cache-Control"] == "private, no-store"
    listed = api.get("/api/v1/tokens/")
    assert_fits("TokenPage", listed.json())
    assert body["token"] not in listed.content.decode()
    assert ApiToken.objects.get().digest not in listed.content.decode()


def test_a_token_opens_what_its_scopes_say(made, workflow):
    client = with_token(made.json()["token"])
    assert client.get("/api/v1/sessions/").status_code == 200
    refused = client.post("/api/v1/sessions/", {"workflow_id": workflow}, format="json")
    assert assert_problem(refused, 403, "missing-scope")["details"]["scope"] == "work"


def test_a_revoked_token_is_refused_at_once(made, api):
    client, token_id = with_token(made.json()["token"]), made.json()["id"]
    assert client.get(f"/api/v1/tokens/{token_id}/").json()["state"] == "active"
    assert api.delete(f"/api/v1/tokens/{token_id}/").json()["state"] == "revoked"
    refused = client.get("/api/v1/sessions/")
    assert_problem(refused, 401, "token-revoked")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_others_tokens_are_unknown_but_to_an_administrator(made, zhao, admin):
    address = f"/api/v1/tokens/{made.json()['id']}/"
    assert_problem(client_for(zhao).get(address), 404, "not-found")
    assert_problem(client_for(zhao).delete(address), 404, "not-found")
    assert_problem(client_for(zhao).get("/api/v1/tokens/?all=true"), 403, "not-allowed")
    assert client_for(admin).get(address).json()["user"] == "mei"
    assert [row["user"] for row in client_for(admin).get("/api/v1/tokens/?all=true").json()["results"]] == ["mei"]


def test_tokens_page_by_cursor(api):
    for number in range(3):
        api.post("/api/v1/tokens/", {"name": f"n{number}"}, format="json")
    first = api.get("/api/v1/tokens/?limit=2").json()
    second = api.get(first["next"]).json()
    assert [row["name"] for page in (first, second) for row in page["results"]] == ["n2", "n1", "n0"]


def test_a_lifetime_that_can_not_be_is_refused(api):
    refused = api.post("/api/v1/tokens/", {"name": "x", "expires_in": "soon"}, format="json")
    assert assert_problem(refused, 400, "invalid-input")["details"]["field"] == "expires_in"


def test_thousands_of_scopes_are_refused_for_their_number(api):
    many = {"name": "x", "scopes": [{"a": number} for number in range(20_000)]}
    refused = api.post("/api/v1/tokens/", many, format="json")
    assert "maxItems" in assert_problem(refused, 400, "invalid-input")["detail"]


def test_no_cache_keeps_an_answer(api, flow_session):
    for address in (f"/api/v1/sessions/{flow_session.pk}/", "/api/v1/sessions/none/", "/api/v1/events/feed/"):
        answer = api.get(address)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize(
    "header", [{}, {"HTTP_AUTHORIZATION": "Bearer vcf_" + "0" * 80}, {"HTTP_AUTHORIZATION": "Bearer x"}]
)
def test_requests_without_valid_credentials_are_counted_by_address(db, settings, header):
    settings.VCFLOW_API_RATE = (3, 60)
    rates._purses.clear()
    client = APIClient()
    statuses = [client.get("/api/v1/me/", **header).status_code for _try in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert_problem(client.get("/api/v1/me/", **header), 429, "throttled")
