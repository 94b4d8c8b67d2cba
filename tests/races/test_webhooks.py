"""Webhooks that many use at the same moment."""

import json
from functools import partial
from typing import Any, ClassVar

import pytest

from sessions_app.actors import local_actor
from sessions_app.services import FlowSessionManager
from status_bridge import signing, subscriptions
from status_bridge.incoming import take_in
from status_bridge.models import Delivery, IncomingMessage, Lane, Subscription
from status_bridge.sealing import unseal
from status_bridge.sinks import base
from status_bridge.sinks.base import Arrival, Request, Sink, Target
from tests.factories import event_types, new_session, person
from tests.races.harness import Result, kinds, race

pytestmark = pytest.mark.usefixtures("database")

URL = "https://board.example.com/"


class Looking(Sink):
    """Says that a session changed on the far side."""

    kind: ClassVar[str] = "looking"
    label: ClassVar[str] = "looking"

    def receive(self, arrival: Arrival, target: Target) -> Request:
        return Request("d1", session_id=arrival.body.decode())


def made(**given: Any) -> tuple[Subscription, str | None]:
    return subscriptions.create(local_actor(), **{"name": "board", "url": URL, "reach": "all", **given})


def wish(session_id: str, status: str) -> str:
    return json.dumps({"type": "vcflow.status.requested", "data": {"id": f"flow-{session_id}", "status": status}})


def ask(webhook_id: str, secret: str, body: str, message_id: str = "m1") -> bool:
    signed = signing.sign({"secret": secret}, message_id, body)
    return take_in(webhook_id, Arrival(signed, body.encode())).changed


def test_a_message_that_comes_eight_times_at_once_counts_once():
    row, secret = made()
    flow_session = new_session()
    results = race(*[partial(ask, row.pk, secret, wish(flow_session.pk, "ON_HOLD"))] * 8)
    assert sorted(results) == [Result("done", False)] * 7 + [Result("done", True)]
    assert event_types(flow_session).count("session.paused") == 1


def test_eight_messages_that_ask_for_the_same_at_once_change_it_once():
    row, secret = made()
    flow_session = new_session()
    body = wish(flow_session.pk, "ON_HOLD")
    results = race(*[partial(ask, row.pk, secret, body, f"m{number}") for number in range(8)])
    assert sorted(results) == [Result("done", False)] * 7 + [Result("done", True)]
    assert event_types(flow_session).count("session.paused") == 1


def test_a_lane_is_woken_once_by_one_message(monkeypatch):
    monkeypatch.setitem(base._sinks, "looking", Looking())
    row, _none = made(kind="looking", events=["stage.started"])
    flow_session = new_session()
    results = race(*[lambda: take_in(row.pk, Arrival({}, flow_session.pk.encode())).is_queued] * 8)
    assert sorted(results) == [Result("done", False)] * 7 + [Result("done", True)]
    assert Delivery.objects.filter(subscription=row).count() == 1
    assert IncomingMessage.objects.filter(subscription=row).count() == 1
    assert Lane.objects.get(subscription=row).enqueued == 1


def test_messages_and_what_happens_here_meet_in_one_lane(monkeypatch):
    monkeypatch.setitem(base._sinks, "looking", Looking())
    row, _none = made(kind="looking", events=["session.noted"])
    flow_session = new_session()
    notes = [partial(FlowSessionManager().note_session, flow_session.pk, f"n{number}") for number in range(4)]
    looks = [lambda: take_in(row.pk, Arrival({}, flow_session.pk.encode()))] * 4
    assert kinds(race(*notes, *looks)) == ["done"] * 8
    assert Delivery.objects.filter(subscription=row).count() == Lane.objects.get(subscription=row).enqueued == 5


def test_eight_that_make_the_last_webhook_make_one(monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST_PER_OWNER", 1)
    hua = person("hua")
    results = race(*[lambda: bool(subscriptions.create(hua, name="last", url=URL))] * 8)
    assert sorted(results) == [Result("done", True)] + [Result("refused", "too-many-webhooks")] * 7
    assert Subscription.objects.filter(owner=hua.user).count() == 1


def test_secrets_that_are_changed_at_once_all_take_their_turn():
    row, _secret = made()
    results = race(*[lambda: subscriptions.rotate_secret(local_actor(), row.pk)[1]] * 4)
    assert kinds(results) == ["done"] * 4
    held = unseal(Subscription.objects.get(pk=row.pk).sealed)
    assert {held["secret"], held["previous"]} < {result.value for result in results}
