"""The dashboard's panel of the status bridge: which deliveries fail and why, and whether workers run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Max, Min, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.admin.dashboard import number
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.durations import in_words
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from status_bridge.admin.looks import address_of, badge
from status_bridge.health_deliveries import (
    FAILING,
    OFF,
    PARKED,
    STUCK,
    Deliveries,
    Queues,
    deliveries_of,
)
from status_bridge.models import Delivery, Lane, Subscription, WorkerBeat

SHOWN = 10

_TROUBLES = (PARKED, STUCK, FAILING)
"""The worst first."""

_LOOKS = {
    PARKED: ("failed", "‖", noop("parked")),
    STUCK: ("failed", "○", noop("waiting")),
    FAILING: ("paused", "!", noop("failing")),
}


def deliveries(view: View) -> Mapping[str, Any] | None:
    """What the reader looks after; left out for whoever may not look at webhooks, or has none."""
    if not view.request.user.has_perm("status_bridge.view_subscription"):
        return None
    found = deliveries_of(view.actor)
    if not any(found.states.values()):
        return None
    troubled = {key: state for state in _TROUBLES for key in found.states.get(state, ())}
    return {
        "lines": _lines(view.actor, dict(list(troubled.items())[:SHOWN]), found.queues),
        "more": number(len(troubled)) if len(troubled) > SHOWN else "",
        "well": _well(found),
        "url": reverse("admin:status_bridge_subscription_changelist"),
        "conflicts": _conflicts(found.queues),
        "conflicts_url": reverse("admin:status_bridge_conflict_changelist"),
        "workers_url": reverse("admin:status_bridge_workerbeat_changelist"),
        "last_heard": WorkerBeat.objects.aggregate(last=Max("seen_at"))["last"],
        "runs": _runs(found.workers),
        "is_worker_missing": not found.workers and found.queues.waiting.total() > 0,
        "lag": _lag(view.actor),
    }


def _lines(actor: Actor, troubled: Mapping[str, str], queues: Queues) -> list[dict[str, Any]]:
    rows = _with_errors(actor, list(troubled))
    return [
        {
            "name": rows[key].name,
            "url": address_of("status_bridge_subscription", key),
            "badge": badge(*_LOOKS[state][:2], _(_LOOKS[state][2])),
            "why": _why(rows[key], state),
            "on_its_way": _on_its_way(queues, key),
            "since": rows[key].parked_at or rows[key].failing_since,
        }
        for key, state in troubled.items()
    ]


def _with_errors(actor: Actor, keys: Sequence[str]) -> Mapping[str, Any]:
    """The subscriptions, each with ``error``: its own, else that of a message on its way."""
    # By these very words SQLite finds the index of what is on its way.
    on_its_way = RawSQL("state IN ('WAITING', 'PARKED')", (), output_field=BooleanField())
    of_message = Delivery.objects.filter(on_its_way, subscription=OuterRef("pk")).exclude(error="")
    error = of_message.order_by("session_id", "id").values("error")[:1]
    rows = Subscription.objects.visible_to(actor).filter(pk__in=keys)
    return rows.annotate(error_of_message=Subquery(error)).in_bulk()


def _why(row: Any, state: str) -> str:
    """Empty when all that is the matter is said above: no worker runs."""
    own = row.last_error if row.parked_at or row.failing_since else ""
    known: str = own or row.error_of_message or ("" if state == STUCK else row.last_error)
    return known or ("" if state == STUCK else _("no reason is known"))


def _on_its_way(queues: Queues, key: str) -> str:
    waiting, parked = queues.waiting[key], queues.parked[key]
    texts = [
        (waiting, ngettext("{count} message waits", "{count} messages wait", waiting)),
        (parked, ngettext("{count} message is parked", "{count} messages are parked", parked)),
    ]
    return _(", ").join(text.format(count=number(count)) for count, text in texts if count)


def _well(found: Deliveries) -> str:
    troubled = sum(len(found.states.get(state, ())) for state in (*_TROUBLES, OFF))
    count = sum(map(len, found.states.values())) - troubled
    text = ngettext("{count} webhook delivers as it should.", "{count} webhooks deliver as they should.", count)
    return text.format(count=number(count)) if count else ""


def _conflicts(queues: Queues) -> str:
    count = queues.conflicts.total()
    text = ngettext("{count} conflict waits for you.", "{count} conflicts wait for you.", count)
    return text.format(count=number(count)) if count else ""


def _runs(workers: int) -> str:
    if not workers:
        return _("No worker runs.")
    return ngettext("{count} worker runs.", "{count} workers run.", workers).format(count=workers)


def _lag(actor: Actor) -> str:
    """For how long the oldest message has been due that could be delivered now; empty: none is."""
    now = timezone.now()
    willing = Subscription.objects.visible_to(actor).filter(
        Q(hold_until__isnull=True) | Q(hold_until__lte=now), is_active=True, parked_at__isnull=True
    )
    due = Lane.objects.filter(due_at__isnull=False, due_at__lte=now, parked_at__isnull=True, subscription__in=willing)
    oldest: datetime | None = due.aggregate(oldest=Min("due_at"))["oldest"]
    text = _("The oldest message that is due has waited for {time}.")
    return text.format(time=in_words(now - oldest)) if oldest else ""


register_panel("dashboard", Panel("deliveries", 50, "status_bridge/dashboard_deliveries.html", deliveries))
