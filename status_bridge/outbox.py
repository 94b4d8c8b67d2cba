"""What the outside is to be told, written in the transaction that caused it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from sessions_app.change import Change
from sessions_app.models import FlowSession
from sessions_app.rows import table
from status_bridge import messages
from status_bridge.messages import Message
from status_bridge.models import Delivery, Lane, Reach, Subscription


def enqueue_change(change: Change) -> None:
    """One delivery per event and subscription that is told of it."""
    subscriptions = [s for s in active_subscriptions() if reaches(s, change.flow_session)]
    if not subscriptions:
        return
    told = messages.of_change(change)
    for subscription in subscriptions:
        enqueue(subscription, [message for message in told if wants(subscription, message.type)], change.now)


def enqueue(subscription: Subscription, told: Sequence[Message], now: datetime) -> None:
    """Put messages of one session into its lane, inside a transaction."""
    if not told:
        return
    table(Delivery).insert([_delivery(subscription.pk, message, now) for message in told])
    wake(subscription.pk, told[0].session_id, now, count=len(told))


def wake(subscription_id: str, session_id: str, now: datetime, *, count: int = 1) -> None:
    """Make a lane due at the latest now; it is made when it isn't there.  ``count`` messages were put in."""
    lane = Lane.objects.filter(subscription=subscription_id, session_id=session_id)
    if not _raise_due(lane, now, count):
        Lane.objects.bulk_create([Lane(subscription_id=subscription_id, session_id=session_id)], ignore_conflicts=True)
        _raise_due(lane, now, count)


def active_subscriptions() -> list[Subscription]:
    """Those that are told of events."""
    return table(Subscription).select("is_active = %s ORDER BY id", [True])


def reaches(subscription: Subscription, flow_session: FlowSession) -> bool:
    """Whether the session is one of those that the subscription tells of."""
    if subscription.workflow_id not in (None, flow_session.workflow_id):
        return False
    if subscription.reach == Reach.ALL:
        return True
    if subscription.reach == Reach.TEAM:
        return subscription.team_id == flow_session.team_id
    return subscription.owner_id == flow_session.owner_id


def wants(subscription: Subscription, event_type: str) -> bool:
    """Whether the subscription's filter lets a type of event through; no filter lets all."""
    return not subscription.events or matches(subscription.events, event_type)


def matches(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the patterns, such as ``session.*``, fits."""
    return any(fnmatchcase(event_type, pattern) for pattern in patterns)


def _raise_due(lane: QuerySet[Lane], now: datetime, count: int) -> bool:
    return bool(lane.update(enqueued=F("enqueued") + count, due_at=Coalesce("due_at", now)))


def _delivery(subscription_id: str, message: Message, now: datetime) -> Delivery:
    return Delivery(
        subscription_id=subscription_id,
        session_id=message.session_id,
        message_id=message.id,
        event_type=message.type,
        seq=message.seq,
        body=message.body,
        created_at=now,
    )
