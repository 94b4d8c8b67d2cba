"""Delivering what is due: order, failures, pauses, parking."""

import logging
from dataclasses import replace

import pytest

from sessions_app.services import FlowSessionManager
from status_bridge import delivery, leases
from status_bridge.models import Delivery, Lane, Subscription
from status_bridge.net import Unreachable
from status_bridge.sinks.base import ANSWER_LENGTH, Receipt
from tests.factories import publish_workflow
from tests.status_bridge.lanes_at_work import (
    lane,
    refusing,
    states,
    subscribe,
    told_sessions,
    well,
)

pytestmark = pytest.mark.django_db

DAY = 24 * 60 * 60


@pytest.fixture
def workflow(scripted):
    return publish_workflow()


def only(rows):
    (row,) = rows
    return row


def test_messages_of_a_session_arrive_in_order_and_the_lane_rests(workflow, scripted):
    subscription = subscribe()
    session_id = only(told_sessions(workflow, notes=3))
    waiting = Delivery.objects.filter(subscription=subscription).count()

    assert delivery.deliver_due() == waiting
    assert [seq for _session, seq in scripted.sent] == list(range(1, waiting + 1))
    rests = lane(subscription, session_id)
    assert (rests.due_at, rests.lease_token, rests.lease_until, rests.attempts) == (None, "", None, 0)
    assert set(states(subscription)) == {"DELIVERED"}


def test_nothing_is_sent_twice(workflow, scripted):
    subscribe()
    told_sessions(workflow)
    delivery.deliver_due()
    sent = list(scripted.sent)
    assert delivery.deliver_due() == 0
    assert scripted.sent == sent


def test_a_delivery_says_how_its_last_attempt_went(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(lambda *_: Receipt(202, "thanks\x1b[31m, ghp_" + "a" * 36))
    delivery.deliver_due()
    row = Delivery.objects.filter(subscription=subscription).first()
    assert (row.status_code, row.attempts, row.delivered_at, row.last_attempt_at) == (202, 1, clock.now, clock.now)
    assert row.answer.startswith("thanks")
    assert "\x1b" not in row.answer
    assert "a" * 36 not in row.answer


def test_what_a_receiver_says_is_cut(workflow, scripted):
    subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(refusing(answer="x" * 9000))
    delivery.deliver_due()
    assert len(Delivery.objects.exclude(answer="").get().answer) == ANSWER_LENGTH


def test_a_message_that_fails_keeps_its_lane_alone_waiting(workflow, scripted, clock):
    subscription = subscribe()
    bad, good = told_sessions(workflow, 2)
    scripted.behaviour = staticmethod(
        lambda message, target: refusing(status_code=400)(message, target) if message.session_id == bad else None
    )
    delivery.deliver_due()
    waits = lane(subscription, bad)
    assert (waits.attempts, waits.failing_since, waits.last_error) == (1, clock.now, "no")
    assert (waits.due_at - clock.now).total_seconds() == 0.5
    assert lane(subscription, good).due_at is None
    assert [entry for entry in scripted.sent if entry[0] == bad] == [(bad, 1)], "the ones behind must wait"
    subscription.refresh_from_db()
    assert (subscription.failures, subscription.hold_until, subscription.last_error) == (0, None, "")


def test_a_message_that_failed_is_tried_again_and_the_others_follow(workflow, scripted, clock):
    subscription = subscribe()
    session_id = only(told_sessions(workflow, notes=1))
    scripted.behaviour = staticmethod(refusing())
    delivery.deliver_due()
    scripted.behaviour = staticmethod(well)
    assert delivery.deliver_due() == 0, "its pause isn't over"
    clock.go_on(0.5)
    arrived = delivery.deliver_due()
    assert arrived == len(states(subscription))
    assert set(states(subscription)) == {"DELIVERED"}
    assert (lane(subscription, session_id).attempts, lane(subscription, session_id).last_error) == (0, "")
    assert Delivery.objects.order_by("id").first().attempts == 2


def test_an_unwell_receiver_is_left_alone_as_a_whole(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow, 3)
    scripted.behaviour = staticmethod(refusing(is_endpoint=True))
    delivery.deliver_due()
    assert len(scripted.sent) == 1
    subscription.refresh_from_db()
    assert (subscription.failures, subscription.failing_since, subscription.last_error) == (1, clock.now, "no")
    assert (subscription.hold_until - clock.now).total_seconds() == 0.5
    clock.go_on(0.6)
    delivery.deliver_due()
    assert len(scripted.sent) == 2, "one lane probes"
    assert len({session for session, _seq in scripted.sent}) == 2, "another one than before"


def test_a_receiver_that_is_well_again_gets_everything(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow, 3)
    scripted.behaviour = staticmethod(refusing(is_endpoint=True))
    delivery.deliver_due()
    scripted.behaviour = staticmethod(well)
    clock.go_on(0.6)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert (subscription.failures, subscription.failing_since, subscription.hold_until) == (0, None, None)
    assert (subscription.last_error, subscription.last_success_at) == ("", clock.now)
    assert set(states(subscription)) == {"DELIVERED"}


def test_other_receivers_are_told_while_one_is_unwell(workflow, scripted):
    subscribe("sub-bad")
    good = subscribe("sub-good")
    told_sessions(workflow, 2)
    scripted.behaviour = staticmethod(
        lambda message, target: refusing(is_endpoint=True)(message, target) if target.id == "sub-bad" else None
    )
    delivery.deliver_due()
    assert set(states(good)) == {"DELIVERED"}


def test_retry_after_is_honoured(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(refusing(is_endpoint=True, retry_after=120))
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert (subscription.hold_until - clock.now).total_seconds() == 120


def test_a_receiver_that_failed_for_a_day_is_parked_until_somebody_resumes(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(refusing(is_endpoint=True))
    delivery.deliver_due()
    clock.go_on(DAY)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert subscription.parked_at == clock.now
    clock.go_on(DAY)
    assert len(scripted.sent) == 2
    delivery.deliver_due()
    assert len(scripted.sent) == 2


def test_a_receiver_that_is_gone_is_parked_at_once(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(refusing(is_gone=True))
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert (subscription.parked_at, subscription.last_error) == (clock.now, "no")


@pytest.mark.parametrize("how", [{}, {"is_endpoint": True}])
def test_a_message_that_failed_for_a_day_is_parked_and_those_behind_wait(workflow, scripted, clock, how):
    """Even if the receiver blames itself each time: as long as it takes the other sessions' messages."""
    subscription = subscribe()
    bad = only(told_sessions(workflow, notes=1))
    scripted.behaviour = staticmethod(
        lambda message, target: refusing(**how)(message, target) if message.session_id == bad else None
    )
    delivery.deliver_due()
    for _try in range(3):
        told_sessions(workflow)
        clock.go_on(DAY / 2)
        delivery.deliver_due()
    parked = lane(subscription, bad)
    assert parked.parked_at is not None
    assert parked.due_at is None
    assert parked.last_error == "no"
    of_bad = Delivery.objects.filter(session_id=bad).order_by("id")
    assert [row.state for row in of_bad] == ["PARKED", *["WAITING"] * (of_bad.count() - 1)]
    subscription.refresh_from_db()
    assert subscription.parked_at is None


@pytest.mark.parametrize(
    ("error", "said", "is_endpoint"),
    [
        (KeyError("token"), "KeyError: 'token'", False),
        (Unreachable("no answer", code="timeout"), "no answer", True),
    ],
)
def test_whatever_a_sink_raises_is_told_and_tried_again(workflow, scripted, error, said, is_endpoint):
    subscription = subscribe()
    session_id = only(told_sessions(workflow))

    def fail(*_):
        raise error

    scripted.behaviour = staticmethod(fail)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert lane(subscription, session_id).last_error == said
    assert bool(subscription.failures) is is_endpoint


def test_a_kind_that_is_not_there_any_more_holds_the_subscription(workflow, scripted):
    subscription = subscribe(kind="of-a-plugin")
    told_sessions(workflow)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert "of-a-plugin" in subscription.last_error
    assert subscription.failures == 1


def test_secrets_that_cannot_be_opened_hold_the_subscription(workflow, scripted):
    subscription = subscribe(sealed="garbage")
    told_sessions(workflow)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert "another key" in subscription.last_error
    assert scripted.sent == []


def test_who_may_not_tell_any_more_is_parked_with_the_reason(workflow, scripted, monkeypatch, caplog):
    subscription = subscribe()
    told_sessions(workflow)
    monkeypatch.setattr(delivery, "why_not_allowed", lambda _subscription: "li is disabled")
    monkeypatch.setattr(logging.getLogger("workflow"), "propagate", True)
    delivery.deliver_due()
    subscription.refresh_from_db()
    assert subscription.parked_at is not None
    assert subscription.last_error == "li is disabled"
    assert scripted.sent == []
    assert "li is disabled" in caplog.text


def test_what_is_turned_off_sends_nothing(workflow, scripted):
    subscription = subscribe()
    told_sessions(workflow)
    Subscription.objects.filter(pk=subscription.pk).update(is_active=False)
    assert delivery.deliver_due() == 0
    assert scripted.sent == []


def test_where_the_newest_says_all_the_older_are_passed_over(workflow, scripted):
    subscription = subscribe(kind="scripted-newest")
    told_sessions(workflow, notes=3)
    assert delivery.deliver_due() == 1
    found = states(subscription)
    assert found == ["SKIPPED"] * (len(found) - 1) + ["DELIVERED"]
    assert scripted.sent[0][1] == len(found)


def test_a_limit_holds(workflow, scripted):
    subscribe()
    told_sessions(workflow, 3)
    delivery.deliver_due(limit=1)
    assert len({session for session, _seq in scripted.sent}) == 1


def test_what_comes_in_while_the_last_is_sent_follows_at_once(workflow, scripted):
    subscription = subscribe()
    session_id = only(told_sessions(workflow))
    last = Delivery.objects.count()

    def note(message, _target):
        if message.seq == last:
            FlowSessionManager().note_session(session_id, "meanwhile")

    scripted.behaviour = staticmethod(note)
    assert delivery.deliver_due() == last + 1
    assert lane(subscription, session_id).due_at is None


def test_a_worker_that_lost_its_lease_stores_nothing_and_stops(workflow, scripted):
    subscription = subscribe()
    session_id = only(told_sessions(workflow, notes=2))

    def lose(*_):
        Lane.objects.update(lease_token="another's")

    scripted.behaviour = staticmethod(lose)
    assert delivery.deliver_due() == 1, "it did arrive"
    assert set(states(subscription)) == {"WAITING"}
    assert lane(subscription, session_id).lease_token == "another's"
    assert len(scripted.sent) == 1


@pytest.fixture
def requests(monkeypatch):
    """The requests that sinks make, which all are answered by nothing."""
    made = []
    target_of = delivery.target_of
    answering = {"request": lambda *words, **_options: made.append(words)}
    monkeypatch.setattr(delivery, "target_of", lambda row: replace(target_of(row), **answering))
    return made


def test_the_lease_begins_anew_before_each_further_request_of_a_sink(workflow, scripted, clock, requests):
    subscription = subscribe()
    session_id = only(told_sessions(workflow))
    left = []

    def ask_twice(_message, target):
        for _request in range(2):
            clock.go_on(15)
            target.request("GET", "https://example.com/")
            left.append(lane(subscription, session_id).lease_until - clock.now)

    scripted.behaviour = staticmethod(ask_twice)
    delivery.deliver_due(limit=1)
    assert left[1] == leases.LEASE


def test_a_sink_whose_lease_is_lost_makes_no_further_request(workflow, scripted, requests):
    subscribe()
    told_sessions(workflow)

    def ask_twice(_message, target):
        target.request("GET", "https://example.com/")
        Lane.objects.update(lease_token="another's")
        target.request("GET", "https://example.com/")

    scripted.behaviour = staticmethod(ask_twice)
    assert delivery.deliver_due() == 0
    assert len(requests) == 1
    assert set(Delivery.objects.values_list("state", "error")) == {("WAITING", "")}
