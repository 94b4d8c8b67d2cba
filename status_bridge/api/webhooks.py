"""``/webhooks/``: who outside is told what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, path_id
from sessions_app.api.pagination import Pages
from sessions_app.api.views import ApiViewSet, page_body
from status_bridge import subscriptions
from status_bridge.api.webhook_schemas import EXAMPLE
from status_bridge.subscription_json import subscription_json

TAG = "webhooks"
WEBHOOK_ID = path_id("webhook_id", "The webhook's id.", EXAMPLE["id"])
SCOPE = "With a token this needs the scope `webhook`."
MADE = {**EXAMPLE, "secret": "whsec_…"}

PAGES = Pages({"created_at": "created_at"}, default="-created_at")


class Webhooks(ApiViewSet):
    """Receivers of events."""

    @operation(
        "listWebhooks",
        "List webhooks",
        f"Those that the caller looks after, newest first: their own, and those of teams that they operate. {SCOPE}",
        tag=TAG,
        parameters=[LIMIT, CURSOR],
        answer=Answer("WebhookPage", "A page.", {"results": [EXAMPLE], "next": None}),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        page = PAGES.page(subscriptions.list_subscriptions(self.actor), request)
        return Response(page_body([subscription_json(row) for row in page.rows], request, page.next_query))

    @operation(
        "createWebhook",
        "Make a webhook",
        "From now on the receiver is told of each event. The answer is the one place where the secret can be read;"
        " for the same reason there is no `Idempotency-Key` here. A token's bounds are the webhook's, and its scopes"
        " are what messages from outside may do at most.",
        tag=TAG,
        body="NewWebhook",
        body_example={"name": "release board", "url": "https://board.example.com/hooks", "events": ["session.*"]},
        answer=Answer("MadeWebhook", "The new webhook.", MADE, status=201),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def create(self, request: Request) -> Response:
        """Make one."""
        row, secret = subscriptions.create(self.actor, **_arguments(dict(request.data)))
        return Response({**subscription_json(row), "secret": secret}, status=201)

    @operation(
        "getWebhook",
        "Read a webhook",
        f"What it tells and how it does; never its secrets. {SCOPE}",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("Webhook", "The webhook.", EXAMPLE),
        errors=[404],
    )
    def retrieve(self, request: Request, webhook_id: str) -> Response:
        """Read one."""
        return Response(subscription_json(subscriptions.find(self.actor, webhook_id)))

    @operation(
        "updateWebhook",
        "Change a webhook",
        "Only what is given; `options` and `secrets` are merged name by name, null removes one. The secret before the"
        " new one holds for 24 hours more.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        body="WebhookUpdate",
        body_example={"is_active": False},
        answer=Answer("ChangedWebhook", "The webhook.", {**EXAMPLE, "changed": True}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def partial_update(self, request: Request, webhook_id: str) -> Response:
        """Change one."""
        row, changed = subscriptions.update(self.actor, webhook_id, **_arguments(dict(request.data)))
        return Response({**subscription_json(row), "changed": changed})

    @operation(
        "deleteWebhook",
        "Delete a webhook",
        "With its log; what still waits is not sent.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("Webhook", "The webhook as it was.", EXAMPLE),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def destroy(self, request: Request, webhook_id: str) -> Response:
        """End one."""
        return Response(subscription_json(subscriptions.delete(self.actor, webhook_id)))

    @operation(
        "rotateWebhookSecret",
        "Make a new secret",
        "It is shown in this answer alone. For 24 hours the one before holds too, and both sign.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("MadeWebhook", "The webhook with its new secret.", MADE),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def rotate(self, request: Request, webhook_id: str) -> Response:
        """Another secret."""
        row, secret = subscriptions.rotate_secret(self.actor, webhook_id)
        return Response({**subscription_json(row), "secret": secret})


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """A body as the service's arguments."""
    return {"workflow" if name == "workflow_id" else name: value for name, value in given.items()}
