"""``/webhooks/{id}/deliveries/`` and what can be done about them."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, path_id, query
from sessions_app.api.pagination import Pages
from sessions_app.api.selection import read_choice
from sessions_app.api.views import ApiViewSet, page_body
from status_bridge import subscription_deliveries as service
from status_bridge.api.webhook_schemas import DELIVERY_EXAMPLE, EXAMPLE
from status_bridge.api.webhooks import SCOPE, TAG, WEBHOOK_ID
from status_bridge.models import DeliveryState
from status_bridge.subscription_json import delivery_json, subscription_json
from status_bridge.subscriptions import find

DELIVERY_ID = path_id("delivery_id", "The delivery's number.", "4711")
PING_EXAMPLE = {
    "arrived": True,
    "told": "The ping arrived: HTTP 204 after 31 ms.",
    "delivery": {**DELIVERY_EXAMPLE, "session_id": None, "event": "ping", "seq": 0},
}

PAGES = Pages({"id": "id"}, default="-id")


class WebhookDeliveries(ApiViewSet):
    """What was sent, and what waits."""

    @operation(
        "listDeliveries",
        "Read a webhook's log",
        f"Its deliveries, newest first; what arrived is kept for 30 days. {SCOPE}",
        tag=TAG,
        parameters=[
            WEBHOOK_ID,
            query("state", {"type": "string", "enum": DeliveryState.values}, "In this state."),
            query("session", {"type": "string", "minLength": 1, "maxLength": 120}, "Of this session."),
            query("event", {"type": "string", "minLength": 1, "maxLength": 60}, "Of this type of event."),
            LIMIT,
            CURSOR,
        ],
        answer=Answer("DeliveryPage", "A page.", {"results": [DELIVERY_EXAMPLE], "next": None}),
        errors=[404],
    )
    def list(self, request: Request, webhook_id: str) -> Response:
        """One page."""
        row = find(self.actor, webhook_id)
        rows = service.deliveries(
            self.actor,
            row,
            state=read_choice(request, "state", ("", *DeliveryState.values), "") or None,
            session=request.query_params.get("session"),
            event=request.query_params.get("event"),
        )
        page = PAGES.page(rows.defer("body"), request)
        return Response(page_body([delivery_json(each) for each in page.rows], request, page.next_query))

    @operation(
        "getDelivery",
        "Read a delivery",
        f"With the body that is sent, secrets masked. {SCOPE}",
        tag=TAG,
        parameters=[WEBHOOK_ID, DELIVERY_ID],
        answer=Answer("DeliveryDetail", "One.", {**DELIVERY_EXAMPLE, "body": {"type": "vcflow.session.paused"}}),
        errors=[404],
    )
    def retrieve(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Read one."""
        found = service.find_delivery(self.actor, find(self.actor, webhook_id), delivery_id)
        return Response(delivery_json(found, with_body=True))

    @operation(
        "pingWebhook",
        "Try a webhook",
        "Sends a message that tells of nothing, at once and once, and answers with how it went, whatever that is.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("Ping", "How it went.", PING_EXAMPLE),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def ping(self, request: Request, webhook_id: str) -> Response:
        """Try it."""
        noted = service.ping(self.actor, webhook_id)
        return Response(
            {
                "arrived": noted.state == DeliveryState.DELIVERED,
                "told": service.ping_told(noted),
                "delivery": delivery_json(noted),
            }
        )

    @operation(
        "resumeWebhook",
        "Go on",
        "Tries again what is parked or on hold, in order and at once.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("ResumedWebhook", "The webhook.", {**EXAMPLE, "resumed": 2}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def resume(self, request: Request, webhook_id: str) -> Response:
        """Go on."""
        row, count = service.resume(self.actor, webhook_id)
        return Response({**subscription_json(row), "resumed": count})

    @operation(
        "replayDeliveries",
        "Send again",
        "Those deliveries, or all that was created since a time, behind what waits and under the same message ids;"
        f" at most {service.MOST_REPLAYED} at once.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        body="Replay",
        body_example={"deliveries": [4711]},
        answer=Answer("ReplayedWebhook", "The webhook.", {**EXAMPLE, "replayed": 1}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def replay(self, request: Request, webhook_id: str) -> Response:
        """Send again."""
        given = dict(request.data)
        since = service.parse_since(given["since"]) if "since" in given else None
        row, count = service.replay(self.actor, webhook_id, numbers=given.get("deliveries", ()), since=since)
        return Response({**subscription_json(row), "replayed": count})

    @operation(
        "skipDelivery",
        "Pass over a message",
        "One that waits or is parked is never sent; the session's later messages go on.",
        tag=TAG,
        parameters=[WEBHOOK_ID, DELIVERY_ID],
        body="SkipReason",
        body_example={"reason": "the board has no such card"},
        answer=Answer("Delivery", "The delivery.", {**DELIVERY_EXAMPLE, "state": "SKIPPED"}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def skip(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Pass one over."""
        _row, found = service.skip(self.actor, webhook_id, delivery_id, **dict(request.data))
        return Response(delivery_json(found))
