"""``/api/v1/workflows/{id}/migrate/``."""

import pytest

from sessions_app.actors import Actor
from sessions_app.exceptions import StorageFailed
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import event_types, publish_workflow, snapshot

MIGRATE = "/api/v1/workflows/moving/migrate/"


@pytest.fixture
def three(mei, team):
    """Sessions of mei's team, by id; the second has begun what version 2 doesn't have."""
    publish_workflow("build", "test", id="moving")
    actor = Actor(mei, "python", is_trusted=True)
    manager = FlowSessionManager(actor)
    made = sorted(manager.create_session("moving", f"n{number}", team=team.name).pk for number in range(3))
    StageInstanceManager(actor).run_stage(made[1], "build")
    publish_workflow("other", "test", id="moving")
    return made


def send(client, *, key=None, **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(MIGRATE, {"dry_run": False, **body}, format="json", headers=headers)


def ask(client, **body):
    answer = send(client, **body)
    assert answer.status_code == 200, answer.json()
    assert_fits("Migration", answer.json())
    return answer.json()


def outcomes(body):
    return [row["outcome"] for row in body["results"]]


def versions():
    return [each.workflow_version for each in FlowSession.objects.order_by("id")]


def test_a_trial_sorts_and_changes_nothing(api, three):
    before = snapshot()
    body = ask(api, dry_run=True)
    assert outcomes(body) == ["safe", "needs-mapping", "safe"]
    assert body["results"][1]["reasons"][0]["code"] == "stage-gone"
    assert (body["counts"], body["proposals"]) == ({"safe": 2, "needs-mapping": 1}, {"build": "-"})
    assert (body["to"], body["cursor"], body["remaining"]) == (2, None, 0)
    assert ask(api, dry_run=True, to=1)["results"] == []
    assert snapshot() == before


def test_the_safe_ones_are_migrated_step_by_step(api, three, monkeypatch):
    monkeypatch.setattr("sessions_app.api.migrating.STEP", 2)
    first = ask(api, reason="new rules")
    assert (outcomes(first), first["cursor"], first["remaining"]) == (["migrated", "needs-mapping"], three[1], 1)
    assert first["results"][0]["savepoint"] == f"{three[0]}@1"
    second = ask(api, cursor=first["cursor"])
    assert (outcomes(second), second["cursor"], second["remaining"]) == (["migrated"], None, 0)
    third = ask(api, mapping={"build": "other"})
    assert (outcomes(third), versions()) == (["migrated"], [2, 2, 2])


def test_a_key_repeats_the_answer_and_nothing_else(api, three):
    first, again = ask(api, key="k", mapping={"build": "-"}), ask(api, key="k", mapping={"build": "-"})
    assert first == again
    assert [event_types(key).count("session.migrated") for key in three] == [1, 1, 1]
    assert_problem(send(api, key="k"), 422, "idempotency-key-reused")


def test_time_that_is_over_leaves_the_rest(api, three, monkeypatch):
    monkeypatch.setattr("sessions_app.bulk.SECONDS", -1)
    body = ask(api)
    assert (outcomes(body), body["cursor"], body["remaining"]) == (["migrated"], three[0], 2)
    body = ask(api, sessions=three[1:])
    assert (outcomes(body), body["cursor"], body["remaining"]) == (["needs-mapping"], None, 1)


def test_a_failing_database_fails_one_session_and_names_no_table(api, three, monkeypatch):
    def broken(*_args, **_kwargs):
        raise StorageFailed("no such table: secret_table", fix="look at secret_table")

    monkeypatch.setattr("sessions_app.migrating.put_back", broken)
    body = ask(api, sessions=[three[0]])
    assert (outcomes(body), body["results"][0]["reasons"][0]["code"]) == (["failed"], "storage")
    assert "secret_table" not in str(body)


def test_strangers_see_nobodys_sessions(api, three, zhao):
    client = client_for(zhao)
    assert ask(client)["counts"] == {}
    assert_problem(send(client, sessions=[three[0]]), 404, "not-found")
    assert_problem(send(api, sessions=[three[0], "nobody"]), 404, "not-found")
    assert versions() == [1, 1, 1]


def test_a_token_needs_decide_and_read(mei, three):
    for scopes, missing in ((["read", "work"], "decide"), (["decide"], "read")):
        _row, text = create_token(Actor(mei, "python", is_trusted=True), "-".join(scopes), scopes=scopes)
        client = client_for(mei)
        client.logout()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        problem = assert_problem(send(client, dry_run=True), 403, "missing-scope")
        assert problem["details"]["scope"] == missing


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"to": 9}, 404, "not-found"),
        ({"to": 0}, 400, "invalid-input"),
        ({"mapping": {"nothing": "-"}}, 400, "mapping-unknown"),
        ({"mapping": {"build": 1}}, 400, "invalid-input"),
        ({"mapping": {"build\u0000": "-"}}, 400, "mapping-unknown"),
        ({"sessions": []}, 400, "invalid-input"),
        ({"sessions": ["x"] * 101}, 400, "invalid-input"),
        ({"sessions": ["x"], "cursor": "x"}, 400, "invalid-input"),
        ({"cursor": ""}, 400, "invalid-input"),
        ({"dry_run": "yes"}, 400, "invalid-input"),
        ({"more": 1}, 400, "invalid-input"),
    ],
)
def test_what_can_not_be_meant_is_refused(api, three, body, status, code):
    assert_problem(send(api, **body), status, code)
    assert versions() == [1, 1, 1]
