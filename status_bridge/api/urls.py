"""The status bridge's addresses below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from status_bridge.api.conflicts import Conflicts
from status_bridge.api.entries import Entries
from status_bridge.api.incoming import Incoming
from status_bridge.api.webhook_deliveries import WebhookDeliveries
from status_bridge.api.webhooks import Webhooks

_CONFLICT = "status/conflicts/<str:conflict_id>/"
_ENTRY = "status/<str:status_id>/"
_WEBHOOK = "webhooks/<str:webhook_id>/"
_DELIVERY = f"{_WEBHOOK}deliveries/<str:delivery_id>/"

urlpatterns = [
    path("webhooks/", Webhooks.as_view({"get": "list", "post": "create"}), name="webhooks"),
    path(
        _WEBHOOK,
        Webhooks.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="webhook",
    ),
    path(f"{_WEBHOOK}rotate/", Webhooks.as_view({"post": "rotate"}), name="webhook-rotate"),
    *(
        path(f"{_WEBHOOK}{verb}/", WebhookDeliveries.as_view({"post": verb}), name=f"webhook-{verb}")
        for verb in ("ping", "resume", "replay")
    ),
    path(f"{_WEBHOOK}incoming/", Incoming.as_view({"post": "create"}), name="webhook-incoming"),
    path(f"{_WEBHOOK}deliveries/", WebhookDeliveries.as_view({"get": "list"}), name="webhook-deliveries"),
    path(_DELIVERY, WebhookDeliveries.as_view({"get": "retrieve"}), name="webhook-delivery"),
    path(f"{_DELIVERY}skip/", WebhookDeliveries.as_view({"post": "skip"}), name="webhook-delivery-skip"),
    path("status/", Entries.as_view({"get": "list"}), name="status-entries"),
    path("status/overview/", Entries.as_view({"get": "overview"}), name="status-overview"),
    path("status/conflicts/", Conflicts.as_view({"get": "list"}), name="conflicts"),
    path(_CONFLICT, Conflicts.as_view({"get": "retrieve"}), name="conflict"),
    path(f"{_CONFLICT}settle/", Conflicts.as_view({"post": "settle"}), name="conflict-settle"),
    # After what stands below status/ and is no entry's id.
    path(_ENTRY, Entries.as_view({"get": "retrieve", "patch": "partial_update"}), name="status-entry"),
    path(f"{_ENTRY}sync/", Entries.as_view({"post": "sync"}), name="status-entry-sync"),
]
