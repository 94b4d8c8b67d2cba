"""What became of a message, stored by the worker that holds its lane; whoever lost the lane stores nothing.

Each of these is one transaction.  It locks the lane first, so that whoever puts a message in
meanwhile waits for it, and then makes the lane due again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sessions_app.rows import table
from status_bridge import backoff
from status_bridge.leases import Claim, LeaseLost, lock_subscription, may_send, renew
from status_bridge.models import Delivery, DeliveryState, Lane, Subscription

TOLD_EACH = timedelta(seconds=1)
"""How often a subscription that is well notes when it was told something last."""

_FREE: dict[str, Any] = {"lease_token": "", "lease_until": None}
_WELL: dict[str, Any] = {"attempts": 0, "failing_since": None, "last_error": ""}


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went; ``error`` is empty when the message arrived.

    What the receiver said is masked and short already.
    """

    began_at: datetime
    duration_ms: int
    status_code: int | None = None
    answer: str = ""
    error: str = ""
    retry_after: float | None = None
    is_endpoint: bool = False
    is_gone: bool = False


def begin(held: Claim, *, newest: bool = False) -> Delivery | None:
    """The message to send first, the newest alone if that says all; None: nothing waits, and the lane is left."""
    with transaction.atomic(durable=True):
        renew(held)
        return _next(held, newest)


def arrived(
    held: Claim, sent: Delivery, attempt: Attempt, *, newest: bool = False, go_on: bool = True
) -> Delivery | None:
    """Store that a message arrived; what is to be sent next, as :func:`begin` has it.

    Unless it shall ``go_on``, the lane is left to whoever comes, with what still waits.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        _note_success(held.subscription.pk, now)
        renew(held)
        held.lane.update(**_WELL)
        _note(sent, attempt, state=DeliveryState.DELIVERED, delivered_at=now)
        if newest:
            _pass_over_older(sent)
        held.subscription.refresh_from_db()
        if not go_on or not may_send(held.subscription, now):
            held.lane.update(due_at=now, **_FREE)
            return None
        return _next(held, newest)


def failed(held: Claim, sent: Delivery, attempt: Attempt) -> None:
    """Store that a message didn't arrive: the lane waits, and its whole subscription if the receiver is unwell."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        subscription = lock_subscription(held.subscription.pk)
        lane = held.lane.select_for_update().first()
        if subscription is None or lane is None:
            raise LeaseLost
        if not _note(sent, attempt):  # somebody passed it over meanwhile
            held.lane.update(due_at=now, **_FREE, **_WELL)
            return
        due_at = _hold(subscription, held.subscription.failures, attempt, now) if attempt.is_endpoint else None
        _postpone(held, lane, sent, attempt, now, not_before=due_at)


def park_subscription(held: Claim, reason: str) -> None:
    """Send nothing more to a subscription until somebody resumes it."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        Subscription.objects.filter(pk=held.subscription.pk).update(parked_at=now, last_error=reason)
        held.lane.update(due_at=now, **_FREE)


def _next(held: Claim, newest: bool) -> Delivery | None:
    found = table(Delivery).select(
        # The very words of the index's condition, without which SQLite would not use it.
        "subscription_id = %s AND session_id = %s AND state IN ('WAITING', 'PARKED') ORDER BY id"
        + (" DESC LIMIT 1" if newest else " LIMIT 1"),
        [held.subscription.pk, held.session_id],
    )
    if not found:
        held.lane.update(due_at=None, **_FREE, **_WELL)
        return None
    return found[0]


def _note(sent: Delivery, attempt: Attempt, **values: Any) -> bool:
    """Write down how an attempt went; False: the message doesn't wait any more."""
    waiting = Delivery.objects.filter(pk=sent.pk, state__in=[DeliveryState.WAITING, DeliveryState.PARKED])
    return bool(
        waiting.update(
            attempts=F("attempts") + 1,
            last_attempt_at=attempt.began_at,
            duration_ms=attempt.duration_ms,
            status_code=attempt.status_code,
            answer=attempt.answer,
            error=attempt.error,
            **values,
        )
    )


def _pass_over_older(sent: Delivery) -> None:
    older = Delivery.objects.filter(subscription=sent.subscription_id, session_id=sent.session_id, pk__lt=sent.pk)
    older.filter(state__in=[DeliveryState.WAITING, DeliveryState.PARKED]).update(state=DeliveryState.SKIPPED)


def _note_success(subscription_id: str, now: datetime) -> None:
    """The receiver is well; one that was so a moment ago costs no write."""
    news = Q(failures__gt=0) | ~Q(last_error="") | Q(last_success_at__isnull=True)
    news |= Q(last_success_at__lt=now - TOLD_EACH)
    Subscription.objects.filter(news, pk=subscription_id).update(
        failures=0, failing_since=None, hold_until=None, last_error="", last_success_at=now
    )


def _hold(subscription: Subscription, known_failures: int, attempt: Attempt, now: datetime) -> datetime:
    """Leave the receiver alone for a while, or until somebody resumes it; until when.

    Lanes that were in flight together and failed together count as one failure.
    """
    since = subscription.failing_since or now
    failing = (now - since).total_seconds()
    together = subscription.failures > known_failures
    failures = subscription.failures + (0 if together else 1)
    asked = backoff.honoured(attempt.retry_after) if together else backoff.pause(failures, failing, attempt.retry_after)
    hold_until = max(now + timedelta(seconds=asked), subscription.hold_until or now)
    parks = attempt.is_gone or backoff.is_hopeless(failing)
    Subscription.objects.filter(pk=subscription.pk).update(
        failures=failures,
        failing_since=since,
        hold_until=hold_until,
        last_error=attempt.error,
        parked_at=now if parks and subscription.parked_at is None else subscription.parked_at,
    )
    return hold_until


def _postpone(
    held: Claim, lane: Lane, sent: Delivery, attempt: Attempt, now: datetime, *, not_before: datetime | None
) -> None:
    """Let the lane wait; after a day of it only a person goes on.

    A lane that fails no more often than its receiver is not at fault: it is due when the receiver is.
    """
    since = lane.failing_since or now
    failing = (now - since).total_seconds()
    values: dict[str, Any] = {"attempts": lane.attempts + 1, "failing_since": since, "last_error": attempt.error}
    due_at: datetime | None = not_before
    if not_before is None or lane.attempts > held.subscription.failures:
        retry_after = None if attempt.is_endpoint else attempt.retry_after
        own = now + timedelta(seconds=backoff.pause(lane.attempts + 1, failing, retry_after))
        due_at = max(own, not_before or own)
        if backoff.is_hopeless(failing):
            Delivery.objects.filter(pk=sent.pk).update(state=DeliveryState.PARKED)
            values["parked_at"], due_at = now, None
    held.lane.update(due_at=due_at, **values, **_FREE)
