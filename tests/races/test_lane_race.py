"""Workers and writers that meet at a lane, in processes of their own."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.services import FlowSessionManager
from status_bridge import lanes, leases, results
from status_bridge.models import Delivery, Lane, Reach, Subscription
from status_bridge.results import Attempt
from tests.factories import publish_workflow
from tests.races.harness import Result, kinds, race

ROUNDS = 15
WORKERS = 8


@pytest.fixture
def subscription(database):
    Subscription.objects.all().delete()
    now = timezone.now()
    yield Subscription.objects.create(
        id="sub-1",
        name="sub",
        kind="webhook",
        url="https://example.com/",
        owner=User.objects.get(pk=local_actor().user.pk),
        reach=Reach.ALL,
        created_at=now,
        updated_at=now,
    )
    Subscription.objects.all().delete()


def told_session() -> str:
    return FlowSessionManager().create_session(publish_workflow()).pk


def claimed() -> str | None:
    held = leases.claim()
    return held and held.session_id


def attempt() -> Attempt:
    return Attempt(timezone.now(), 1, 200)


def finish(look_first: bool = False) -> bool:
    """Deliver everything of the lane that is due; whether there was one."""
    held = leases.claim()
    waiting = held and results.begin(held)
    while held and waiting:
        waiting = (arrived_blindly if look_first else results.arrived)(held, waiting, attempt())
    return held is not None


def arrived_blindly(held: leases.Claim, sent: Delivery, how: Attempt) -> Delivery | None:
    """A bug: whether anything waits is looked at before the lane is locked."""
    behind = Delivery.objects.filter(session_id=sent.session_id, pk__gt=sent.pk, state="WAITING")
    following = behind.order_by("pk").first()
    time.sleep(0.4)
    Delivery.objects.filter(pk=sent.pk).update(state="DELIVERED")
    if following is None:
        held.lane.update(due_at=None, lease_token="", lease_until=None)
    return following


def noted(session_id: str, pause: float) -> str:
    time.sleep(pause)
    return FlowSessionManager().note_session(session_id, "now").pk


def stuck_after(look_first: bool) -> int:
    """In how many of the rounds a message waits in a lane that rests, after one came in as another finished."""
    stuck = 0
    for _round in range(ROUNDS):
        session_id = told_session()
        results_of = race(lambda: finish(look_first), lambda: noted(session_id, 0.15 if look_first else 0))  # noqa: B023
        assert kinds(results_of) == ["done", "done"]
        waits = Delivery.objects.filter(session_id=session_id, state="WAITING").exists()
        stuck += waits and not Lane.objects.filter(session_id=session_id, due_at__isnull=False).exists()
        Lane.objects.update(due_at=None)
        if stuck and look_first:
            break
    return stuck


def test_what_comes_in_as_a_worker_finishes_is_never_forgotten(subscription):
    assert stuck_after(look_first=False) == 0


def test_the_race_notices_a_worker_that_looks_before_it_locks(subscription):
    assert stuck_after(look_first=True) > 0


def test_a_lane_is_leased_by_one_worker(subscription):
    session_id = told_session()
    taken = race(*[claimed] * WORKERS)
    assert sorted(result.value or "" for result in taken) == [""] * (WORKERS - 1) + [session_id]


def test_no_more_than_its_share_of_a_subscription_is_taken_at_once(subscription):
    sessions = {told_session() for _lane in range(WORKERS + 2)}
    taken = [result.value for result in race(*[claimed] * WORKERS) if result.value]
    assert len(taken) == len(set(taken)) == leases.IN_FLIGHT
    assert set(taken) <= sessions


def test_one_of_many_probes_a_subscription_that_fails(subscription):
    Subscription.objects.update(failures=2)
    for _lane in range(3):
        told_session()
    assert len([result for result in race(*[claimed] * WORKERS) if result.value]) == 1


def test_a_stored_result_and_a_persons_skip_do_not_undo_each_other(subscription):
    for _round in range(ROUNDS):
        told_session()
        head = Delivery.objects.latest("pk")
        met = race(finish, lambda: lanes.skip(Delivery.objects.get(pk=head.pk)))  # noqa: B023
        assert kinds(met) == ["done", "done"], met
        head.refresh_from_db()
        assert head.state in ("DELIVERED", "SKIPPED")
        assert (head.state == "SKIPPED") is met[1].value
        finish()


def test_resume_replay_and_deliveries_at_once_lose_and_block_nothing(subscription):
    for _lane in range(3):
        told_session()
    all_of_them = [finish] * 4 + [lambda: lanes.resume(subscription)] * 2
    all_of_them += [lambda: lanes.replay(Delivery.objects.filter(replay_of=None))] * 2
    met: list[Result] = race(*all_of_them)
    assert kinds(met) == ["done"] * len(all_of_them), met
    while finish():
        continue
    assert set(Delivery.objects.values_list("state", flat=True)) == {"DELIVERED"}
    assert Delivery.objects.count() == 3 * 3
