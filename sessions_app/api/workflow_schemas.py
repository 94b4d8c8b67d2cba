"""Workflows in the API's documentation."""

from __future__ import annotations

from typing import Any

from sessions_app.api.documents import array, nullable, obj, ref, register
from sessions_app.api.session_schemas import CHANGED, NULLABLE_TIME, TIME
from sessions_app.definitions.ids import SOURCE_LENGTH
from sessions_app.definitions.schema import FAIL, KEEP, MOST_LEASE_SECONDS, PAUSE

FILE = {"type": "string"}
MOST_FILES = 50
FILE_NAME_LENGTH = SOURCE_LENGTH
_TEXT = {"type": "string"}
_REQUIRED = {"type": "boolean", "description": "False: the stage can be completed without it."}
_LINE = nullable("integer", minimum=1, description="The line of the file; null where no file was read.")
_NUMBER = {"type": "integer", "minimum": 1}

WORKFLOW: dict[str, Any] = {
    "id": _TEXT,
    "name": {"type": "string", "description": "In the caller's language, as every text here."},
    "type": _TEXT,
    "description": _TEXT,
    "source_rule": {"type": "string", "description": "The name of the file that it was imported from."},
    "version": {"type": "integer", "minimum": 1, "description": "The number of its newest version."},
    "created_at": TIME,
    "updated_at": TIME,
    "retired_at": {**NULLABLE_TIME, "description": "Since when it starts no new sessions."},
}

_STAGES = {
    "parallel": {"type": "boolean", "description": "Whether several stages may be active at once."},
    "stages": array(ref("StageDefinition")),
    "transitions": array(obj({"from": _TEXT, "to": _TEXT, "condition": _TEXT})),
}

DEFINITION: dict[str, Any] = {
    **{name: WORKFLOW[name] for name in ("id", "name", "type", "description", "source_rule")},
    **_STAGES,
}

_VERSION: dict[str, Any] = {
    "number": _NUMBER,
    "digest": {"type": "string", "description": "SHA-256 over what the version says."},
    "created_at": TIME,
}

_MADE: dict[str, Any] = {
    "version": {**_NUMBER, "description": "The version that says this; only when it was imported."},
    "changed": {"type": "boolean", "description": "False: the newest version says it already."},
    "retired": {"type": "boolean", "description": "The workflow is retired; unchanged content leaves it so."},
}

register(
    {
        "Workflow": obj(WORKFLOW),
        "WorkflowRow": {**obj(WORKFLOW, required=()), "description": "A workflow; `fields` leaves keys out."},
        "WorkflowPage": obj({"results": array(ref("WorkflowRow")), "next": nullable("string", format="uri")}),
        "WorkflowDetail": {
            **obj({**WORKFLOW, **_STAGES}, required=()),
            "description": "A workflow with what its newest version says; `fields` leaves keys out.",
        },
        "WorkflowChange": obj({**WORKFLOW, **CHANGED}, about="A workflow after a change."),
        "StageDefinition": obj(
            {
                "id": _TEXT,
                "name": _TEXT,
                "line": _LINE,
                "description": _TEXT,
                "order": _NUMBER,
                "required": {"type": "boolean", "description": "False: the session can be completed without it."},
                "checklist": array(obj({"id": _TEXT, "text": _TEXT, "required": _REQUIRED})),
                "deliverables": array(obj({"id": _TEXT, "name": _TEXT, "required": _REQUIRED})),
                "depends_on": array(_TEXT, description="The ids of the stages that come first."),
                "exit_condition": _TEXT,
                "roles": array(_TEXT),
                "tools": array(_TEXT),
                "timeout": nullable("integer", description="Seconds."),
                "lease": {
                    "anyOf": [ref("LeaseDefinition"), {"type": "null"}],
                    "description": "For claims of the stage; null: 900 seconds, and nothing becomes of the stage.",
                },
            }
        ),
        "LeaseDefinition": obj(
            {
                "seconds": {"type": "integer", "minimum": 1, "maximum": MOST_LEASE_SECONDS},
                "on_expiry": {"type": "string", "enum": [KEEP, PAUSE, FAIL]},
            },
            about="How long a claim of a stage lasts, and what becomes of the stage when it ran out.",
        ),
        "WorkflowDefinition": obj(DEFINITION, about="What a version of a workflow says."),
        "WorkflowVersionRow": obj(
            {
                **_VERSION,
                "sessions": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How many sessions that the caller may see run this version.",
                },
            }
        ),
        "WorkflowVersionPage": obj(
            {"results": array(ref("WorkflowVersionRow")), "next": nullable("string", format="uri")}
        ),
        "WorkflowVersionDetail": obj(
            {"workflow_id": _TEXT, **_VERSION, "definition": ref("WorkflowDefinition")}, about="It never changes."
        ),
        "Import": obj(
            {
                "files": array(
                    obj(
                        {
                            "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": FILE_NAME_LENGTH,
                                "description": "Its ending decides how it is read: .yaml, .yml, .json, .mdc, .md.",
                            },
                            "content": {"type": "string", "description": "The text of the file."},
                        }
                    ),
                    minItems=1,
                    maxItems=MOST_FILES,
                ),
                "dry_run": {"type": "boolean", "default": False, "description": "Read the files and make nothing."},
            },
            required=("files",),
        ),
        "ImportedFiles": array(ref("ImportedFile")),
        "ImportedFile": {
            **obj(
                {
                    "file": _TEXT,
                    "workflow": {"oneOf": [ref("WorkflowDefinition"), {"type": "null"}]},
                    "warnings": array(ref("FileProblem")),
                    "errors": array(ref("FileProblem")),
                    **_MADE,
                },
                required=("file", "workflow", "warnings", "errors"),
            ),
            "description": "What a file holds, and the version made of it; `workflow` is null when it holds none.",
        },
        "FileProblem": obj(
            {
                "line": _LINE,
                "code": _TEXT,
                "message": _TEXT,
                "path": {"type": "string", "description": "The place in the data, such as `stages[2].checklist`."},
                "fix": _TEXT,
            }
        ),
    }
)
