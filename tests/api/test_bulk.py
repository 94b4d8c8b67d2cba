"""``/api/v1/sessions/bulk/``."""

import pytest
from rest_framework.test import APIClient

from sessions_app import bulk
from sessions_app.actors import Actor
from sessions_app.models import FlowSession, IdempotencyKey, SessionEvent
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import assert_consistent, event_types, snapshot

BULK = "/api/v1/sessions/bulk/"


@pytest.fixture
def three(mei, team, workflow):
    """Sessions of mei's team, by id; the second is PAUSED."""
    manager = FlowSessionManager(Actor(mei, "python", is_trusted=True))
    made = sorted(manager.create_session(workflow, f"n{number}", team=team.name).pk for number in range(3))
    manager.pause_session(made[1])
    return made


def ask(client, verb, *, dry_run=False, key=None, **body):
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(BULK, {"verb": verb, "dry_run": dry_run, **body}, format="json", headers=headers)
    assert answer.status_code == 200, answer.json()
    assert_fits("BulkPreview" if dry_run else "BulkReport", answer.json())
    assert_fits("BulkAnswer", answer.json())
    return answer.json()


def statuses():
    return list(FlowSession.objects.order_by("id").values_list("status", flat=True))


def told(body, key="outcome"):
    return [row[key] for row in body["results"]]


def test_a_trial_says_what_would_be_and_changes_nothing(api, three):
    before = snapshot()
    body = ask(api, "complete", dry_run=True, ids=[*three, "dev-none-2222"])
    assert body["matched"] == 4
    assert dict(zip([row["id"] for row in body["results"]], told(body, "code"), strict=True)) == {
        three[0]: "stages-open",
        three[1]: "illegal-transition",
        three[2]: "stages-open",
        "dev-none-2222": "not-found",
    }
    body = ask(api, "pause", dry_run=True, filter={"workflow": "dev"})
    assert told(body, "would") == ["pause", "unchanged", "pause"]
    assert body["counts"] == {"pause": 2, "unchanged": 1}
    assert told(body, "status") == ["ACTIVE", "PAUSED", "ACTIVE"]
    assert told(ask(api, "delete", dry_run=True, ids=three), "would") == ["delete"] * 3
    assert snapshot() == before


def test_each_session_is_changed_by_itself(api, three):
    body = ask(api, "pause", ids=three, reason="lunch")
    assert told(body) == ["done", "unchanged", "done"]
    assert told(body, "version") == [2, 2, 2]
    assert body["counts"] == {"done": 2, "unchanged": 1}
    assert statuses() == ["PAUSED"] * 3
    for key in three:
        assert_consistent(key)
    assert SessionEvent.objects.filter(reason="lunch").count() == 2


def test_what_is_refused_leaves_the_others_alone(api, three):
    body = ask(api, "complete", ids=three, force=True, reason="enough")
    assert told(body) == ["done", "refused", "done"]
    assert (body["results"][1]["code"], body["results"][1]["version"]) == ("illegal-transition", None)
    assert body["results"][1]["fix"]
    assert statuses() == ["COMPLETED", "PAUSED", "COMPLETED"]


def test_deletion_of_many_answers_again_under_its_key(api, three):
    first = ask(api, "delete", ids=three, key="k")
    assert told(first) == ["done"] * 3
    assert FlowSession.objects.count() == 0
    assert ask(api, "delete", ids=three, key="k") == first


@pytest.mark.parametrize("verb", bulk.VERBS)
def test_every_verb_is_known_to_the_service(mei, three, verb):
    given = bulk.order(Actor(mei, "python", is_trusted=True), verb, reason="why")
    assert len(bulk.bulk_try(Actor(mei, "python"), given, three)) == 3


def test_a_filter_and_ids_select_what_both_say(api, three, zhao):
    chosen = ask(api, "pause", dry_run=True, ids=[three[0], three[1], "nobody"], filter={"status": ["ACTIVE"]})
    assert [row["id"] for row in chosen["results"]] == sorted([three[0], "nobody"])
    assert ask(client_for(zhao), "pause", dry_run=True, filter={"status": ["ACTIVE"]})["matched"] == 0


def test_unseen_ids_answer_as_unknown_ones(zhao, three):
    for dry_run in (True, False):
        hidden, unknown = (
            ask(client_for(zhao), "abort", dry_run=dry_run, ids=[i]) for i in (three[0], "dev-none-2222")
        )
        assert str(hidden).replace(three[0], "X") == str(unknown).replace("dev-none-2222", "X")
    assert statuses() == ["ACTIVE", "PAUSED", "ACTIVE"]


def test_a_viewer_is_refused_for_each(li, three):
    body = ask(client_for(li), "pause", ids=three)
    assert (told(body), set(told(body, "code"))) == (["refused"] * 3, {"not-allowed"})


def test_a_token_without_the_scope_is_refused_at_once(mei, three):
    _row, text = create_token(Actor(mei, "python", is_trusted=True), "t", scopes=["work"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    for body in ({"verb": "abort", "ids": three}, {"verb": "pause", "filter": {"team": "platform"}}):
        refused = client.post(BULK, {**body, "dry_run": False}, format="json")
        assert_problem(refused, 403, "missing-scope")
    assert told(ask(client, "pause", ids=three)) == ["done", "unchanged", "done"]


@pytest.mark.parametrize(
    "body",
    [
        {"verb": "pause"},
        {"verb": "pause", "filter": {}},
        {"verb": "pause", "filter": {"status": [], "search": " "}},
        {"verb": "pause", "filter": {"colour": "red"}},
        {"verb": "pause", "filter": {"status": ["LOUD"]}},
        {"verb": "pause", "filter": {"created_after": "soon"}},
        {"verb": "pause", "ids": []},
        {"verb": "pause", "ids": ["x"] * 1001},
        {"verb": "pause", "ids": [1]},
        {"verb": "pause", "ids": ["x"], "force": True},
        {"verb": "explode", "ids": ["x"]},
        {"verb": "pause", "ids": ["x"], "reason": "a\x00b"},
    ],
)
def test_what_can_not_be_meant_is_refused_as_a_whole(api, flow_session, body):
    for dry_run in (True, False):
        assert_problem(api.post(BULK, {**body, "dry_run": dry_run}, format="json"), 400, "invalid-input")
    assert statuses() == ["ACTIVE"]


def test_whether_it_is_a_trial_has_to_be_said(api, flow_session):
    assert_problem(api.post(BULK, {"verb": "pause", "ids": [flow_session.pk]}, format="json"), 400, "invalid-input")


def test_a_reason_that_is_due_is_asked_for_once(api, three):
    for body in ({"verb": "fail"}, {"verb": "complete", "force": True}):
        refused = api.post(BULK, {**body, "ids": three, "dry_run": False}, format="json")
        assert_problem(refused, 400, "reason-required")


def test_strange_ids_are_unknown(api, flow_session):
    strange = ["", "\x00", "a\nb", "…" * 500]
    assert told(ask(api, "pause", dry_run=True, ids=strange), "code") == ["not-found"] * 4
    assert told(ask(api, "pause", ids=strange), "code") == ["not-found"] * 4


def test_more_than_the_limit_asks_for_a_narrower_filter(api, three, monkeypatch):
    monkeypatch.setattr("sessions_app.bulk.MOST", 2)
    refused = api.post(BULK, {"verb": "pause", "filter": {"workflow": "dev"}, "dry_run": True}, format="json")
    assert_problem(refused, 400, "too-many-sessions")


def test_a_hundred_thousand_ids_are_refused(api):
    body = {"verb": "pause", "dry_run": False, "ids": ["a"] * 100_000}
    assert_problem(api.post(BULK, body, format="json"), 400, "invalid-input")


def test_an_interrupted_request_goes_on_under_its_key(api, three, monkeypatch):
    ticks = iter([0, 0, 1000, 1000])
    monkeypatch.setattr("sessions_app.bulk.clock", lambda: next(ticks))
    selected = {"filter": {"status": ["ACTIVE", "PAUSED"]}, "reason": "over"}
    first = ask(api, "abort", key="k", **selected)
    assert told(first) == ["done", "failed", "failed"]
    assert told(first, "code") == [None, "out-of-time", "out-of-time"]
    monkeypatch.undo()
    second = ask(api, "abort", key="k", **selected)
    assert told(second) == ["done"] * 3
    assert ask(api, "abort", key="k", **selected) == second
    assert all(event_types(key).count("session.aborted") == 1 for key in three)
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"k", *(f"k:{key}" for key in three)}


def test_a_key_is_good_for_one_request(api, three):
    ask(api, "pause", ids=three, key="k" * 200)
    other = api.post(
        BULK, {"verb": "resume", "ids": three, "dry_run": False}, format="json", headers={"Idempotency-Key": "k" * 200}
    )
    assert_problem(other, 422, "idempotency-key-reused")


@pytest.mark.parametrize("sessions", [1, 3])
def test_a_trial_takes_a_fixed_number_of_queries_and_some_for_each(api, three, sessions, django_assert_num_queries):
    before = 5  # the sign-in, the user, two for their rights, the names
    with django_assert_num_queries(
        before + 11 * sessions
    ):  # the transaction's three, the lock, the savepoint's two, the writes
        ask(api, "abort", dry_run=True, ids=three[:sessions])
