"""``POST /api/v1/webhooks/{id}/incoming/``."""

import json

import pytest
from django.test import Client
from rest_framework.test import APIClient

from sessions_app import rates
from sessions_app.models import FlowSession
from status_bridge import signing, subscriptions
from tests.api.attacks import fault, places, with_value
from tests.api.conftest import assert_fits, assert_problem
from tests.api.hostile import VALUES
from tests.factories import person, snapshot

URL = "https://board.example.com/"


@pytest.fixture
def board(flow_session):
    return subscriptions.create(person("mei"), name="board", url=URL)


def wish(flow_session, status="ON_HOLD", **more):
    data = {"id": f"flow-{flow_session.pk}", "status": status, **more}
    return json.dumps({"type": "vcflow.status.requested", "data": data})


def send(webhook_id, secret, body, message_id="m1", *, client=None, content_type="application/json", **headers):
    signed = signing.sign({"secret": secret}, message_id, body)
    return (client or Client(enforce_csrf_checks=True)).post(
        f"/api/v1/webhooks/{webhook_id}/incoming/",
        body,
        content_type=content_type,
        headers={**signed, **headers},
    )


@pytest.mark.parametrize("content_type", ["application/json", "application/cloudevents+json", "text/plain", ""])
def test_a_signed_wish_is_done_without_login_and_csrf_token(board, flow_session, content_type):
    row, secret = board
    answer = send(row.pk, secret, wish(flow_session, by="gao"), content_type=content_type)
    assert answer.status_code == 200, answer.content
    assert_fits("Taken", answer.json())
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (answer.json()["changed"], answer.json()["entry"]["status"]) == (True, "ON_HOLD")
    assert FlowSession.objects.get(pk=flow_session.pk).status == "PAUSED"


def test_the_same_message_is_answered_again_and_done_once(board, flow_session):
    row, secret = board
    first = send(row.pk, secret, wish(flow_session))
    again = send(row.pk, secret, wish(flow_session))
    assert (first.json()["changed"], again.json()["changed"]) == (True, False)
    assert again.status_code == 200
    assert again.json()["entry"] == first.json()["entry"]


def test_refusals_are_problems_as_everywhere(board, flow_session):
    row, secret = board
    before = snapshot()
    cases = {
        wish(flow_session, "COMPLETED"): (422, "stages-open"),
        wish(flow_session, "PENDING"): (409, "illegal-transition"),
        wish(flow_session, "FAILED"): (400, "reason-required"),
        wish(flow_session, version=99): (412, "stale"),
        wish(flow_session).replace(flow_session.pk, "dev-none-2345"): (404, "not-found"),
        "[]": (400, "invalid-input"),
        "": (400, "invalid-input"),
    }
    for number, (body, (status, code)) in enumerate(cases.items()):
        assert_problem(send(row.pk, secret, body, f"m{number}"), status, code)
    assert snapshot() == before


def test_strangers_learn_nothing(board, flow_session):
    """Not whether there is such a webhook, nor whether it is on, nor what is wrong with the signature."""
    row, secret = board
    body, before = wish(flow_session), snapshot()
    off, off_secret = subscriptions.create(person("mei"), name="off", url=URL, is_active=False)
    answers = [
        send(row.pk, signing.new_secret(), body),
        send(row.pk, secret, body, **{"webhook-signature": "v1,AAAA"}),
        send(row.pk, secret, body, **{"webhook-timestamp": "1"}),
        send(row.pk, secret, body, **{"webhook-id": ""}),
        send(row.pk, secret, body, "x" * 201),
        send("wh_0", secret, body),
        send("%01", secret, body),
        send(off.pk, off_secret, body),
        Client().post(f"/api/v1/webhooks/{row.pk}/incoming/"),
        Client().post(f"/api/v1/webhooks/{row.pk}/incoming/", b"\xff\xfe", content_type="application/json"),
    ]
    problems = [assert_problem(answer, 403, "bad-signature") for answer in answers]
    assert all(problem == problems[0] for problem in problems)
    off.delete()
    assert snapshot() == before


def test_a_login_replaces_no_signature(board, flow_session, mei):
    client = APIClient()
    client.force_login(mei)
    assert_problem(send(board[0].pk, signing.new_secret(), wish(flow_session), client=client), 403, "bad-signature")


def test_only_posts_are_taken_and_nothing_is_looked_for_in_the_query(board, flow_session):
    row, secret = board
    assert_problem(Client().get(f"/api/v1/webhooks/{row.pk}/incoming/"), 405, "method-not-allowed")
    assert_problem(send(f"{row.pk}", secret, wish(flow_session), client=_Querying()), 400, "invalid-input")


class _Querying(Client):
    def post(self, path, *args, **kwargs):
        return super().post(f"{path}?colour=red", *args, **kwargs)


def test_more_than_a_megabyte_is_refused(board):
    row, secret = board
    assert_problem(send(row.pk, secret, "x" * (1024 * 1024 + 1)), 413, "too-large")


def test_an_address_asks_only_so_often(board, flow_session, settings):
    settings.VCFLOW_API_RATE = (2, 60)
    rates.forget("address:127.0.0.1")
    answers = [send(board[0].pk, signing.new_secret(), "{}") for _time in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert int(answers[2].headers["Retry-After"]) >= 1
    rates.forget("address:127.0.0.1")


def test_a_webhook_is_used_only_so_often_wherever_from(board, flow_session, settings):
    row, secret = board
    settings.VCFLOW_API_RATE = (2, 60)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    statuses = []
    for number, key in enumerate([signing.new_secret(), secret, secret, secret]):
        answer = send(row.pk, key, '{"type": "other"}', f"m{number}", **{"X-Forwarded-For": f"192.0.2.{number}"})
        statuses.append(answer.status_code)
    assert statuses == [403, 200, 200, 429]


WISH = {"type": "vcflow.status.requested", "data": {"id": "flow-x", "status": "ON_HOLD", "version": 1}}
PLACES = sorted({place for place, _alike in places({"$ref": "/StatusWish"})}, key=str)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_hostile_values_that_are_signed_break_nothing(board, flow_session, place):
    row, secret = board
    signed_wish = {**WISH, "data": {**WISH["data"], "id": f"flow-{flow_session.pk}"}}
    for number, (title, value) in enumerate(VALUES.items()):
        answer = send(row.pk, secret, with_value(signed_wish, place, value).decode(), f"m{number}")
        assert fault(answer, 0) == "", title


@pytest.mark.parametrize("count", [1, 3])
def test_a_wish_takes_the_same_queries_however_many_webhooks_there_are(
    board, flow_session, count, django_assert_num_queries
):
    row, secret = board
    for number in range(count):
        subscriptions.create(person("zhao"), name=f"w{number}", url=URL)
    with django_assert_num_queries(21):
        assert send(row.pk, secret, wish(flow_session, version=flow_session.version)).json()["changed"]
