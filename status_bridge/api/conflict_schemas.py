"""The schemas of conflicts."""

from __future__ import annotations

from typing import Any

from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import NULLABLE_TIME, TIME
from status_bridge.models import ConflictKind, Settlement

_VALUE: Schema = {"type": ["string", "boolean", "null"]}

_CONFLICT: dict[str, Schema] = {
    "id": {"type": "integer"},
    "session_id": {"type": "string"},
    "webhook": {"type": "string", "description": "The id of the webhook whose tracker it is."},
    "field": {
        "type": "string",
        "description": "`title`, `status`, `item:<stage>/<item>`, or `task`: the task is gone.",
    },
    "kind": {"type": "string", "enum": list(ConflictKind.values)},
    "base": {**_VALUE, "description": "What both sides said last."},
    "ours": {**_VALUE, "description": "What the session says."},
    "theirs": {**_VALUE, "description": "What the tracker says, or asked for."},
    "reason": {"type": "string", "description": "Why what was asked for was refused, and why it was settled so."},
    "task_url": nullable("string", description="The task's address."),
    "found_at": TIME,
    "settled_at": NULLABLE_TIME,
    "settled_by": nullable("string", description="Who settled it; null where both sides came to agree."),
    "settlement": {"type": ["string", "null"], "enum": [*Settlement.values, None]},
}

EXAMPLE: dict[str, Any] = {
    "id": 7,
    "session_id": "dev-user-auth-7k3q",
    "webhook": "wh_3f9a1c7b2d4e5f60",
    "field": "title",
    "kind": "both-changed",
    "base": "User auth",
    "ours": "User authentication",
    "theirs": "Login",
    "reason": "",
    "task_url": "https://github.com/octo/house/issues/12",
    "found_at": "2026-03-01T09:30:00Z",
    "settled_at": None,
    "settled_by": None,
    "settlement": None,
}
SETTLED: dict[str, Any] = {
    **EXAMPLE,
    "settled_at": "2026-03-01T10:00:00Z",
    "settled_by": "mei",
    "settlement": "ours",
}

register(
    {
        "Conflict": obj(_CONFLICT),
        "ConflictPage": obj({"results": array(ref("Conflict")), "next": nullable("string", format="uri")}),
        "SettledConflict": obj({**_CONFLICT, "changed": {"type": "boolean"}}),
        "Settlement": obj(
            {
                "keep": {"type": "string", "enum": list(Settlement.values), "description": "Whose value holds."},
                "reason": {"type": "string", "maxLength": 20_000},
            },
            required=("keep",),
        ),
    }
)
