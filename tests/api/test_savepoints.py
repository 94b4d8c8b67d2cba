"""Savepoints by HTTP: taken, listed, read, compared, restored, forked; who may, and what is refused."""

import pytest

from sessions_app.models import FlowSession, Savepoint
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for, member
from tests.factories import assert_consistent, in_team, new_session, person, stage

pytestmark = pytest.mark.django_db

ALL = "/api/v1/savepoints/"


def one(savepoint_id, verb=""):
    return f"{ALL}{savepoint_id}/{verb and verb + '/'}"


@pytest.fixture
def kept():
    """A savepoint of a team's session that went on since, with a secret that changed."""
    flow_session = in_team(new_session(stage("build", items=["one"]), name="Login"), "platform")
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    sessions.update_session(flow_session.pk, {"context": {"password": "hunter2"}})
    stages.run_stage(flow_session.pk, "build")
    made = SavepointManager().create_savepoint(flow_session.pk, "before it")
    sessions.update_session(flow_session.pk, {"context": {"password": "hunter3"}})
    stages.complete_item(f"{flow_session.pk}.build.1", "one")
    sessions.pause_session(flow_session.pk)
    return made


@pytest.fixture
def client(kept):
    return client_for(person("mei", operates=["platform"]).user)


def version_of(savepoint):
    return FlowSession.objects.get(pk=savepoint.session_id).version


def test_savepoint_is_taken_listed_and_read(client, kept):
    url = f"/api/v1/sessions/{kept.session_id}/savepoints/"
    made = client.post(url, {"note": "now"}, format="json")
    assert (made.status_code, made.headers["ETag"]) == (201, f'"{version_of(kept)}"')
    assert_fits("SavepointChange", made.json())
    assert (made.json()["note"], made.json()["seq"], made.json()["actor"]) == ("now", version_of(kept), "mei")
    page = client.get(url, {"limit": 1}).json()
    assert_fits("SavepointPage", page)
    assert [row["id"] for row in page["results"]] == [made.json()["id"]]
    assert [row["id"] for row in client.get(page["next"]).json()["results"]] == [kept.pk]
    assert [row["id"] for row in client.get(ALL, {"session": kept.session_id}).json()["results"]][1:] == [kept.pk]
    assert client.get(ALL, {"kind": "BEFORE"}).json()["results"] == []
    assert_problem(client.get(ALL, {"kind": "before"}), 400, "invalid-input")
    read = client.get(one(kept.pk)).json()
    assert_fits("SavepointDetail", read)
    assert read["state"]["session"]["context"] == {"password": "••••••"}
    assert read["state"]["attempts"]["build.1"]["status"] == "ACTIVE"
    revealed = client.get(one(kept.pk), {"reveal": "true"}).json()
    assert revealed["state"]["session"]["context"] == {"password": "hunter2"}


def test_difference_is_told_without_secrets(client, kept):
    told = client.get(one(kept.pk, "diff"), headers={"accept-language": "en"})
    assert_fits("StateDifferences", told.json())
    assert (told.json()["from"], told.json()["to"]) == (kept.pk, None)
    texts = [each["text"] for each in told.json()["differences"]]
    assert "build.1: ticked: 1. Do one" in texts
    assert "context.password: •••••• → ••••••" in texts
    assert "hunter" not in told.content.decode()
    assert "hunter3" in client.get(one(kept.pk, "diff"), {"reveal": "true"}).content.decode()
    other = SavepointManager().create_savepoint(kept.session_id)
    between = client.get(one(other.pk, "diff"), {"to": kept.pk}).json()
    assert (between["to"], len(between["differences"])) == (kept.pk, 4)
    assert_problem(client.get(one(kept.pk, "diff"), {"to": f"{kept.session_id}@99"}), 404, "not-found")


def test_restore_is_tried_and_done(client, kept):
    before = version_of(kept)
    tried = client.post(one(kept.pk, "restore"), {"dry_run": True}, format="json")
    assert_fits("SavepointSession", tried.json())
    assert (tried.json()["status"], tried.json()["dry_run"], tried.json()["changed"]) == ("ACTIVE", True, True)
    assert (tried.json()["version"], version_of(kept), len(tried.json()["differences"])) == (before, before, 4)
    stale = client.post(one(kept.pk, "restore"), {}, format="json", headers={"If-Match": '"1"'})
    assert_problem(stale, 412, "stale")
    headers = {"If-Match": tried.headers["ETag"], "Idempotency-Key": "k"}
    done = client.post(one(kept.pk, "restore"), {"reason": "oops"}, format="json", headers=headers)
    assert_fits("SavepointSession", done.json())
    assert (done.status_code, done.json()["status"], done.json()["version"]) == (200, "ACTIVE", before + 1)
    again = client.post(one(kept.pk, "restore"), {"reason": "oops"}, format="json", headers=headers)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (done.json(), "true")
    assert FlowSession.objects.get(pk=kept.session_id).context == {"password": "hunter2"}
    assert_consistent(kept.session_id)
    needless = client.post(one(kept.pk, "restore"), {}, format="json")
    assert (needless.json()["changed"], version_of(kept)) == (False, before + 1)


def test_fork_is_tried_and_made_once(client, kept):
    tried = client.post(one(kept.pk, "fork"), {"name": "Other", "dry_run": True}, format="json")
    assert_fits("SavepointSession", tried.json())
    assert (tried.status_code, FlowSession.objects.count()) == (200, 1)
    headers = {"Idempotency-Key": "k"}
    made = client.post(one(kept.pk, "fork"), {"name": "Other"}, format="json", headers=headers)
    assert_fits("SavepointSession", made.json())
    assert (made.status_code, made.json()["forked_from"], made.json()["owner"]) == (201, kept.pk, "mei")
    again = client.post(one(kept.pk, "fork"), {"name": "Other"}, format="json", headers=headers)
    assert (again.json()["id"], FlowSession.objects.count()) == (made.json()["id"], 2)
    assert client.get(f"/api/v1/sessions/{made.json()['id']}/").json()["forked_from"] == kept.pk
    assert_consistent(made.json()["id"])


def test_who_may_not_is_refused(kept):
    watcher = client_for(person("watcher", watches=["platform"]).user)
    assert watcher.get(one(kept.pk, "diff")).status_code == 200
    assert_problem(watcher.get(one(kept.pk), {"reveal": "true"}), 403, "not-allowed")
    for verb in ("restore", "fork"):
        for body in ({}, {"dry_run": True}):
            assert_problem(watcher.post(one(kept.pk, verb), body, format="json"), 403, "not-allowed")
    stranger = client_for(member("stranger"))
    for url in (one(kept.pk), one(kept.pk, "diff")):
        told = assert_problem(stranger.get(url), 404, "not-found")
        unknown = assert_problem(stranger.get(url.replace("@", "x@")), 404, "not-found")
        assert str(told).replace(kept.session_id, "S") == str(unknown).replace(f"{kept.session_id}x", "S")
    assert stranger.get(ALL).json()["results"] == []


def test_token_needs_to_decide_for_restoring(kept):
    mei = person("mei", operates=["platform"])
    client = client_for(member("nobody"))
    client.logout()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(mei, 'agent', scopes=['read', 'work'])[1]}")
    assert_problem(client.post(one(kept.pk, "restore"), {}, format="json"), 403, "missing-scope")
    assert client.post(one(kept.pk, "fork"), {}, format="json").status_code == 201


def test_damaged_savepoint_is_a_conflict(client, kept):
    Savepoint.objects.filter(pk=kept.pk).update(data=b"x")
    assert_problem(client.get(one(kept.pk)), 409, "savepoint-damaged")
    assert_problem(client.get(one(kept.pk, "diff")), 409, "savepoint-damaged")
    for verb in ("restore", "fork"):
        assert_problem(client.post(one(kept.pk, verb), {}, format="json"), 409, "savepoint-damaged")
