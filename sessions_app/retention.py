"""What the worker forgets by itself: old answers of idempotency keys, and, if switched on, sessions long ended."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from sessions_app import storage
from sessions_app.chores import Chore
from sessions_app.models import IdempotencyKey

KEYS_KEPT = timedelta(days=30)
"""How long an idempotency key is known; the same key is a new one afterwards."""

AT_ONCE = 500
"""Rows that are deleted in one transaction: others write between."""


def forget_keys() -> int:
    """Forget the answers that were given more than :data:`KEYS_KEPT` ago; how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT)
    count = 0
    with storage.translated():
        while chosen := list(old.order_by().values_list("pk", flat=True)[:AT_ONCE]):
            IdempotencyKey.objects.filter(pk__in=chosen).delete()
            count += len(chosen)
    return count


def work() -> None:
    """What is due once a day."""
    forget_keys()
    if settings.VCFLOW_ARCHIVE_AFTER:
        # Only the worker pays for the import: every command registers.
        from sessions_app.archiving import Order, archive_sessions

        archive_sessions(Order(settings.VCFLOW_ARCHIVE_FOLDER, timedelta(days=settings.VCFLOW_ARCHIVE_AFTER)))


CHORE = Chore("retention", lambda: timedelta(days=1), work)
