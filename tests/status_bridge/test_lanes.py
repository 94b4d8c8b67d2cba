"""What people do with messages that wait, and what is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from status_bridge import delivery, lanes, leases, upkeep
from status_bridge.models import Delivery, IncomingMessage, Lane, Subscription, WorkerBeat
from tests.factories import publish_workflow
from tests.status_bridge.lanes_at_work import lane, refusing, states, subscribe, told_sessions, well

pytestmark = pytest.mark.django_db

DAY = 24 * 60 * 60


@pytest.fixture
def workflow(scripted):
    return publish_workflow()


@pytest.fixture
def parked(workflow, scripted, clock):
    """A subscription with a session whose first message is parked, and the session's id."""
    subscription = subscribe()
    (session_id,) = told_sessions(workflow, notes=2)
    scripted.behaviour = staticmethod(refusing())
    delivery.deliver_due()
    clock.go_on(DAY)
    delivery.deliver_due()
    assert states(subscription)[0] == "PARKED"
    scripted.behaviour = staticmethod(well)
    scripted.sent.clear()
    return subscription, session_id


def test_what_is_resumed_goes_out_in_order(parked, scripted):
    subscription, session_id = parked
    assert lanes.resume(subscription) == 1
    assert "PARKED" not in states(subscription)
    delivery.deliver_due()
    assert scripted.sent == [(session_id, seq) for seq in range(1, len(states(subscription)) + 1)]
    assert set(states(subscription)) == {"DELIVERED"}


def test_what_is_resumed_begins_to_fail_anew(parked, scripted, clock):
    subscription, session_id = parked
    lanes.resume(subscription)
    scripted.behaviour = staticmethod(refusing())
    delivery.deliver_due()
    failing = lane(subscription, session_id)
    assert (failing.attempts, failing.failing_since, failing.parked_at) == (1, clock.now, None)


def test_a_subscription_is_resumed_whatever_held_it(workflow, scripted, clock):
    subscription = subscribe(parked_at=clock.now, failures=9, failing_since=clock.now, last_error="no")
    told_sessions(workflow, 2)
    assert lanes.resume(subscription) == 2
    subscription.refresh_from_db()
    assert (subscription.parked_at, subscription.failures, subscription.failing_since) == (None, 0, None)
    assert (subscription.hold_until, subscription.last_error) == (None, "")
    delivery.deliver_due()
    assert set(states(subscription)) == {"DELIVERED"}


def test_resuming_tries_at_once_what_waits_for_its_next_attempt(workflow, scripted, clock):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(refusing(retry_after=3600))
    delivery.deliver_due()
    scripted.behaviour = staticmethod(well)
    assert delivery.deliver_due() == 0
    lanes.resume(subscription)
    assert delivery.deliver_due() > 0


def test_resuming_leaves_lanes_in_flight_and_those_of_others_alone(workflow, clock):
    subscription, other = subscribe("sub-1"), subscribe("sub-2", parked_at=clock.now)
    told_sessions(workflow)
    held = leases.claim()
    lanes.resume(subscription)
    leases.renew(held)
    assert leases.claim() is None
    other.refresh_from_db()
    assert other.parked_at is not None


def test_passing_over_the_parked_head_lets_the_others_go_on(parked, scripted):
    subscription, session_id = parked
    assert lanes.skip(Delivery.objects.order_by("id").first()) is True
    delivery.deliver_due()
    assert [seq for _session, seq in scripted.sent] == list(range(2, len(states(subscription)) + 1))
    assert states(subscription)[0] == "SKIPPED"
    assert lane(subscription, session_id).parked_at is None


def test_passing_over_another_than_the_head_leaves_the_lane_parked(parked):
    subscription, session_id = parked
    assert lanes.skip(Delivery.objects.order_by("-id").first()) is True
    assert lane(subscription, session_id).parked_at is not None
    assert states(subscription)[-1] == "SKIPPED"


def test_what_arrived_is_not_passed_over(workflow):
    subscription = subscribe()
    told_sessions(workflow)
    delivery.deliver_due()
    assert lanes.skip(Delivery.objects.first()) is False
    assert set(states(subscription)) == {"DELIVERED"}


def test_a_message_that_is_passed_over_while_it_fails_stays_so(workflow, scripted):
    subscription = subscribe()
    told_sessions(workflow)

    def skipped_meanwhile(message, target):
        lanes.skip(Delivery.objects.get(message_id=message.id))
        refusing()(message, target)

    scripted.behaviour = staticmethod(skipped_meanwhile)
    delivery.deliver_due(limit=1)
    assert states(subscription)[0] == "SKIPPED"
    assert Lane.objects.get().attempts == 0


def test_a_replay_sends_the_same_again_at_the_end(workflow, scripted):
    subscription = subscribe()
    told_sessions(workflow, 2)
    delivery.deliver_due()
    first = list(Delivery.objects.order_by("id"))
    before, scripted.sent = sorted(scripted.sent), []

    assert lanes.replay(first) == len(first)
    assert delivery.deliver_due() == len(first)
    assert sorted(scripted.sent) == before
    copies = Delivery.objects.filter(replay_of__isnull=False).order_by("replay_of_id")
    told = ("message_id", "event_type", "session_id", "seq", "body")
    assert list(copies.values_list(*told)) == [tuple(getattr(row, name) for name in told) for row in first]
    assert Lane.objects.filter(subscription=subscription, due_at__isnull=False).count() == 0


def test_a_replay_into_a_parked_lane_waits_there(parked):
    subscription, session_id = parked
    lanes.replay(Delivery.objects.all()[:1])
    assert delivery.deliver_due() == 0
    assert lane(subscription, session_id).parked_at is not None


def test_what_is_settled_is_forgotten_after_a_month(workflow, clock, monkeypatch):
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    subscription = subscribe()
    told_sessions(workflow, notes=2)
    delivery.deliver_due()
    IncomingMessage.objects.create(subscription=subscription, message_id="m", received_at=clock.now)
    upkeep.Beat("embedded").tell(0)
    (skipped,) = told_sessions(workflow)
    Delivery.objects.filter(session_id=skipped).update(state="SKIPPED")
    (waiting,) = told_sessions(workflow)
    clock.go_on(30 * DAY)
    assert upkeep.prune() == 0
    clock.go_on(1)
    assert upkeep.prune() > 0
    assert set(Delivery.objects.values_list("session_id", "state")) == {(waiting, "WAITING")}
    assert (IncomingMessage.objects.count(), WorkerBeat.objects.count()) == (0, 0)


def test_a_replay_outlives_what_it_repeats(workflow, clock):
    subscribe()
    told_sessions(workflow)
    delivery.deliver_due()
    clock.go_on(29 * DAY)
    lanes.replay(Delivery.objects.all())
    delivery.deliver_due()
    clock.go_on(2 * DAY)
    upkeep.prune()
    assert set(Delivery.objects.values_list("state", "replay_of")) == {("DELIVERED", None)}


def test_a_parked_lane_is_no_longer_looked_past(parked):
    subscription, session_id = parked
    Lane.objects.update(due_at=timezone.now())
    upkeep.prune()
    assert lane(subscription, session_id).due_at is None
    assert lanes.resume(subscription) == 1
    assert lane(subscription, session_id).due_at is not None


def test_a_worker_says_that_it_lives_until_it_ends(db, clock):
    beat = upkeep.Beat("embedded")
    beat.tell(0)
    clock.go_on(5)
    beat.tell(7)
    row = WorkerBeat.objects.get()
    assert (row.engine, row.delivered, row.seen_at - row.started_at) == ("embedded", 7, timedelta(seconds=5))
    beat.end()
    assert not WorkerBeat.objects.exists()


def test_subscriptions_that_end_take_their_lanes_along_even_in_flight(workflow, scripted):
    subscription = subscribe()
    told_sessions(workflow)
    scripted.behaviour = staticmethod(lambda *_: Subscription.objects.filter(pk=subscription.pk).delete() and None)
    delivery.deliver_due()
    assert not Lane.objects.exists()
    assert not Delivery.objects.exists()
