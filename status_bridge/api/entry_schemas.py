"""Status entries and the overview in the API's documentation."""

from __future__ import annotations

from typing import Any

from sessions_app.api import examples
from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import CHANGED, FORCE, JSON_OBJECT, REASON, TIME
from status_bridge.health import LEVELS, MOST_NAMED, MOST_WORKFLOWS
from status_bridge.models import EntryStatus

STATUSES = array({"type": "string", "enum": EntryStatus.values})
_COUNT = {"type": "integer", "minimum": 0}
_SCORE = nullable("integer", minimum=0, maximum=100, description="Null: it can't be told.")
_LEVEL = {"type": "string", "enum": list(LEVELS)}
_VERSION = {"type": "integer", "minimum": 1, "description": "The session's; the `ETag`."}

ENTRY: dict[str, Schema] = {
    "id": {"type": "string", "description": "`flow-` and the session's id."},
    "name": {"type": "string"},
    "type": {"type": "string", "enum": ["FLOW"]},
    "status": {"type": "string", "enum": EntryStatus.values},
    "progress": {"type": "integer", "minimum": 0, "maximum": 100, "description": "Percent."},
    "created_at": TIME,
    "updated_at": TIME,
    "workflow_id": {"type": "string"},
    "current_stage": nullable("string"),
}

STANDING: dict[str, Schema] = {
    "deliveries": ref("OutstandingDeliveries"),
    "conflicts": {**_COUNT, "description": "On how many fields a tracker disagrees until somebody settles it."},
}

ROW: dict[str, Schema] = {**ENTRY, "session_id": {"type": "string"}, "version": _VERSION}
DETAIL: dict[str, Schema] = {
    **ROW,
    "allowed_statuses": {**STATUSES, "description": "What the caller may ask for now."},
    **STANDING,
}
STEERED: dict[str, Schema] = {"entry": ref("StatusEntry"), "session": ref("Session"), "version": _VERSION, **CHANGED}

REASON_OF_HEALTH = obj(
    {
        "text": {"type": "string", "description": "In the caller's language."},
        "count": _COUNT,
        "ids": array({"type": "string"}, maxItems=MOST_NAMED, description="Some of what is meant, by id."),
        "list": nullable("string", description="The address that lists all of it, from the first slash on."),
    }
)

WORKFLOW: dict[str, Schema] = {
    "counts": {**JSON_OBJECT, "description": "Sessions by status of the status system."},
    "open": _COUNT,
    "stuck": _COUNT,
    "score": _SCORE,
    "level": _LEVEL,
}

register(
    {
        "StatusEntryRow": obj(ROW, about="A session as the status system sees it."),
        "StatusEntryPage": obj({"results": array(ref("StatusEntryRow")), "next": nullable("string", format="uri")}),
        "OutstandingDeliveries": obj(
            {"waiting": _COUNT, "parked": _COUNT}, about="Messages about the session that receivers haven't got yet."
        ),
        "StatusEntry": obj(DETAIL, about="A session as the status system sees it, and what is on its way outside."),
        "SessionStatusEntry": {
            **obj({**ENTRY, **STANDING}, about="The session as the status system sees it."),
            "type": ["object", "null"],
        },
        "StatusRequest": obj(
            {"status": {"type": "string", "enum": EntryStatus.values}, "reason": REASON, "force": FORCE},
            required=("status",),
        ),
        "StatusChange": obj(STEERED, about="An entry and its session after what was asked for."),
        "StatusSync": obj(
            {
                **STEERED,
                "changes": {
                    "type": "object",
                    "additionalProperties": obj({"before": {}, "after": {}}),
                    "description": "What differed, by field.",
                },
            },
            about="An entry that was written anew.",
        ),
        "HealthDomain": obj(
            {
                "name": {"type": "string"},
                "title": {"type": "string"},
                "score": _SCORE,
                "level": _LEVEL,
                "formula": {"type": "string", "description": "How the score comes about."},
                "counts": JSON_OBJECT,
                "reasons": array(REASON_OF_HEALTH, description="What keeps the score below 100."),
            }
        ),
        "WorkflowHealth": obj({"workflow_id": {"type": "string"}, "name": {"type": "string"}, **WORKFLOW}),
        "TypeHealth": obj({"type": {"type": "string"}, **WORKFLOW}),
        "StatusOverview": obj(
            {
                "score": _SCORE,
                "level": _LEVEL,
                "formula": {"type": "string"},
                "at": TIME,
                "domains": array(ref("HealthDomain")),
                "workflows": array(ref("WorkflowHealth"), maxItems=MOST_WORKFLOWS),
                "workflows_left_out": {**_COUNT, "description": f"How many more than {MOST_WORKFLOWS} there are."},
                "types": array(ref("TypeHealth")),
            }
        ),
    }
)

ENTRY_EXAMPLE: dict[str, Any] = {
    "id": "flow-dev-user-auth-7k3q",
    "name": "User auth",
    "type": "FLOW",
    "status": "IN_PROGRESS",
    "progress": 20,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T10:02:11Z",
    "workflow_id": "dev",
    "current_stage": "spec",
}
ROW_EXAMPLE: dict[str, Any] = {**ENTRY_EXAMPLE, "session_id": "dev-user-auth-7k3q", "version": 7}
PAGE_EXAMPLE: dict[str, Any] = {"results": [ROW_EXAMPLE], "next": None}
DETAIL_EXAMPLE: dict[str, Any] = {
    **ROW_EXAMPLE,
    "allowed_statuses": ["ON_HOLD", "COMPLETED", "FAILED", "CANCELED"],
    "deliveries": {"waiting": 0, "parked": 0},
    "conflicts": 0,
}
CHANGE_EXAMPLE: dict[str, Any] = {
    "entry": {
        **DETAIL_EXAMPLE,
        "status": "ON_HOLD",
        "version": 8,
        "allowed_statuses": ["IN_PROGRESS", "FAILED", "CANCELED"],
    },
    "session": {key: value for key, value in examples.SESSION_CHANGE.items() if key not in ("changed", "warnings")},
    "version": 8,
    "changed": True,
    "warnings": [],
}
SYNC_EXAMPLE: dict[str, Any] = {
    **CHANGE_EXAMPLE,
    "changes": {"status": {"before": "IN_PROGRESS", "after": "ON_HOLD"}},
}
