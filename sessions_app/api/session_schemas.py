"""Sessions in the API's documentation."""

from __future__ import annotations

from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.machine import SESSION_RULES
from sessions_app.states import SessionStatus
from sessions_app.text import NAME_LENGTH, TAG_LENGTH, TEXT_LENGTH

TIME = {"type": "string", "format": "date-time"}
NULLABLE_TIME = nullable("string", format="date-time")
JSON_OBJECT = ref("JsonObject")
NAME = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH}
REASON = {"type": "string", "maxLength": TEXT_LENGTH, "description": "Why; kept in the event log."}
FORCE = {
    "type": "boolean",
    "default": False,
    "description": "Pass over what is still open; needs a reason and, with a token, the scope `decide`.",
}
TAGS = array({"type": "string", "minLength": 1, "maxLength": TAG_LENGTH}, maxItems=100)
USERNAME = {"type": "string", "minLength": 1, "maxLength": 150}
TEAM = nullable("string", minLength=1, maxLength=150)

SESSION: dict[str, Schema] = {
    "id": {"type": "string", "description": "For people: workflow, name and a short random tail."},
    "workflow_id": {"type": "string"},
    "workflow_version": {"type": "integer", "minimum": 1},
    "name": {"type": "string"},
    "status": {"type": "string", "enum": SessionStatus.values},
    "created_at": TIME,
    "updated_at": TIME,
    "current_stage_id": nullable("string"),
    "completed_stages": array({"type": "string"}),
    "progress": {"type": "integer", "minimum": 0, "maximum": 100, "description": "Percent."},
    "context": JSON_OBJECT,
    "metadata": JSON_OBJECT,
    "tags": array({"type": "string"}),
    "owner": {"type": "string", "description": "A username."},
    "team": nullable("string"),
    "forked_from": nullable("string", description="The savepoint from which it went on, if it is a fork."),
    "version": {"type": "integer", "minimum": 1, "description": "The number of its last event; its ETag."},
    "allowed_actions": array(
        {"type": "string", "enum": list(SESSION_RULES)}, description="The verbs that the caller may use now."
    ),
}

PARTS: dict[str, Schema] = {"stages": array(ref("SessionStage")), "status_entry": ref("SessionStatusEntry")}
"""What the floors above know of a session; they register these schemas."""

CHANGED = {
    "changed": {"type": "boolean", "description": "False: it was so already, and nothing was written."},
    "warnings": array({"type": "string"}),
}

PROBLEM = obj(
    {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; the command line uses the same."},
        "detail": {"type": "string", "description": "What is wrong, in the caller's language."},
        "fix": {"type": "string", "description": "What mends it."},
        "details": JSON_OBJECT,
    },
    about="An error (RFC 9457).",
)

register(
    {
        "JsonObject": {"type": "object", "additionalProperties": True},
        "Problem": PROBLEM,
        "Nothing": obj({}, about="No body."),
        "Session": obj(SESSION),
        "SessionDetail": {
            **obj({**SESSION, **PARTS}, required=()),
            "description": "A session with its stages; `fields` leaves keys out.",
        },
        "SessionChange": obj({**SESSION, **CHANGED}, about="A session after a change."),
        "SessionPage": obj({"results": array(ref("SessionRow")), "next": nullable("string", format="uri")}),
        "SessionRow": {
            **obj({**SESSION, **PARTS}, required=()),
            "description": "A session; `fields` leaves keys out, `expand=stages` adds its stages and status entry.",
        },
        "NewSession": obj(
            {
                "workflow_id": {"type": "string", "minLength": 1, "maxLength": 64},
                "name": NAME,
                "context": JSON_OBJECT,
                "metadata": JSON_OBJECT,
                "tags": TAGS,
                "team": TEAM,
                "start": {"type": "boolean", "default": True, "description": "False leaves it PENDING."},
            },
            required=("workflow_id",),
        ),
        "SessionUpdate": {
            **obj(
                {
                    "name": NAME,
                    "context": JSON_OBJECT,
                    "metadata": JSON_OBJECT,
                    "tags": TAGS,
                    "owner": USERNAME,
                    "team": TEAM,
                },
                required=(),
            ),
            "minProperties": 1,
        },
        "Reason": obj({"reason": REASON}, required=()),
        "ForcedReason": obj({"reason": REASON, "force": FORCE}, required=()),
        "RequiredReason": obj({"reason": REASON}),
        "Note": obj({"text": {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH}}),
        "Tombstone": obj(
            {
                "id": {"type": "string"},
                "workflow_id": {"type": "string"},
                "last_seq": {"type": "integer"},
                "chain_head": {"type": "string"},
                "actor": {"type": "string"},
                "reason": {"type": "string"},
                "deleted_at": TIME,
                "version": {"type": "integer"},
                **CHANGED,
            },
            about="What is left of a deleted session.",
        ),
    }
)
