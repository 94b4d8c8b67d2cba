"""``/api/v1/webhooks/``."""

import pytest

from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from status_bridge import signing, subscriptions
from status_bridge.delivery import deliver_due
from status_bridge.models import Delivery, Subscription
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.api.test_tokens import with_token
from tests.factories import person, snapshot
from tests.status_bridge.net_receiver import OK, receiving

WEBHOOKS = "/api/v1/webhooks/"
URL = "https://board.example.com/hooks?team=a"


def post(client, address, body=None):
    return client.post(address, body or {}, format="json")


def patch(client, address, body):
    return client.patch(address, body, format="json")


@pytest.fixture
def made(api):
    answer = post(api, WEBHOOKS, {"name": "board", "url": URL})
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def address(made):
    return f"{WEBHOOKS}{made['id']}/"


@pytest.fixture
def told(made, flow_session):
    """Three deliveries of mei's session, the newest first."""
    FlowSessionManager(person("mei")).pause_session(flow_session.pk)
    FlowSessionManager(person("mei")).resume_session(flow_session.pk)
    return list(Delivery.objects.filter(subscription=made["id"]))


def test_the_secret_is_in_the_answers_of_making_and_changing_it_alone(made, address, api):
    assert_fits("MadeWebhook", made)
    assert signing.check_secret(made["secret"])
    rotated = post(api, f"{address}rotate/")
    assert_fits("MadeWebhook", rotated.json())
    assert rotated.headers["Cache-Control"] == "private, no-store"
    second = rotated.json()["secret"]
    assert second != made["secret"]
    answers = [
        api.get(WEBHOOKS),
        api.get(address),
        patch(api, address, {"name": "b"}),
        patch(api, address, {"secrets": {"secret": signing.new_secret()}}),
        post(api, f"{address}resume/"),
        api.get(f"{address}deliveries/"),
        api.delete(address),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.content
        assert "whsec_" not in answer.content.decode()


def test_a_webhook_is_read_listed_changed_and_deleted(made, address, api):
    read = api.get(address).json()
    assert_fits("Webhook", read)
    assert read["url"] == "https://board.example.com/hooks?team=••••••"
    assert (read["state"], read["why"], read["waiting"], read["parked"]) == ("active", None, 0, 0)
    page = api.get(WEBHOOKS).json()
    assert_fits("WebhookPage", page)
    assert page["results"] == [read]
    changed = patch(api, address, {"is_active": False, "events": ["session.*"]}).json()
    assert_fits("ChangedWebhook", changed)
    assert (changed["changed"], changed["state"], changed["events"]) == (True, "off", ["session.*"])
    assert patch(api, address, {"url": read["url"]}).json()["changed"] is False
    assert_fits("Webhook", api.delete(address).json())
    assert_problem(api.get(address), 404, "not-found")


def test_a_workflow_is_given_and_taken_away(address, api, workflow):
    assert patch(api, address, {"workflow_id": workflow}).json()["workflow_id"] == workflow
    assert patch(api, address, {"workflow_id": None}).json()["workflow_id"] is None
    assert_problem(patch(api, address, {"workflow_id": "nowhere"}), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid-input"),
        ({"name": "x"}, 400, "invalid-input"),
        ({"name": "x", "url": "http://169.254.169.254/latest"}, 400, "unsafe-address"),
        ({"name": "x", "url": "https://10.1.2.3/"}, 400, "unsafe-address"),
        ({"name": "x", "url": URL, "kind": "pigeon"}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "events": ["session.dances"]}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "secrets": {"secret": "x"}}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "secrets": {"secret": 7}}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "options": {"a": 1}}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "reach": "all"}, 403, "not-allowed"),
        ({"name": "x", "url": URL, "team": "platform"}, 403, "not-allowed"),
        ({"name": "x", "url": URL, "team": "nobody"}, 404, "not-found"),
        ({"name": "x", "url": URL, "sealed": "x"}, 400, "invalid-input"),
        ({"name": "x", "url": URL, "owner": "zhao"}, 400, "invalid-input"),
    ],
)
def test_what_can_not_be_is_refused(api, body, status, code):
    before = snapshot()
    assert_problem(post(api, WEBHOOKS, body), status, code)
    assert snapshot() == before


def test_others_webhooks_are_unknown_whatever_is_asked(address, told, zhao):
    client, delivery = client_for(zhao), f"{address}deliveries/{told[0].pk}/"
    before = snapshot()
    answers = [
        client.get(address),
        patch(client, address, {"name": "mine"}),
        client.delete(address),
        client.get(f"{address}deliveries/"),
        client.get(delivery),
        *(post(client, f"{address}{verb}/") for verb in ("rotate", "ping", "resume")),
        post(client, f"{address}replay/", {"deliveries": [told[0].pk]}),
        post(client, f"{delivery}skip/", {"reason": "so"}),
    ]
    for answer in answers:
        assert_problem(answer, 404, "not-found")
    assert client.get(WEBHOOKS).json()["results"] == []
    assert snapshot() == before


def test_a_teams_webhook_is_its_operators(wang, mei, li):
    made = post(client_for(wang), WEBHOOKS, {"name": "board", "url": URL, "team": "platform"}).json()
    assert (made["reach"], made["team"], made["owner"]) == ("team", "platform", "wang")
    for looker in (mei, li):
        assert_problem(client_for(looker).get(f"{WEBHOOKS}{made['id']}/"), 404, "not-found")


@pytest.mark.parametrize("scopes", [["read"], ["read", "work", "decide", "admin"]])
def test_a_token_needs_the_scope(db, made, address, scopes):
    client = with_token(create_token(person("mei"), "t", scopes=scopes)[1])
    for answer in (client.get(WEBHOOKS), client.get(address), post(client, f"{address}rotate/")):
        assert assert_problem(answer, 403, "missing-scope")["details"]["scope"] == "webhook"


def test_reading_needs_the_scope_to_read_too(db, address):
    client = with_token(create_token(person("mei"), "t", scopes=["webhook"])[1])
    assert assert_problem(client.get(address), 403, "missing-scope")["details"]["scope"] == "read"


def test_a_token_that_may_not_decide_takes_no_secret_that_may(address):
    client = with_token(create_token(person("mei"), "t", scopes=["read", "webhook"])[1])
    assert assert_problem(post(client, f"{address}rotate/"), 403, "missing-scope")["details"]["scope"] == "work"


def test_nobody_makes_more_than_fifty(api, monkeypatch, made):
    monkeypatch.setattr(subscriptions, "MOST_PER_OWNER", 1)
    assert_problem(post(api, WEBHOOKS, {"name": "x", "url": URL}), 409, "too-many-webhooks")


# Deliveries


def test_the_log_is_told_by_pages_newest_first(told, address, api):
    first = api.get(f"{address}deliveries/?limit=2").json()
    assert_fits("DeliveryPage", first)
    second = api.get(first["next"]).json()
    ids = [row["id"] for page in (first, second) for row in page["results"]]
    assert ids == [delivery.pk for delivery in told]
    assert second["next"] is None
    assert "body" not in first["results"][0]


def test_the_log_is_narrowed(told, address, api, flow_session):
    log = f"{address}deliveries/"
    assert [row["event"] for row in api.get(log, {"event": "session.paused"}).json()["results"]] == ["session.paused"]
    assert len(api.get(log, {"session": flow_session.pk, "state": "WAITING"}).json()["results"]) == len(told)
    assert api.get(log, {"session": "none"}).json()["results"] == []
    for query in ({"state": "LOST"}, {"state": ""}, {"colour": "red"}):
        assert_problem(api.get(log, query), 400, "invalid-input")


def test_a_delivery_is_read_with_its_body(told, address, api, flow_session):
    read = api.get(f"{address}deliveries/{told[0].pk}/").json()
    assert_fits("DeliveryDetail", read)
    assert read["body"]["data"]["entry"]["id"] == f"flow-{flow_session.pk}"
    for number in ("0", "99999999999999999999999"):
        assert_problem(api.get(f"{address}deliveries/{number}/"), 404, "not-found")


@pytest.fixture
def loopback(settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)


def test_a_ping_says_how_it_went(loopback, api, address):
    with receiving(OK) as receiver:
        patch(api, address, {"url": receiver.url})
        pinged = post(api, f"{address}ping/").json()
    assert_fits("Ping", pinged)
    assert (pinged["arrived"], pinged["delivery"]["status_code"], pinged["delivery"]["answer"]) == (True, 200, "ok")
    failed = post(api, f"{address}ping/")
    assert failed.status_code == 200
    assert failed.json()["arrived"] is False
    assert "127.0.0.1" in failed.json()["told"]
    assert [row["event"] for row in api.get(f"{address}deliveries/").json()["results"]] == ["ping", "ping"]


def test_deliveries_are_sent_again_and_go_on_after_a_pause(loopback, api, address, told):
    with receiving(OK) as receiver:
        patch(api, address, {"url": receiver.url})
        Subscription.objects.update(parked_at="2026-03-01T00:00:00Z", last_error="no")
        assert api.get(address).json()["state"] == "parked"
        resumed = post(api, f"{address}resume/").json()
        assert_fits("ResumedWebhook", resumed)
        assert (resumed["resumed"], resumed["state"], resumed["waiting"]) == (1, "active", len(told))
        deliver_due()
        replayed = post(api, f"{address}replay/", {"deliveries": [told[0].pk]}).json()
        assert_fits("ReplayedWebhook", replayed)
        assert (replayed["replayed"], replayed["waiting"]) == (1, 1)
        assert post(api, f"{address}replay/", {"since": "2020-01-01T00:00:00Z"}).json()["replayed"] == len(told)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"deliveries": []},
        {"deliveries": ["1"]},
        {"since": "yesterday"},
        {"deliveries": [1], "since": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_to_send_again_is_checked(api, address, body):
    assert_problem(post(api, f"{address}replay/", body), 400, "invalid-input")


def test_what_can_not_be_sent_again_is_told(api, address, told):
    assert_problem(post(api, f"{address}replay/", {"deliveries": [told[0].pk, 10**15]}), 404, "not-found")
    patch(api, address, {"is_active": False})
    assert_problem(post(api, f"{address}replay/", {"deliveries": [told[0].pk]}), 409, "webhook-off")


def test_a_message_is_passed_over_once(api, address, told):
    skip = f"{address}deliveries/{told[-1].pk}/skip/"
    assert_problem(post(api, skip, {"reason": ""}), 400, "invalid-input")
    assert_problem(post(api, skip, {"reason": " "}), 400, "reason-required")
    skipped = post(api, skip, {"reason": "no such card"}).json()
    assert_fits("Delivery", skipped)
    assert skipped["state"] == "SKIPPED"
    assert "mei" in skipped["error"]
    assert skipped["error"].endswith("no such card")
    assert_problem(post(api, skip, {"reason": "again"}), 409, "not-waiting")
