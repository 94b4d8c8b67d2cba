"""Where a session is, in the API's documentation."""

from __future__ import annotations

from sessions_app.api.documents import array, nullable, obj, ref, register
from sessions_app.api.session_schemas import PARTS, SESSION, TIME
from sessions_app.states import SessionStatus
from stages_app.states import StageStatus

_TEXT = {"type": "string"}
_STAGE_IDS = array(_TEXT, description="Stage ids, in the workflow's order.")

_NEXT = array(ref("NextStep"), description="Best first.")

register(
    {
        "SessionProgress": obj(
            {
                "session_id": _TEXT,
                "workflow_id": _TEXT,
                "status": SESSION["status"],
                "progress": SESSION["progress"],
                "total": {"type": "integer", "description": "How many stages the workflow has."},
                "current_stage_id": SESSION["current_stage_id"],
                "completed": _STAGE_IDS,
                "skipped": _STAGE_IDS,
                "remaining": _STAGE_IDS,
                **PARTS,
            }
        ),
        "NextStep": obj(
            {
                "why": {"type": "string", "description": "In the caller's language."},
                "command": {"type": "string", "description": "The same on the command line."},
                "method": {"type": "string", "enum": ["GET", "POST"]},
                "path": {"type": "string", "description": "The address, from the first slash on."},
                "body": nullable("object", additionalProperties=True),
            },
            about="Something that the caller may do next; values in angle brackets are to be filled in.",
        ),
        "NextSteps": obj(
            {
                "session_id": _TEXT,
                "status": {"type": "string", "enum": SessionStatus.values},
                "current_stage_id": SESSION["current_stage_id"],
                "progress": SESSION["progress"],
                "version": SESSION["version"],
                "next": _NEXT,
            }
        ),
        "SessionBrief": obj(
            {
                **SESSION,
                **PARTS,
                "workflow": ref("WorkflowDefinition"),
                "notes": array(ref("Event"), description="The last notes, oldest first."),
                "recent_events": array(ref("Event"), description="The last events that matter, oldest first."),
                "next": _NEXT,
            },
            about="A session with everything that one needs to go on with it.",
        ),
        "InboxRow": obj(
            {
                "stage_instance_id": _TEXT,
                "stage_id": _TEXT,
                "name": _TEXT,
                "attempt": {"type": "integer", "minimum": 1},
                "status": {"type": "string", "enum": StageStatus.values},
                "since": {**TIME, "description": "When it began, or else when its session was made."},
                "overdue": {"type": "boolean"},
                "session_id": _TEXT,
                "session_name": _TEXT,
                "workflow_id": _TEXT,
                "command": {"type": "string", "description": "Shows what is worked on, or gets it going."},
                "method": {"type": "string", "enum": ["GET", "POST"]},
                "path": {"type": "string", "description": "The address of the same, from the first slash on."},
                "body": nullable("object", additionalProperties=True),
            },
            about="A stage whose turn is the caller's.",
        ),
        "Inbox": obj({"results": array(ref("InboxRow"))}),
    }
)
