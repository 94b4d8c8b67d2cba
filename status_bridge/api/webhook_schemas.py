"""Webhooks in the API's documentation."""

from __future__ import annotations

from typing import Any

from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import JSON_OBJECT, NAME, NULLABLE_TIME, TIME
from sessions_app.text import TEXT_LENGTH
from status_bridge.models import DeliveryState, Reach
from status_bridge.models.entries import EntryStatus
from status_bridge.sinks.base import ANSWER_LENGTH
from status_bridge.subscription_deliveries import MOST_REPLAYED
from status_bridge.subscription_events import MOST_PATTERNS
from status_bridge.subscription_standing import MOST_COUNTED, STATES

COUNT = {"type": "integer", "minimum": 0, "maximum": MOST_COUNTED}
EVENTS = array(
    {"type": "string", "minLength": 1, "maxLength": 60},
    maxItems=MOST_PATTERNS,
    description="Types of events, or patterns such as `session.*`; none means all.",
)
SECRET = nullable("string", description="What both sides sign with: shown this once. Null: the kind has none of ours.")
URL = {"type": "string", "minLength": 1, "maxLength": 2000}

WEBHOOK: dict[str, Schema] = {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "kind": {"type": "string", "description": "What talks to the receiver."},
    "url": {"type": "string", "description": "The values of its query are masked."},
    "events": EVENTS,
    "options": JSON_OBJECT,
    "owner": {"type": "string", "description": "A username: as whom messages from outside act."},
    "reach": {"type": "string", "enum": Reach.values, "description": "Of whose sessions it tells."},
    "team": nullable("string"),
    "workflow_id": nullable("string", description="It tells of this workflow's sessions alone."),
    "is_active": {"type": "boolean"},
    "state": {"type": "string", "enum": list(STATES)},
    "why": nullable("string", description="Why it isn't active, in the caller's language."),
    "waiting": {**COUNT, "description": f"Messages that have not arrived; {MOST_COUNTED} means that many or more."},
    "parked": {**COUNT, "description": "Sessions whose messages wait for a person."},
    "created_at": TIME,
    "updated_at": TIME,
    "failing_since": NULLABLE_TIME,
    "hold_until": nullable("string", format="date-time", description="Until then the receiver is left alone."),
    "parked_at": NULLABLE_TIME,
    "last_success_at": NULLABLE_TIME,
    "last_error": nullable("string"),
}

DELIVERY: dict[str, Schema] = {
    "id": {"type": "integer"},
    "webhook_id": {"type": "string"},
    "session_id": nullable("string"),
    "message_id": {
        "type": "string",
        "description": "The same for each attempt and replay: receivers count it once.",
    },
    "event": {"type": "string"},
    "seq": {"type": "integer", "description": "The event's number in its session."},
    "state": {"type": "string", "enum": DeliveryState.values},
    "created_at": TIME,
    "attempts": {"type": "integer", "minimum": 0},
    "last_attempt_at": NULLABLE_TIME,
    "delivered_at": NULLABLE_TIME,
    "status_code": nullable("integer"),
    "duration_ms": nullable("integer"),
    "error": nullable("string"),
    "answer": nullable("string", description=f"The first {ANSWER_LENGTH} characters of what was said, masked."),
    "replay_of": nullable("integer", description="The delivery that this one repeats."),
}

EXAMPLE: dict[str, Any] = {
    "id": "wh_5d0c9e41a7b2f386",
    "name": "release board",
    "kind": "webhook",
    "url": "https://board.example.com/hooks?team=••••••",
    "events": ["session.*"],
    "options": {},
    "owner": "mei",
    "reach": "team",
    "team": "platform",
    "workflow_id": None,
    "is_active": True,
    "state": "active",
    "why": None,
    "waiting": 0,
    "parked": 0,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T09:30:00Z",
    "failing_since": None,
    "hold_until": None,
    "parked_at": None,
    "last_success_at": "2026-03-02T10:00:00Z",
    "last_error": None,
}

DELIVERY_EXAMPLE: dict[str, Any] = {
    "id": 4711,
    "webhook_id": EXAMPLE["id"],
    "session_id": "dev-user-auth-k7m2",
    "message_id": "dev-user-auth-k7m2.12.9f86d081",
    "event": "session.paused",
    "seq": 12,
    "state": "DELIVERED",
    "created_at": "2026-03-02T10:00:00Z",
    "attempts": 1,
    "last_attempt_at": "2026-03-02T10:00:00Z",
    "delivered_at": "2026-03-02T10:00:00Z",
    "status_code": 204,
    "duration_ms": 31,
    "error": None,
    "answer": None,
    "replay_of": None,
}

_SETTINGS: dict[str, Schema] = {
    "name": NAME,
    "url": URL,
    "events": EVENTS,
    "options": {**JSON_OBJECT, "description": "The kind's own settings; in a change null removes one."},
    "secrets": {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": nullable("string", maxLength=TEXT_LENGTH),
        "description": "Secrets by name, kept encrypted and never shown; `secret` is made when it is left out.",
    },
    "reach": {"type": "string", "enum": Reach.values, "description": "`team` when a team is named, else `own`."},
    "team": {"type": "string", "minLength": 1, "maxLength": 150},
    "workflow_id": nullable("string", minLength=1, maxLength=64),
    "is_active": {"type": "boolean", "default": True},
}

register(
    {
        "Webhook": obj(WEBHOOK),
        "WebhookPage": obj({"results": array(ref("Webhook")), "next": nullable("string", format="uri")}),
        "MadeWebhook": obj({**WEBHOOK, "secret": SECRET}),
        "ChangedWebhook": obj({**WEBHOOK, "changed": {"type": "boolean"}}),
        "ResumedWebhook": obj({**WEBHOOK, "resumed": {"type": "integer", "description": "Sessions that go on."}}),
        "ReplayedWebhook": obj({**WEBHOOK, "replayed": {"type": "integer", "description": "Messages."}}),
        "NewWebhook": obj(
            {**_SETTINGS, "kind": {"type": "string", "minLength": 1, "maxLength": 40, "default": "webhook"}},
            required=("name", "url"),
        ),
        "WebhookUpdate": {**obj(_SETTINGS, required=()), "minProperties": 1},
        "Delivery": obj(DELIVERY),
        "DeliveryDetail": obj({**DELIVERY, "body": JSON_OBJECT}, about="A delivery with what is sent, masked."),
        "DeliveryPage": obj({"results": array(ref("Delivery")), "next": nullable("string", format="uri")}),
        "Ping": obj(
            {
                "arrived": {"type": "boolean"},
                "told": {"type": "string", "description": "How it went, in the caller's language."},
                "delivery": ref("Delivery"),
            }
        ),
        "Replay": {
            **obj(
                {
                    "deliveries": array({"type": "integer", "minimum": 1}, minItems=1, maxItems=MOST_REPLAYED),
                    "since": {"type": "string", "format": "date-time", "description": "All that was created since."},
                },
                required=(),
            ),
            "minProperties": 1,
            "maxProperties": 1,
        },
        "SkipReason": obj({"reason": {"type": "string", "minLength": 1, "maxLength": ANSWER_LENGTH}}),
        "StatusWish": {
            "type": "object",
            "description": "A wish for a status, as data of a CloudEvent or alone.",
            "required": ["type", "data"],
            "properties": {
                "type": {
                    "type": "string",
                    "description": "`vcflow.status.requested`; others are passed over.",
                },
                "data": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": {"type": "string", "description": "The entry's: flow- and the session's id."},
                        "status": {"type": "string", "enum": EntryStatus.values},
                        "reason": {"type": "string"},
                        "version": {
                            "type": "integer",
                            "minimum": 1,
                            "description": "Of the newest that you know.",
                        },
                        "by": {"type": "string", "description": "Who wants it."},
                    },
                },
            },
        },
        "Taken": obj(
            {
                "changed": {"type": "boolean"},
                "entry": {"oneOf": [ref("StatusEntryRow"), {"type": "null"}], "description": "As it stands now."},
                "queued": {"type": "boolean", "description": "A worker looks at the far side."},
            },
            about="What a message from outside did.",
        ),
    }
)
