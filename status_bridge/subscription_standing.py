"""How a subscription is doing, told in one query for any number of them."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from sessions_app.language import gettext as _
from sessions_app.language import noop
from status_bridge.models import Delivery, DeliveryState, Lane, Subscription

MOST_COUNTED = 1000
"""Beyond it nobody counts: it is many."""

ACTIVE, FAILING, PARKED, OFF = "active", "failing", "parked", "off"
STATES = {ACTIVE: noop("active"), FAILING: noop("failing"), PARKED: noop("parked"), OFF: noop("off")}

DELIVERY_STATES = {
    DeliveryState.WAITING: noop("waiting"),
    DeliveryState.DELIVERED: noop("delivered"),
    DeliveryState.PARKED: noop("parked"),
    DeliveryState.SKIPPED: noop("skipped"),
}


class CountUpTo(Subquery):
    """How many rows a query has, of which at most :data:`MOST_COUNTED` are looked at."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.values("pk")[:MOST_COUNTED])


def with_standing(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """The rows with ``waiting`` messages, ``parked`` sessions, ``is_troubled`` and ``lane_error``."""
    lanes = Lane.objects.filter(subscription=OuterRef("pk")).order_by("session_id")
    # By these very words, and in its order, SQLite finds the index of what is on its way.
    on_its_way = RawSQL("state IN ('WAITING', 'PARKED')", (), output_field=BooleanField())
    waiting = Delivery.objects.filter(on_its_way, subscription=OuterRef("pk")).order_by("session_id", "id")
    unwell = lanes.filter(failing_since__isnull=False)
    found: QuerySet[Subscription] = rows.select_related("owner", "team").annotate(
        waiting=CountUpTo(waiting),
        parked=CountUpTo(lanes.filter(parked_at__isnull=False)),
        is_troubled=Exists(unwell),
        lane_error=Subquery(unwell.exclude(last_error="").order_by("-id").values("last_error")[:1]),
    )
    return found


def state_of(row: Any) -> str:
    """``active``, ``failing``, ``parked`` or ``off``, of a row with its standing."""
    if not row.is_active:
        return OFF
    if row.parked_at or row.parked:
        return PARKED
    return FAILING if row.failing_since or row.is_troubled else ACTIVE


def why(row: Any) -> str | None:
    """Why it is not active, in words; None: it is."""
    state = state_of(row)
    if state == ACTIVE:
        return None
    if state == OFF:
        return _("it was turned off")
    error: str = (row.last_error if row.failing_since or row.parked_at else "") or row.lane_error or row.last_error
    return error or _("no reason is known")
