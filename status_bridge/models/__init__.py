"""The tables of the status bridge."""

from status_bridge.models.deliveries import Delivery, DeliveryState, Lane, WorkerBeat
from status_bridge.models.entries import EntryStatus, StatusEntry
from status_bridge.models.subscriptions import Reach, Subscription
from status_bridge.models.tracking import Conflict, ConflictKind, IncomingMessage, Link, Settlement

__all__ = [
    "Conflict",
    "ConflictKind",
    "Delivery",
    "DeliveryState",
    "EntryStatus",
    "IncomingMessage",
    "Lane",
    "Link",
    "Reach",
    "Settlement",
    "StatusEntry",
    "Subscription",
    "WorkerBeat",
]
