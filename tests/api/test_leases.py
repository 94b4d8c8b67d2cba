"""Claims, heartbeats and what was interrupted, through the API."""

import pytest

from sessions_app.actors import Actor
from sessions_app.tokens import create_token
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.api.test_stages import STAGES, change, post
from tests.factories import events_of, publish_workflow, stage
from tests.stages_app.test_leases import run_out


@pytest.fixture
def workflow(db):
    return publish_workflow(stage("spec", items=["draft", "polish?"]), stage("build"))


@pytest.fixture
def spec(flow_session, mei):
    """An ACTIVE attempt."""
    return StageInstanceManager(Actor(mei, "python", is_trusted=True)).run_stage(flow_session.pk, "spec")


def lease(token):
    return {"Vcflow-Lease": str(token)}


def test_holder_writes_with_the_header_and_others_do_not(api, wang, spec):
    other = client_for(wang)
    claim = change(api, spec, "claim", {"seconds": 60, "holder": "agent 7"})
    body = claim.json()
    assert_fits("ClaimChange", body)
    token = body["lease"]["token"]
    assert (claim.status_code, body["version"], body["changed"], token) == (200, token, True, token)

    refused = assert_problem(change(other, spec, "items/done", {"items": [1]}), 409, "leased")
    assert refused["details"]["holder"] == "agent 7"
    assert_problem(change(other, spec, "claim"), 409, "leased")
    assert_problem(change(other, spec, "items/done", {"items": [1]}, **lease(token + 1)), 409, "lease-lost")
    assert_problem(change(other, spec, "items/done", {"items": [1]}, **lease("one")), 400, "invalid-input")
    assert change(api, spec, "items/done", {"items": [1]}, **lease(token)).status_code == 200
    seen = api.get(f"{STAGES}{spec.pk}/").json()
    assert_fits("Stage", seen)
    assert set(seen["lease"]) == {"holder", "expires_at", "expired"}

    again = change(api, spec, "claim", **lease(token)).json()
    assert (again["changed"], again["lease"]["token"]) == (False, token)
    assert change(api, spec, "complete", **lease(token)).json()["lease"] is None
    assert_problem(change(api, spec, "items", {"text": "More"}, **lease(token)), 409, "lease-lost")


def test_heartbeat_answers_until_when_and_writes_no_event(api, spec):
    token = change(api, spec, "claim", {"seconds": 60}).json()["lease"]["token"]
    run_out(spec)
    count = len(events_of(spec.session_id))
    beat = change(api, spec, "heartbeat", **lease(token))
    assert_fits("Heartbeat", beat.json())
    assert (beat.status_code, beat.json()["lease"]["expired"], beat.json()["lease"]["token"]) == (200, False, token)
    assert len(events_of(spec.session_id)) == count
    assert_problem(change(api, spec, "heartbeat"), 400, "lease-needed")
    place = f"/api/v1/sessions/{spec.session_id}/stages/spec/"
    assert post(api, f"{place}heartbeat/", **lease(token)).status_code == 200
    assert post(api, f"{place}release/", **lease(token)).json()["lease"] is None
    assert_problem(change(api, spec, "heartbeat", **lease(token)), 409, "lease-lost")


def test_claim_under_one_key_is_made_once(api, spec):
    first = change(api, spec, "claim", {}, **{"Idempotency-Key": "k"})
    again = change(api, spec, "claim", {}, **{"Idempotency-Key": "k"})
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", first.json())


def test_agent_takes_nothing_from_anybody_but_what_ran_out(api, mei, spec):
    change(api, spec, "claim")
    token = create_token(Actor(mei, "python", is_trusted=True), "agent", scopes=["read", "work"])[1]
    api.logout()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert_problem(change(api, spec, "claim", {"take": True, "reason": "mine"}), 403, "missing-scope")
    run_out(spec)
    assert change(api, spec, "claim").json()["lease"]["holder"] == "mei"


def test_what_was_interrupted_is_told_with_the_request_that_continues_it(api, spec):
    change(api, spec, "claim", {"holder": "agent 7"})
    assert api.get("/api/v1/recovery/").json() == {"results": [], "more": False}
    run_out(StageInstance.objects.get(pk=spec.pk))
    body = api.get("/api/v1/recovery/", {"workflow": "dev", "mine": "true", "limit": "5"}).json()
    assert_fits("Recovery", body)
    row = body["results"][0]
    assert (row["why"], row["who"], row["method"], row["path"]) == (
        "lease-expired",
        "agent 7",
        "POST",
        f"{STAGES}{spec.pk}/claim/",
    )
    assert post(api, row["path"], row["body"]).status_code == 200
    assert api.get("/api/v1/recovery/").json()["results"] == []
    assert_problem(api.get("/api/v1/recovery/", {"limit": "201"}), 400, "invalid-input")


def test_next_steps_are_those_of_whoever_asks(api, wang, spec):
    token = change(api, spec, "claim", {"seconds": 60, "holder": "agent 7"}).json()["lease"]["token"]
    address = f"/api/v1/sessions/{spec.session_id}/next/"
    told = client_for(wang).get(address, headers={"Accept-Language": "en"}).json()
    assert_fits("NextSteps", told)
    waits, takes = told["next"][:2]
    assert (waits["method"], waits["body"], waits["path"].endswith("/context/")) == ("GET", None, True)
    assert waits["why"].startswith("agent 7 holds the stage spec until")
    assert (takes["path"].endswith("/claim/"), takes["body"]["take"]) == (True, True)
    assert not [step for step in told["next"] if "items" in step["path"]]
    own = api.get(address, headers=lease(token)).json()["next"]
    assert own[0]["command"].endswith(f"--lease {token}")
    assert api.get(address, headers=lease("one")).status_code == 400
