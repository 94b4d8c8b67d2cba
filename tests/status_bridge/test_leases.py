"""Who takes up which lane."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from status_bridge import leases, results
from status_bridge.models import Delivery, Lane, Subscription
from tests.factories import publish_workflow
from tests.status_bridge.lanes_at_work import (
    lane,
    subscribe,
    told_sessions,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(scripted):
    return publish_workflow()


def test_the_lane_that_has_been_due_for_longest_is_first(workflow, clock):
    subscribe()
    first = told_sessions(workflow)
    clock.go_on(1)
    second = told_sessions(workflow)
    Lane.objects.filter(session_id=second[0]).update(due_at=clock.now - timedelta(minutes=1))
    assert [leases.claim().session_id, leases.claim().session_id] == [*second, *first]


def test_a_leased_lane_is_nobody_elses_until_its_lease_ends(workflow, clock):
    subscribe()
    told_sessions(workflow)
    held = leases.claim()
    assert leases.claim() is None
    clock.go_on(leases.LEASE.total_seconds() - 0.1)
    assert leases.claim() is None
    clock.go_on(0.1)
    another = leases.claim()
    assert another.session_id == held.session_id
    with pytest.raises(leases.LeaseLost):
        leases.renew(held)


def test_a_lease_that_is_renewed_lasts_anew(workflow, clock):
    subscribe()
    told_sessions(workflow)
    held = leases.claim()
    clock.go_on(15)
    leases.renew(held)
    clock.go_on(15)
    assert leases.claim() is None


def test_a_lease_that_ended_holds_until_another_takes_the_lane(workflow, clock):
    subscribe()
    told_sessions(workflow)
    held = leases.claim()
    clock.go_on(60)
    leases.renew(held)
    assert leases.claim() is None


def test_no_more_lanes_of_a_subscription_are_in_flight_than_its_share(workflow):
    subscribe()
    told_sessions(workflow, leases.IN_FLIGHT + 2)
    held = [leases.claim() for _lane in range(leases.IN_FLIGHT)]
    assert None not in held
    assert leases.claim() is None
    assert results.begin(held[0]) is not None
    Lane.objects.filter(pk=held[0].lane_id).update(lease_token="", lease_until=None, due_at=None)
    assert leases.claim() is not None
    assert leases.claim() is None


def test_lanes_that_wait_for_their_next_attempt_are_not_in_flight(workflow, clock):
    subscribe()
    told_sessions(workflow, leases.IN_FLIGHT + 1)
    waiting = Lane.objects.order_by("id")[: leases.IN_FLIGHT]
    Lane.objects.filter(pk__in=[row.pk for row in waiting]).update(due_at=clock.now + timedelta(seconds=5))
    assert leases.claim() is not None


def test_one_lane_of_a_failing_subscription_is_in_flight(workflow):
    subscription = subscribe(failures=3)
    told_sessions(workflow, 2)
    assert leases.claim().subscription == subscription
    assert leases.claim() is None


def test_a_full_or_busy_subscription_lets_others_through(workflow):
    subscribe("sub-1", failures=1)
    subscribe("sub-2")
    told_sessions(workflow, 3)
    assert {leases.claim().subscription.pk, leases.claim().subscription.pk} == {"sub-1", "sub-2"}
    assert leases.claim().subscription.pk == "sub-2"
    assert leases.claim({"sub-2"}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"parked_at": "now"},
        {"hold_until": "later"},
    ],
    ids=str,
)
def test_a_subscription_that_sends_nothing_is_passed_over(workflow, clock, change):
    moments = {"now": clock.now, "later": clock.now + timedelta(seconds=9)}
    subscribe("sub-1")
    subscribe("sub-2")
    told_sessions(workflow)
    Subscription.objects.filter(pk="sub-1").update(
        **{name: moments.get(value, value) for name, value in change.items()}
    )
    assert leases.claim().subscription.pk == "sub-2"
    assert leases.claim() is None


def test_a_hold_that_is_over_lets_one_lane_probe(workflow, clock):
    subscribe(failures=1, hold_until=clock.now + timedelta(seconds=9))
    told_sessions(workflow, 2)
    assert leases.claim() is None
    clock.go_on(9)
    assert leases.claim() is not None
    assert leases.claim() is None


def test_a_parked_lane_is_passed_over(workflow, clock):
    subscription = subscribe()
    parked, well = told_sessions(workflow, 2)
    Lane.objects.filter(session_id=parked).update(parked_at=clock.now)
    assert leases.claim().session_id == well
    assert leases.claim() is None
    assert lane(subscription, parked).due_at is not None


def test_only_what_was_due_by_then_is_taken_up(workflow, clock):
    subscribe()
    then = clock.now
    clock.go_on(1)
    told_sessions(workflow)
    assert leases.claim(due_by=then) is None


def test_looking_when_nothing_is_due_is_one_query(workflow, django_assert_num_queries):
    subscribe()
    with django_assert_num_queries(1):
        assert leases.claim() is None


def test_taking_up_a_lane_costs_the_same_however_many_are_due(workflow, django_assert_num_queries):
    subscription = subscribe()
    (session_id,) = told_sessions(workflow)
    due_at = lane(subscription, session_id).due_at
    Lane.objects.bulk_create(
        [Lane(subscription=subscription, session_id=f"dev-{n}", due_at=due_at, enqueued=1) for n in range(1000)]
    )
    # What is due, who sends nothing, whether it is full; locked: that again, the lane, its lease.
    with django_assert_num_queries(3 + 4 + 2):
        leases.claim()


MANY = 10_000


@pytest.fixture
def crowded(workflow):
    """Ten thousand lanes that are due, one of them with many messages, beside as many that rest."""
    subscription = subscribe()
    other = subscribe("sub-2")
    (session_id,) = told_sessions(workflow)
    due = lane(subscription, session_id)
    first = Delivery.objects.filter(subscription=subscription).first()
    Lane.objects.bulk_create(
        [Lane(subscription=subscription, session_id=f"dev-{n}", due_at=due.due_at) for n in range(MANY)]
        + [Lane(subscription=other, session_id=f"dev-{n}") for n in range(MANY)]
    )
    Delivery.objects.bulk_create([_like(first, n) for n in range(MANY)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return due, first


def _like(row, number):
    values = {field.attname: getattr(row, field.attname) for field in Delivery._meta.concrete_fields}
    state = "DELIVERED" if number % 20 else "WAITING"
    return Delivery(**{**values, "id": None, "message_id": f"m{number}", "state": state})


def plan_of(statement):
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(explain + statement)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def plans(captured):
    return {query["sql"]: plan_of(query["sql"]) for query in captured if query["sql"].startswith("SELECT")}


def test_lanes_and_messages_are_found_by_their_indexes_however_many_there_are(crowded):
    due, first = crowded
    with CaptureQueriesContext(connection) as looked:
        leases._first_due((), timezone.now())
        leases._first_due({"sub-2"}, timezone.now())
        leases._is_full("sub-1", leases.IN_FLIGHT)
    assert all("lane_due" in plan for plan in plans(looked).values()), plans(looked)
    held = leases.Claim(due.pk, due.session_id, due.lease_token, first.subscription)
    with CaptureQueriesContext(connection) as looked:
        results._next(held, newest=False)
        results._next(held, newest=True)
    assert all("delivery_waiting" in plan for plan in plans(looked).values()), plans(looked)
