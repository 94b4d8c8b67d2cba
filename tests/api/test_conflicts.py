"""``/api/v1/status/conflicts/``."""

import pytest

from sessions_app.actors import Actor
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind
from tests.api.conftest import assert_fits, assert_problem, client_for

LIST = "/api/v1/status/conflicts/"
KEY = "ghp_" + "a1B2" * 9


@pytest.fixture
def noted(flow_session, mei):
    row, _secret = subscriptions.create(Actor(mei, "python"), name="board", url="https://board.example.com/")

    def note(field="title", values=("a", "b", "c"), kind=ConflictKind.BOTH_CHANGED):
        return conflicts.found(row.pk, flow_session.pk, field, kind, values)

    return note


def test_conflicts_are_listed_by_pages(noted, api, flow_session):
    rows = [noted(field) for field in ("title", "status", "item:build/write")]
    first = api.get(f"{LIST}?limit=2&session={flow_session.pk}").json()
    assert_fits("ConflictPage", first)
    second = api.get(first["next"]).json()
    assert [row["id"] for page in (first, second) for row in page["results"]] == [row.pk for row in reversed(rows)]
    assert api.get(f"{LIST}?session=other").json()["results"] == []


def test_a_conflict_tells_both_sides_without_secrets(noted, api):
    row = noted(values=("a", f"b {KEY}", KEY))
    answer = api.get(f"{LIST}{row.pk}/")
    assert_fits("Conflict", answer.json())
    assert KEY not in answer.content.decode()
    assert (answer.json()["field"], answer.json()["kind"], answer.json()["settlement"]) == (
        "title",
        "both-changed",
        None,
    )


def test_ours_is_kept_and_the_conflict_leaves_the_list(noted, api, flow_session):
    row = noted()
    answer = api.post(f"{LIST}{row.pk}/settle/", {"keep": "ours", "reason": "so"}, format="json")
    assert_fits("SettledConflict", answer.json())
    assert (answer.json()["changed"], answer.json()["settled_by"]) == (True, "mei")
    again = api.post(f"{LIST}{row.pk}/settle/", {"keep": "ours"}, format="json")
    assert again.json()["changed"] is False
    refused = api.post(f"{LIST}{row.pk}/settle/", {"keep": "theirs"}, format="json")
    assert_problem(refused, 409, "already-settled")
    assert api.get(LIST).json()["results"] == []
    assert [found["id"] for found in api.get(f"{LIST}?all=true").json()["results"]] == [row.pk]


def test_theirs_is_done_to_the_session_or_refused_by_its_guards(noted, api, flow_session):
    row = noted("status", ("IN_PROGRESS", "FAILED", "COMPLETED"))
    refused = api.post(f"{LIST}{row.pk}/settle/", {"keep": "theirs"}, format="json")
    assert_problem(refused, 422, "stages-open")
    row = noted("status", ("IN_PROGRESS", "FAILED", "ON_HOLD"))
    assert api.post(f"{LIST}{row.pk}/settle/", {"keep": "theirs"}, format="json").status_code == 200
    flow_session.refresh_from_db()
    assert flow_session.status == "PAUSED"


def test_strangers_find_none(noted, zhao):
    row = noted()
    client = client_for(zhao)
    assert client.get(LIST).json()["results"] == []
    assert_problem(client.get(f"{LIST}{row.pk}/"), 404, "not-found")
    assert_problem(client.post(f"{LIST}{row.pk}/settle/", {"keep": "ours"}, format="json"), 404, "not-found")


@pytest.mark.parametrize("body", [{}, {"keep": "both"}, {"keep": "ours", "status": "ACTIVE"}])
def test_what_is_no_settlement_is_refused(noted, api, body):
    assert_problem(api.post(f"{LIST}{noted().pk}/settle/", body, format="json"), 400, "invalid-input")
