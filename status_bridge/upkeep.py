"""What workers do beside delivering: say that they live, and forget what is old."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta

from django.db.models import Model, QuerySet
from django.utils import timezone

from status_bridge.models import Delivery, DeliveryState, IncomingMessage, Lane, WorkerBeat

KEPT = timedelta(days=30)
"""How long deliveries that are settled, the ids of messages that came in, and lost workers are kept."""

AT_ONCE = 500
"""Rows that are deleted in one transaction: others write between."""


class Beat:
    """The row by which others know that this worker lives."""

    def __init__(self, engine: str) -> None:
        self.id = secrets.token_hex(16)
        self._first = {
            "host": socket.gethostname()[:200],
            "pid": os.getpid(),
            "engine": engine,
            "started_at": timezone.now(),
        }

    def tell(self, delivered: int) -> None:
        """Say that it lives, and how many messages it has delivered."""
        now = {"seen_at": timezone.now(), "delivered": delivered}
        WorkerBeat.objects.update_or_create(pk=self.id, defaults=now, create_defaults={**self._first, **now})

    def end(self) -> None:
        """It lives no more."""
        WorkerBeat.objects.filter(pk=self.id).delete()


def prune() -> int:
    """Forget what is older than 30 days and settled; how many rows.  What waits or is parked stays."""
    old = timezone.now() - KEPT
    settled = Delivery.objects.filter(state=DeliveryState.SKIPPED, delivered_at__isnull=True, created_at__lt=old)
    count = sum(
        map(
            _forget,
            (
                Delivery.objects.filter(state=DeliveryState.DELIVERED, delivered_at__lt=old),
                settled,
                IncomingMessage.objects.filter(received_at__lt=old),
                WorkerBeat.objects.filter(seen_at__lt=old),
            ),
        )
    )
    _let_parked_lanes_rest()
    return count


def _forget(rows: QuerySet[Model]) -> int:
    """Delete rows a few at a time."""
    count = 0
    while chosen := list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE]):
        rows.model._base_manager.filter(pk__in=chosen).delete()
        count += len(chosen)
    return count


def _let_parked_lanes_rest() -> None:
    """Messages for a parked lane make it due, which is looked past each time: until it is resumed, it isn't."""
    Lane.objects.filter(parked_at__isnull=False, due_at__isnull=False).update(due_at=None)
