"""Savepoints in the API's documentation."""

from __future__ import annotations

from typing import Any

from sessions_app.api import examples
from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import CHANGED, JSON_OBJECT, NAME, REASON, SESSION, TIME
from sessions_app.models.savepoints import SavepointKind
from sessions_app.text import TEXT_LENGTH

DRY_RUN: Schema = {"type": "boolean", "default": False, "description": "Only say what would change; nothing is stored."}

SAVEPOINT: dict[str, Schema] = {
    "id": {"type": "string", "description": "`<session id>@<seq>`."},
    "session_id": {"type": "string"},
    "seq": {"type": "integer", "minimum": 1, "description": "The session's version that it holds."},
    "kind": {"type": "string", "enum": SavepointKind.values, "description": "Who took it, and when."},
    "verb": nullable("string", description="What ended or was about to happen; null when it was taken by hand."),
    "stage_id": nullable("string", description="The stage that ended."),
    "note": {"type": "string"},
    "actor": {"type": "string", "description": "For whom it was taken."},
    "created_at": TIME,
    "size": {"type": "integer", "minimum": 0, "description": "Bytes of the state."},
}

DIFFERENCE = obj(
    {
        "part": {"type": "string", "enum": ["session", "stage"]},
        "stage_id": nullable("string", description="The stage, where an attempt differs."),
        "attempt": nullable("integer", minimum=1),
        "field": {"type": "string", "description": "Such as `status`, `context.branch` or `items.write.done`."},
        "before": {"description": "null where it was not there."},
        "after": {"description": "null where it is not there any more."},
        "text": {"type": "string", "description": "The same in words of the caller's language."},
    },
    about="One thing that differs between two states; secrets are masked.",
)

_VERSION: Schema = {"type": "integer", "minimum": 1, "description": "The number of the session's last event; its ETag."}

_TRIED: dict[str, Schema] = {
    "dry_run": {"type": "boolean"},
    "differences": array(ref("StateDifference"), description="What would change; empty unless it was a dry run."),
}

register(
    {
        "Savepoint": obj(SAVEPOINT, about="A state of a session that was kept."),
        "SavepointDetail": obj({**SAVEPOINT, "state": JSON_OBJECT}, about="A savepoint with the state that it holds."),
        "SavepointPage": obj({"results": array(ref("Savepoint")), "next": nullable("string", format="uri")}),
        "SavepointChange": obj({**SAVEPOINT, "version": _VERSION, **CHANGED}, about="A new savepoint."),
        "NewSavepoint": obj(
            {"note": {"type": "string", "maxLength": TEXT_LENGTH, "description": "Why; it is kept in the event log."}},
            required=(),
        ),
        "StateDifference": DIFFERENCE,
        "StateDifferences": obj(
            {
                "from": {"type": "string", "description": "The savepoint."},
                "to": nullable("string", description="The other savepoint; null: the session as it is now."),
                "differences": array(ref("StateDifference")),
            }
        ),
        "Restoring": obj({"reason": REASON, "dry_run": DRY_RUN}, required=()),
        "Forking": obj({"name": NAME, "reason": REASON, "dry_run": DRY_RUN}, required=()),
        "SavepointSession": obj(
            {**SESSION, **_TRIED, **CHANGED}, about="The session as it is, or after a dry run would be."
        ),
    }
)

EXAMPLE: dict[str, Any] = {
    "id": "dev-user-auth-7k3q@7",
    "session_id": "dev-user-auth-7k3q",
    "seq": 7,
    "kind": "MANUAL",
    "verb": None,
    "stage_id": None,
    "note": "before the big change",
    "actor": "mei",
    "created_at": "2026-03-01T10:02:11Z",
    "size": 1830,
}

DETAIL = {**EXAMPLE, "state": {"session": {"status": "ACTIVE", "name": "User auth"}, "attempts": {}}}
PAGE: dict[str, Any] = {"results": [EXAMPLE], "next": None}
CHANGE = {**EXAMPLE, "version": 7, "changed": True, "warnings": []}

DIFFERENCE_EXAMPLE: dict[str, Any] = {
    "part": "stage",
    "stage_id": "spec",
    "attempt": 1,
    "field": "status",
    "before": "ACTIVE",
    "after": "FAILED",
    "text": "spec.1: in progress → failed",
}

DIFFERENCES = {"from": "dev-user-auth-7k3q@7", "to": None, "differences": [DIFFERENCE_EXAMPLE]}
SESSION_AFTER = {**examples.SESSION_CHANGE, "dry_run": False, "differences": []}
