"""Bugs that a harness must notice before it may be believed.  Each is planted before the workers are forked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone


def mark_first() -> None:
    """A message counts as delivered before it is sent."""
    from status_bridge import delivery
    from status_bridge.models import Delivery

    send = delivery._send

    def marked(held: Any, waiting: Any) -> Any:
        Delivery.objects.filter(pk=waiting.pk).update(state="DELIVERED", delivered_at=timezone.now())
        return send(held, waiting)

    delivery._send = marked


def overtake() -> None:
    """A message that fails is put behind the others."""
    from status_bridge import results
    from status_bridge.models import Delivery

    failed = results.failed

    def behind(held: Any, sent: Any, attempt: Any) -> None:
        failed(held, sent, attempt)
        Delivery.objects.filter(pk=sent.pk).delete()
        sent.pk = None
        sent.save(force_insert=True)

    results.failed = behind


BUGS: dict[str, Callable[[], None]] = {
    "mark-first": mark_first,
    "overtake": overtake,
}
