"""What people do with a webhook's log: ping, look, replay, resume, skip."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from sessions_app.actors import local_actor
from sessions_app.exceptions import Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.services import FlowSessionManager
from status_bridge import subscription_deliveries as service
from status_bridge import subscriptions
from status_bridge.delivery import deliver_due
from status_bridge.models import Delivery, Lane, Subscription
from status_bridge.sinks import base
from status_bridge.sinks.base import Receipt, Sink
from status_bridge.subscription_json import delivery_json
from status_bridge.subscription_standing import state_of, why
from tests.factories import new_session, person
from tests.status_bridge.net_receiver import OK, receiving

pytestmark = pytest.mark.django_db

NO = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\n\r\nno \x1b[m!"


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)


def made(url="https://x.example/", actor=None, **given):
    reach = {} if actor else {"reach": "all"}
    return subscriptions.create(actor or local_actor(), name="board", url=url, **{**reach, **given})


def refusal_of(error, call, *args, **given):
    with pytest.raises(error) as refused:
        call(*args, **given)
    return refused.value


def log(row, **filters):
    return list(service.deliveries(local_actor(), row, **filters))


# Pinging


def test_a_ping_is_sent_at_once_and_stands_in_the_log():
    with receiving(OK) as receiver:
        row, secret = made(f"{receiver.url}/hook")
        noted = service.ping(local_actor(), row.pk)
    head, _blank, body = receiver.requests[0].partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    Webhook(secret).verify(body, {name.lower(): value for name, value in lines})
    assert json.loads(body)["type"] == "vcflow.ping"
    (stored,) = log(row)
    assert stored == noted
    assert (stored.state, stored.event_type, stored.attempts, stored.status_code) == ("DELIVERED", "ping", 1, 200)
    assert (stored.body, stored.answer) == (body.decode(), "ok")
    assert service.ping_told(noted) == f"The ping arrived: HTTP 200 after {noted.duration_ms} ms."
    assert not Lane.objects.exists()


def test_a_ping_that_is_refused_is_told_and_never_retried():
    with receiving(NO) as receiver:
        row, _secret = made(receiver.url)
        noted = service.ping(local_actor(), row.pk)
        deliver_due()
    assert receiver.hits == 1
    assert (noted.state, noted.status_code, noted.answer) == ("SKIPPED", 400, "no \\x1b[m!")
    assert service.ping_told(noted) == "The ping did not arrive: The receiver answered HTTP 400."


def test_a_ping_to_nobody_is_told():
    row, _secret = made("http://127.0.0.1:9/")
    noted = service.ping(local_actor(), row.pk)
    assert (noted.state, noted.status_code) == ("SKIPPED", None)
    assert "127.0.0.1:9" in service.ping_told(noted)


def test_a_kind_may_ping_in_its_own_way_and_what_it_raises_is_told(monkeypatch):
    class Odd(Sink):
        kind = label = "odd"

        def ping(self, target):
            raise ZeroDivisionError("\x1b[31m ghp_0123456789abcdefghijklmnopqrstuvwxyzAB")

    monkeypatch.setitem(base._sinks, "odd", Odd())
    row, secret = made(kind="odd")
    assert secret is None
    noted = service.ping(local_actor(), row.pk)
    assert noted.error == "ZeroDivisionError: \\x1b[31m ••••••"
    monkeypatch.setattr(Odd, "ping", lambda _self, _target: Receipt())
    assert service.ping_told(service.ping(local_actor(), row.pk)) == "The ping arrived."


def test_who_may_not_tell_pings_nobody():
    row, _secret = made(actor=person("mei"))
    Subscription.objects.filter(pk=row.pk).update(reach="all")
    with receiving(OK) as receiver:
        Subscription.objects.filter(pk=row.pk).update(url=receiver.url)
        refusal_of(NotAllowed, service.ping, person("mei"), row.pk)
        refusal_of(NotFound, service.ping, person("zhao"), row.pk)
    assert receiver.hits == 0


# Looking


def test_the_log_is_narrowed_by_state_session_and_event():
    row, _secret = made()
    first, second = new_session(), new_session()
    FlowSessionManager().pause_session(first.pk)
    types = [each.event_type for each in log(row)]
    assert types == ["session.paused", "session.created", "session.created"]
    assert [each.session_id for each in log(row, session=second.pk)] == [second.pk]
    assert [each.event_type for each in log(row, event="session.paused")] == ["session.paused"]
    assert log(row, state="DELIVERED") == []
    assert len(log(row, state="WAITING")) == 3


def test_a_delivery_is_shown_with_its_body_masked():
    row, _secret = made()
    flow_session = new_session(name="token ghp_0123456789abcdefghijklmnopqrstuvwxyzAB")
    (found,) = log(row)
    data = delivery_json(service.find_delivery(local_actor(), row, found.pk), with_body=True)
    assert data["body"]["subject"] == flow_session.pk
    assert "ghp_" not in str(data)


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_a_delivery_that_is_not_there_is_not_found(number):
    row, _secret = made()
    refusal_of(NotFound, service.find_delivery, local_actor(), row, number)


def test_a_delivery_of_another_webhook_is_not_found():
    row, other = made()[0], made(events=["stage.*"])[0]
    new_session()
    (found,) = log(row)
    refusal_of(NotFound, service.find_delivery, local_actor(), other, found.pk)
    refusal_of(NotFound, service.skip, local_actor(), other.pk, found.pk, reason="so")
    refusal_of(NotFound, service.replay, local_actor(), other.pk, numbers=[found.pk])


# Going on, sending again, passing over


def test_how_a_webhook_does_is_told_in_a_word_and_a_sentence():
    row, _secret = made()
    now = timezone.now()

    def told(**columns):
        Subscription.objects.filter(pk=row.pk).update(**columns)
        found = subscriptions.find(local_actor(), row.pk)
        return state_of(found), why(found)

    assert told() == ("active", None)
    assert told(failing_since=now, last_error="no answer") == ("failing", "no answer")
    assert told(parked_at=now) == ("parked", "no answer")
    assert told(is_active=False) == ("off", "it was turned off")
    assert told(is_active=True, parked_at=None, failing_since=None, last_error="")[0] == "active"
    flow_session = new_session()
    lanes = Lane.objects.filter(session_id=flow_session.pk)
    lanes.update(failing_since=now, last_error="HTTP 400")
    assert told() == ("failing", "HTTP 400")
    lanes.update(parked_at=now)
    assert told() == ("parked", "HTTP 400")
    found = subscriptions.find(local_actor(), row.pk)
    assert (found.waiting, found.parked) == (1, 1)


def test_counting_ends_somewhere(monkeypatch):
    monkeypatch.setattr("status_bridge.subscription_standing.MOST_COUNTED", 2)
    row, _secret = made()
    new_session(), new_session(), new_session()
    assert subscriptions.find(local_actor(), row.pk).waiting == 2


def test_resuming_goes_on_with_what_was_parked():
    with receiving(OK) as receiver:
        row, _secret = made(receiver.url)
        new_session()
        Subscription.objects.filter(pk=row.pk).update(parked_at=timezone.now(), last_error="gone")
        assert deliver_due() == 0
        after, count = service.resume(local_actor(), row.pk)
        assert (count, after.parked_at, state_of(after)) == (1, None, "active")
        assert deliver_due() == 1
    refusal_of(NotFound, service.resume, person("zhao"), row.pk)


def test_who_may_not_tell_any_more_does_not_go_on():
    row, _secret = made(actor=person("mei"))
    Subscription.objects.filter(pk=row.pk).update(reach="all", parked_at=timezone.now())
    refusal_of(NotAllowed, service.resume, person("mei"), row.pk)


def test_what_is_sent_again_has_the_same_id_and_body():
    with receiving(OK) as receiver:
        row, _secret = made(receiver.url)
        new_session()
        deliver_due()
        (first,) = log(row)
        assert service.replay(local_actor(), row.pk, numbers=[first.pk, first.pk])[1] == 1
        again, _first = log(row)
        assert (again.message_id, again.body, again.replay_of_id) == (first.message_id, first.body, first.pk)
        assert deliver_due() == 1
    bodies = [request.partition(b"\r\n\r\n")[2] for request in receiver.requests]
    assert bodies[0] == bodies[1]


def test_a_time_means_what_was_created_since_but_no_pings_replays_and_what_still_waits():
    with receiving(OK) as receiver:
        row, _secret = made(receiver.url)
        new_session()
        middle = timezone.now()
        new_session()
        service.ping(local_actor(), row.pk)
        deliver_due()
        _ping, newest, _oldest = log(row)
        for _time in range(2):
            assert service.replay(local_actor(), row.pk, since=middle)[1] == 1
            assert log(row)[0].replay_of_id == newest.pk
            deliver_due()
        new_session()
        assert service.replay(local_actor(), row.pk, since=middle)[1] == 1
        assert service.replay(local_actor(), row.pk, since=middle + timedelta(hours=1))[1] == 0


def test_too_much_is_not_sent_again(monkeypatch):
    monkeypatch.setattr(service, "MOST_REPLAYED", 1)
    row, _secret = made()
    new_session(), new_session()
    Delivery.objects.update(state="DELIVERED")
    numbers = [each.pk for each in log(row)]
    for given in ({"numbers": numbers}, {"since": timezone.now() - timedelta(hours=1)}):
        assert refusal_of(InvalidInput, service.replay, local_actor(), row.pk, **given).code == "too-many-deliveries"
    assert len(log(row)) == 2


def test_what_to_send_again_is_said_in_one_way():
    row, _secret = made()
    for given in ({}, {"numbers": [1], "since": timezone.now()}):
        refusal_of(InvalidInput, service.replay, local_actor(), row.pk, **given)


def test_a_webhook_that_is_off_sends_nothing_again():
    row, _secret = made(is_active=False)
    assert refusal_of(Conflict, service.replay, local_actor(), row.pk, numbers=[1]).code == "webhook-off"


def test_what_is_passed_over_says_by_whom_and_why():
    row, _secret = made()
    flow_session = new_session()
    FlowSessionManager().pause_session(flow_session.pk)
    second, first = log(row)
    after, skipped = service.skip(local_actor(), row.pk, first.pk, reason="no such card")
    assert (skipped.state, skipped.error) == ("SKIPPED", "Passed over by local: no such card")
    assert after.waiting == 1
    assert log(row, state="WAITING") == [second]
    refused = refusal_of(Conflict, service.skip, local_actor(), row.pk, first.pk, reason="again")
    assert (refused.code, refused.details["state"]) == ("not-waiting", "SKIPPED")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x1bb"])
def test_passing_over_needs_a_reason(reason):
    row, _secret = made()
    new_session()
    refusal_of(InvalidInput, service.skip, local_actor(), row.pk, log(row)[0].pk, reason=reason)
    assert log(row)[0].state == "WAITING"


@pytest.mark.parametrize("text", ["2026-03-02T08:00:00Z", "2026-03-02T08:00:00+08:00", "2026-03-02T08:00"])
def test_a_time_is_read(text):
    assert service.parse_since(text).year == 2026


def test_what_is_no_time_is_refused():
    assert refusal_of(InvalidInput, service.parse_since, "yesterday").details["field"] == "since"
