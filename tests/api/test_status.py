"""``/status/``: entries of the status system by REST."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge.models import StatusEntry
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import assert_entry_tells, event_types, publish_workflow

pytestmark = pytest.mark.django_db

STATUS = "/api/v1/status/"


def patch(client, flow_session, headers=None, **body):
    return client.patch(f"{STATUS}flow-{flow_session.pk}/", body, format="json", headers=headers or {})


@pytest.fixture
def trusted(mei):
    return FlowSessionManager(Actor(mei, "python", is_trusted=True))


def ids(answer):
    assert_fits("StatusEntryPage", json.loads(answer.content))
    return [row["session_id"] for row in answer.json()["results"]]


def test_list_shows_what_the_caller_sees_last_changed_first(api, zhao, li, trusted, workflow):
    first, second = (trusted.create_session(workflow, name, team="platform").pk for name in ("One", "Two"))
    assert ids(api.get(STATUS)) == [second, first]
    trusted.pause_session(first)
    assert ids(api.get(STATUS)) == [first, second]
    assert ids(client_for(li).get(STATUS, {"ordering": "id"})) == sorted([first, second])
    assert ids(client_for(zhao).get(STATUS)) == []


def test_list_filters(api, trusted, workflow, team):
    other = publish_workflow(id="docs")
    first = trusted.create_session(workflow, "Übung 100%", team="platform").pk
    second = trusted.create_session(other, "Two").pk
    trusted.pause_session(second)
    soon = (timezone.now() + timedelta(minutes=1)).isoformat()
    for query, found in {
        "status=ON_HOLD": [second],
        "status=ON_HOLD&status=IN_PROGRESS": [second, first],
        "workflow=docs": [second],
        "team=platform": [first],
        "team=nobody": [],
        "search=100%25": [first],
        f"search={second[-4:]}": [second],
        f"updated_after={soon.replace('+', '%2B')}": [],
        f"updated_before={soon.replace('+', '%2B')}": [second, first],
    }.items():
        assert ids(api.get(f"{STATUS}?{query}")) == found, query


@pytest.mark.parametrize(
    "query", ["status=DONE", "nothing=1", "ordering=name", "limit=0", "cursor=x", "updated_after=x"]
)
def test_list_that_cannot_be_asked_for_is_refused(api, query):
    body = assert_problem(api.get(f"{STATUS}?{query}"), 400, "invalid-cursor" if "cursor" in query else "invalid-input")
    assert body["details"]["field"] == query.partition("=")[0]


def test_list_is_paged(api, trusted, workflow):
    made = [trusted.create_session(workflow).pk for _number in range(5)]
    for ordering in ("updated_at", "-updated_at", "id", "-id"):
        seen, address = [], f"{STATUS}?limit=2&ordering={ordering}"
        while address:
            page = api.get(address).json()
            seen += [row["session_id"] for row in page["results"]]
            address = page["next"]
        expected = sorted(made) if "id" in ordering else made
        assert seen == (expected[::-1] if ordering.startswith("-") else expected)


def test_operator_of_two_teams_pages_through_what_either_shows(wang, mei, trusted, workflow):
    wang.groups.add(Group.objects.create(name="second"))
    mei.groups.add(Group.objects.get(name="second"))
    made = [trusted.create_session(workflow, team=name).pk for name in ("platform", "second", "platform", "second")]
    seen, address = [], f"{STATUS}?limit=1"
    while address:
        page = client_for(wang).get(address).json()
        seen += [row["session_id"] for row in page["results"]]
        address = page["next"]
    assert seen == made[::-1]


def test_entry_says_what_may_be_asked_for(api, li, zhao, flow_session):
    answer = api.get(f"{STATUS}flow-{flow_session.pk}/")
    assert_fits("StatusEntry", json.loads(answer.content))
    body = answer.json()
    assert (body["id"], body["session_id"], body["status"]) == (
        f"flow-{flow_session.pk}",
        flow_session.pk,
        "IN_PROGRESS",
    )
    assert body["allowed_statuses"] == ["ON_HOLD", "COMPLETED", "FAILED", "CANCELED"]
    assert (body["deliveries"], body["conflicts"]) == ({"waiting": 0, "parked": 0}, 0)
    assert answer.headers["ETag"] == '"1"'
    assert client_for(li).get(f"{STATUS}flow-{flow_session.pk}/").json()["allowed_statuses"] == []
    assert_problem(client_for(zhao).get(f"{STATUS}flow-{flow_session.pk}/"), 404, "not-found")


@pytest.mark.parametrize("status_id", ["{id}", "flow-", "flow-{id}x", "Flow-{id}", "flow-%F0%9F%98%80"])
def test_ids_are_exact(api, flow_session, status_id):
    address = STATUS + status_id.format(id=flow_session.pk) + "/"
    assert_problem(api.get(address), 404, "not-found")
    assert_problem(api.patch(address, {"status": "ON_HOLD"}, format="json"), 404, "not-found")
    assert_problem(api.post(f"{address}sync/"), 404, "not-found")
    assert len(event_types(flow_session)) == 1


def test_asking_for_a_status_does_the_verb(api, flow_session):
    answer = patch(api, flow_session, status="ON_HOLD", reason="lunch")
    body = json.loads(answer.content)
    assert_fits("StatusChange", body)
    assert (body["changed"], body["version"], answer.headers["ETag"]) == (True, 2, '"2"')
    assert (body["entry"]["status"], body["session"]["status"]) == ("ON_HOLD", "PAUSED")
    assert body["entry"]["allowed_statuses"] == ["IN_PROGRESS", "FAILED", "CANCELED"]
    assert body["session"]["allowed_actions"] == ["resume", "fail", "abort"]
    event = flow_session.events.get(seq=2)
    assert (event.type, event.door, event.actor, event.reason) == ("session.paused", "api", "mei", "lunch")
    again = patch(api, flow_session, status="ON_HOLD").json()
    assert (again["changed"], again["version"]) == (False, 2)


def test_refusals_are_problems_and_change_nothing(api, flow_session):
    for status, code, given in (
        (409, "illegal-transition", {"status": "PENDING"}),
        (422, "stages-open", {"status": "COMPLETED"}),
        (400, "reason-required", {"status": "FAILED"}),
        (400, "reason-required", {"status": "COMPLETED", "force": True}),
        (400, "invalid-input", {"status": "ON_HOLD", "force": True}),
        (400, "invalid-input", {"status": "PAUSED"}),
        (400, "invalid-input", {}),
        (400, "invalid-input", {"status": "ON_HOLD", "progress": 50}),
    ):
        assert_problem(patch(api, flow_session, **given), status, code)
    assert len(event_types(flow_session)) == 1


def test_stale_requests_are_refused(api, flow_session, trusted):
    trusted.note_session(flow_session.pk, "seen")
    assert_problem(patch(api, flow_session, {"If-Match": '"1"'}, status="ON_HOLD"), 412, "stale")
    assert_problem(patch(api, flow_session, {"If-Match": '"1"'}, status="PENDING"), 412, "stale")
    assert patch(api, flow_session, {"If-Match": '"2"'}, status="ON_HOLD").status_code == 200


@pytest.mark.parametrize("meanwhile", [None, "resume", "abort"])
def test_same_key_is_answered_alike_whatever_happened_since(api, flow_session, trusted, meanwhile):
    first = patch(api, flow_session, {"Idempotency-Key": "k"}, status="ON_HOLD")
    if meanwhile:
        getattr(trusted, f"{meanwhile}_session")(flow_session.pk)
    events = len(event_types(flow_session))
    again = patch(api, flow_session, {"Idempotency-Key": "k"}, status="ON_HOLD")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert len(event_types(flow_session)) == events
    other = patch(api, flow_session, {"Idempotency-Key": "k"}, status="IN_PROGRESS")
    assert_problem(other, 422, "idempotency-key-reused")


def test_key_of_a_refused_request_stays_free(api, flow_session):
    assert_problem(patch(api, flow_session, {"Idempotency-Key": "k"}, status="PENDING"), 409, "illegal-transition")
    assert patch(api, flow_session, {"Idempotency-Key": "k"}, status="ON_HOLD").status_code == 200


def test_sync_writes_the_entry_anew_and_says_what_it_changed(api, li, flow_session):
    address = f"{STATUS}flow-{flow_session.pk}/sync/"
    same = json.loads(api.post(address).content)
    assert_fits("StatusSync", same)
    assert (same["changed"], same["changes"]) == (False, {})
    StatusEntry.objects.update(status="FAILED")
    assert_problem(client_for(li).post(address), 403, "not-allowed")
    answer = api.post(address, headers={"Idempotency-Key": "k", "If-Match": '"1"'})
    body = json.loads(answer.content)
    assert_fits("StatusSync", body)
    assert (body["changed"], body["version"]) == (True, 1)
    assert body["changes"] == {"status": {"before": "FAILED", "after": "IN_PROGRESS"}}
    assert api.post(address, headers={"Idempotency-Key": "k", "If-Match": '"1"'}).json() == answer.json()
    assert_problem(api.post(address, headers={"If-Match": '"7"'}), 412, "stale")
    assert_entry_tells(FlowSession.objects.get(pk=flow_session.pk))


def test_session_shows_its_entry(api, flow_session):
    StageInstanceManager(Actor(flow_session.owner, "python", is_trusted=True)).run_stage(flow_session.pk, "build")
    session = f"/api/v1/sessions/{flow_session.pk}/"
    for address, schema in (
        (session, "SessionDetail"),
        (f"{session}progress/", "SessionProgress"),
        (f"{session}context/", "SessionBrief"),
    ):
        body = json.loads(api.get(address).content)
        assert_fits(schema, body)
        entry = body["status_entry"]
        assert (entry["id"], entry["current_stage"]) == (f"flow-{flow_session.pk}", "build")
        assert (entry["deliveries"], entry["conflicts"]) == ({"waiting": 0, "parked": 0}, 0)
    for query in ("expand=stages", "fields=id,status_entry"):
        [row] = api.get(f"/api/v1/sessions/?{query}").json()["results"]
        assert row["status_entry"]["status"] == "IN_PROGRESS"


def test_names_are_masked(api, trusted, workflow):
    trusted.create_session(workflow, "git@ghp_" + "a1" * 20)
    assert "a1a1a1" not in api.get(STATUS).text
