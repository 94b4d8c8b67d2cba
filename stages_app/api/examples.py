"""Values that the documentation shows."""

from __future__ import annotations

from typing import Any

from sessions_app.api.examples import ITEM, SESSION, SESSION_DETAIL, STATUS_ENTRY
from sessions_app.api.examples import STAGE as STAGE
from sessions_app.api.workflow_examples import DEFINITION

STAGE_PAGE: dict[str, Any] = {"results": [STAGE], "next": None}

_CHANGED: dict[str, Any] = {"session": SESSION, "version": 7, "changed": True, "warnings": []}

STAGE_CHANGE: dict[str, Any] = {**STAGE, **_CHANGED}

OWN_LEASE: dict[str, Any] = {
    "holder": "agent 7",
    "expires_at": "2026-03-01T09:51:00Z",
    "expired": False,
    "token": 7,
}

CLAIM_CHANGE: dict[str, Any] = {**STAGE_CHANGE, "lease": OWN_LEASE}

HEARTBEAT: dict[str, Any] = {
    "session_id": SESSION["id"],
    "stage_id": "spec",
    "stage_instance_id": STAGE["id"],
    "lease": OWN_LEASE,
}

ITEM_CHANGE: dict[str, Any] = {
    **ITEM,
    "id": "ask-the-users",
    "number": 2,
    "text": "Ask the users",
    "added": True,
    "done": False,
    "done_at": None,
    "done_by": None,
    "stage_id": "spec",
    "stage_instance_id": STAGE["id"],
    **_CHANGED,
}

NEXT_STEP: dict[str, Any] = {
    "why": "hand in spec-md",
    "command": "vc flow deliverable add 'spec-md=<value>' --session dev-user-auth-7k3q --stage spec",
    "method": "POST",
    "path": "/api/v1/stages/dev-user-auth-7k3q.spec.1/deliverables/",
    "body": {"deliverables": {"spec-md": "<value>"}},
}

NEXT: dict[str, Any] = {
    "session_id": SESSION["id"],
    "status": "ACTIVE",
    "current_stage_id": "spec",
    "progress": 20,
    "version": 7,
    "next": [NEXT_STEP],
}

PROGRESS: dict[str, Any] = {
    "session_id": SESSION["id"],
    "workflow_id": "dev",
    "status": "ACTIVE",
    "progress": 20,
    "total": 5,
    "current_stage_id": "spec",
    "completed": ["story"],
    "skipped": [],
    "remaining": ["spec", "coding", "review", "release"],
    "stages": [{**STAGE, "required": True, "earlier_attempts": []}],
    "status_entry": STATUS_ENTRY,
}

INBOX: dict[str, Any] = {
    "results": [
        {
            "stage_instance_id": STAGE["id"],
            "stage_id": "spec",
            "name": "Specification",
            "attempt": 1,
            "status": "ACTIVE",
            "since": "2026-03-01T09:41:00Z",
            "overdue": False,
            "session_id": SESSION["id"],
            "session_name": "User auth",
            "workflow_id": "dev",
            "command": "vc flow context dev-user-auth-7k3q",
            "method": "GET",
            "path": "/api/v1/sessions/dev-user-auth-7k3q/context/",
            "body": None,
        }
    ]
}

BRIEF: dict[str, Any] = {
    **SESSION_DETAIL,
    "workflow": DEFINITION,
    "notes": [],
    "recent_events": [],
    "next": [NEXT_STEP],
}

RECOVERY: dict[str, Any] = {
    "results": [
        {
            "why": "lease-expired",
            "about": "the lease of agent 7 ran out",
            "session_id": SESSION["id"],
            "session_name": "User auth",
            "workflow_id": "dev",
            "session_status": "ACTIVE",
            "stage_id": "spec",
            "stage_instance_id": STAGE["id"],
            "stage_status": "ACTIVE",
            "since": "2026-03-01T09:51:00Z",
            "who": "agent 7",
            "reason": None,
            "command": "vc flow stage claim spec --session dev-user-auth-7k3q",
            "method": "POST",
            "path": f"/api/v1/stages/{STAGE['id']}/claim/",
            "body": {},
        }
    ],
    "more": False,
}
