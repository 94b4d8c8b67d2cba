"""``/webhooks/{id}/incoming/``: what outside has to say.  Nobody signs in: the signature is the login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from sessions_app import rates
from sessions_app.api.documents import ref
from sessions_app.api.negotiation import AlwaysJSON
from sessions_app.api.operations import Answer, operation
from sessions_app.api.rendering import JSON_TYPE
from sessions_app.api.throttling import refuse_strangers_flood
from sessions_app.api.views import ApiViewSet
from status_bridge.api.webhooks import TAG, WEBHOOK_ID
from status_bridge.incoming import take_in
from status_bridge.sinks.base import Arrival

WISH = {
    "type": "vcflow.status.requested",
    "data": {"id": "flow-dev-user-auth-k7m2", "status": "ON_HOLD", "reason": "waiting for the customer", "by": "gao"},
}
ENTRY = {
    "id": "flow-dev-user-auth-k7m2",
    "name": "User auth",
    "type": "FLOW",
    "status": "ON_HOLD",
    "progress": 40,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-02T10:00:00Z",
    "workflow_id": "dev",
    "current_stage": "build",
    "session_id": "dev-user-auth-k7m2",
    "version": 13,
}


class RawParser(BaseParser):
    """Any body, as it came: its very bytes are signed."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """All of it; the server has bounded its length."""
        return stream.read()


class Raw(AlwaysJSON):
    """Whatever type a message says that it has."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]


class Incoming(ApiViewSet):
    """Messages from outside."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (RawParser,)
    content_negotiation_class = Raw

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nobody has to be signed in, whatever the method."""
        ViewSet.initial(self, request, *args, **kwargs)

    @extend_schema(
        request={JSON_TYPE: ref("StatusWish")},
        examples=[OpenApiExample("request", value=WISH, request_only=True)],
        auth=[],
    )
    @operation(
        "takeIncoming",
        "Take a message from outside",
        "Signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`) with the webhook's"
        " secret, within five minutes; other kinds sign in ways of their own. The wish is done as the webhook's owner,"
        " once per `webhook-id`. What we told you ourselves, known by `version`, does nothing. A wrong signature, and a"
        " webhook that isn't there, are refused alike.",
        tag=TAG,
        parameters=[WEBHOOK_ID],
        answer=Answer("Taken", "What it did.", {"changed": True, "entry": ENTRY, "queued": False}),
        other_answers=[
            Answer(
                "Taken",
                "A worker looks there.",
                {"changed": False, "entry": None, "queued": True},
                status=202,
            )
        ],
        errors=[404, 409, 412, 413, 422, 507],
    )
    def create(self, request: Request, webhook_id: str) -> Response:
        """Take it in."""
        refuse_strangers_flood(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken = take_in(webhook_id, Arrival(headers, _body(request)), admit=_refuse_flood)
        return Response(taken.as_dict(), status=202 if taken.is_queued else 200)


def _body(request: Request) -> bytes:
    """The bytes that were signed; REST framework makes something else of none."""
    body: object = request.data
    return body if isinstance(body, bytes) else b""


def _refuse_flood(subscription_id: str) -> None:
    """Count a message that is rightly signed; nobody else can use a webhook's share up."""
    rate: tuple[int, int] | None = settings.VCFLOW_API_RATE
    if rate is not None and not rates.spend(f"webhook:{subscription_id}", *rate):
        raise Throttled(rates.seconds_left(rate[1]))
