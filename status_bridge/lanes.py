"""What people do with the messages that wait: go on with what stands still, pass one over, send some again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_app.rows import table
from status_bridge import outbox
from status_bridge.leases import lock_subscription
from status_bridge.models import Delivery, DeliveryState, Lane, Subscription

_OPEN = (DeliveryState.WAITING, DeliveryState.PARKED)
_ANEW: dict[str, Any] = {"attempts": 0, "failing_since": None, "parked_at": None, "last_error": ""}


def resume(subscription: Subscription) -> int:
    """Try again what is parked, on hold or waits for its next attempt, at once and in order; how many lanes that is."""
    now = timezone.now()
    with transaction.atomic():
        lock_subscription(subscription.pk)
        _let_go_on(subscription.pk)
        lanes = Lane.objects.filter(subscription=subscription.pk)
        anew = lanes.filter(_is_free(now)).filter(Q(parked_at__isnull=False) | Q(due_at__isnull=False))
        anew.update(due_at=now, **_ANEW)
        parked = Delivery.objects.filter(subscription=subscription.pk, state=DeliveryState.PARKED)
        parked.update(state=DeliveryState.WAITING)
        return lanes.filter(due_at__isnull=False).count()


def skip(delivery: Delivery) -> bool:
    """Pass a message over that waits or is parked; the ones behind a head that failed are tried at once.

    False: it waited no more.
    """
    with transaction.atomic():
        lock_subscription(delivery.subscription_id)
        lane = Lane.objects.filter(subscription=delivery.subscription_id, session_id=delivery.session_id)
        lane.select_for_update().first()
        is_head = not _open(delivery).filter(pk__lt=delivery.pk).exists()
        skipped = Delivery.objects.filter(pk=delivery.pk, state__in=_OPEN).update(state=DeliveryState.SKIPPED)
        if skipped and is_head:
            now = timezone.now()
            lane.filter(_is_free(now)).update(due_at=now, **_ANEW)
    return bool(skipped)


def replay(deliveries: Iterable[Delivery]) -> int:
    """Put copies at the ends of their lanes, under the same message ids; how many."""
    now = timezone.now()
    ordered = sorted(deliveries, key=lambda row: (row.subscription_id, row.session_id, row.pk))
    with transaction.atomic():
        for (subscription_id, session_id), rows in groupby(ordered, lambda row: (row.subscription_id, row.session_id)):
            _append(subscription_id, session_id, list(rows), now)
    return len(ordered)


def _append(subscription_id: str, session_id: str, originals: Sequence[Delivery], now: datetime) -> None:
    lock_subscription(subscription_id)
    table(Delivery).insert([_copy(original, now) for original in originals])
    outbox.wake(subscription_id, session_id, now, count=len(originals))


def _copy(original: Delivery, now: datetime) -> Delivery:
    return Delivery(
        subscription_id=original.subscription_id,
        session_id=original.session_id,
        message_id=original.message_id,
        event_type=original.event_type,
        seq=original.seq,
        body=original.body,
        created_at=now,
        replay_of_id=original.pk,
    )


def _let_go_on(subscription_id: str) -> None:
    Subscription.objects.filter(pk=subscription_id).update(
        failures=0, failing_since=None, hold_until=None, parked_at=None, last_error=""
    )


def _open(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        subscription=delivery.subscription_id, session_id=delivery.session_id, state__in=_OPEN
    )


def _is_free(now: datetime) -> Q:
    """Nobody is delivering it at the moment."""
    return Q(lease_until__isnull=True) | Q(lease_until__lte=now)
