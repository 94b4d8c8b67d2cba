"""Who delivers which lane: a worker leases a lane that is due, as a whole, and for a short time.

A leased lane is due again when its lease ends, so that the lanes of a worker that crashed are taken up
by themselves.  A subscription's row is locked before its lanes, always.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from status_bridge.models import Lane, Subscription

LEASE = timedelta(seconds=20)
IN_FLIGHT = 4
"""Lanes of one subscription, over all workers; one while it fails."""

_SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart until the lanes in flight are miscounted."""


class LeaseLost(Exception):
    """The lane has gone to another worker: what this one found out is dropped."""


@dataclass(slots=True)
class Claim:
    """A lane that this worker holds; ``subscription`` is as it was read last."""

    lane_id: int
    session_id: str
    token: str
    subscription: Subscription

    @property
    def lane(self) -> QuerySet[Lane]:
        """The lane, as long as it is ours."""
        return Lane.objects.filter(pk=self.lane_id, lease_token=self.token)


def claim(busy: Collection[str] = (), *, due_by: datetime | None = None) -> Claim | None:
    """Lease the lane that has been due for longest; None: nothing is to be done.

    ``busy`` are subscriptions to pass over, ``due_by`` is until when a lane has to be due (now).
    """
    excluded = set(busy)
    while (subscription_id := _next_in_line(excluded, due_by or timezone.now())) is not None:
        claimed = _claim_of(subscription_id, due_by or timezone.now())
        if claimed:
            return claimed
        excluded.add(subscription_id)
    return None


def renew(held: Claim) -> None:
    """Make the lease last anew; raises :class:`LeaseLost`.  Inside a transaction it locks the lane."""
    if not held.lane.update(**_lease_from(timezone.now())):
        raise LeaseLost


def may_send(subscription: Subscription, now: datetime) -> bool:
    """Whether the subscription is told of things at the moment."""
    if not subscription.is_active or subscription.parked_at:
        return False
    return subscription.hold_until is None or subscription.hold_until <= now


def lock_subscription(subscription_id: str) -> Subscription | None:
    """The row, locked until the transaction ends; who adds messages meanwhile isn't kept waiting."""
    return Subscription.objects.select_for_update(no_key=True).filter(pk=subscription_id).first()


def _next_in_line(excluded: set[str], now: datetime) -> str | None:
    """The subscription whose lane is to be taken up next.

    While nothing is due this is one query.
    """
    first = _first_due(excluded, now)
    if first is None:
        return None
    excluded |= _silent(timezone.now())
    while first is not None and (first in excluded or _is_full(first, IN_FLIGHT)):
        excluded.add(first)
        first = _first_due(excluded, now)
    return first


def _first_due(excluded: Collection[str], now: datetime) -> str | None:
    lanes = _due(now).exclude(subscription__in=excluded) if excluded else _due(now)
    return lanes.values_list("subscription_id", flat=True).first()


def _due(now: datetime) -> QuerySet[Lane]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=timezone.now())
    return Lane.objects.filter(free, due_at__lte=now, parked_at__isnull=True).order_by("due_at", "id")


def _silent(now: datetime) -> set[str]:
    blocked = Q(is_active=False) | Q(parked_at__isnull=False) | Q(hold_until__gt=now)
    return set(Subscription.objects.filter(blocked).values_list("pk", flat=True))


def _is_full(subscription_id: str, most: int) -> bool:
    """Leased lanes are due when their lease ends, so the index finds them among the few that are due soon."""
    now = timezone.now()
    leased = Lane.objects.filter(
        subscription=subscription_id, due_at__gt=now, due_at__lte=now + LEASE + _SKEW, lease_until__gt=now
    )
    return leased.count() >= most


def _claim_of(subscription_id: str, now: datetime) -> Claim | None:
    """Claims of one subscription's lanes wait for each other, so that no more than its share are in flight."""
    with transaction.atomic(durable=True):
        subscription = lock_subscription(subscription_id)
        if subscription is None or not may_send(subscription, timezone.now()):
            return None
        if _is_full(subscription_id, 1 if subscription.failures else IN_FLIGHT):
            return None
        lane = _due(now).filter(subscription=subscription_id).first()
        if lane is None:
            return None
        token = secrets.token_hex(16)
        taken = _due(now).order_by().filter(pk=lane.pk).update(lease_token=token, **_lease_from(timezone.now()))
        return Claim(lane.pk, lane.session_id, token, subscription) if taken else None


def _lease_from(now: datetime) -> dict[str, datetime]:
    return {"lease_until": now + LEASE, "due_at": now + LEASE}


def count_due(most: int) -> int:
    """How many lanes are due now, counted up to ``most``."""
    return len(_due(timezone.now()).values_list("pk", flat=True)[:most])
