"""Values that the documentation shows."""

from __future__ import annotations

from typing import Any

SESSION: dict[str, Any] = {
    "id": "dev-user-auth-7k3q",
    "workflow_id": "dev",
    "workflow_version": 1,
    "name": "User auth",
    "status": "ACTIVE",
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T10:02:11Z",
    "current_stage_id": "spec",
    "completed_stages": ["story"],
    "progress": 20,
    "context": {"branch": "feature/auth"},
    "metadata": {},
    "tags": ["backend"],
    "owner": "mei",
    "team": "platform",
    "forked_from": None,
    "version": 7,
    "allowed_actions": ["pause", "complete", "fail", "abort"],
}

SESSION_CHANGE: dict[str, Any] = {
    **SESSION,
    "status": "PAUSED",
    "version": 8,
    "allowed_actions": ["resume", "fail", "abort"],
    "changed": True,
    "warnings": [],
}

SESSION_PAGE: dict[str, Any] = {"results": [SESSION], "next": None}

TOMBSTONE: dict[str, Any] = {
    "id": "dev-user-auth-7k3q",
    "workflow_id": "dev",
    "last_seq": 9,
    "chain_head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "actor": "mei",
    "reason": "Made by mistake",
    "deleted_at": "2026-03-01T10:05:00Z",
    "version": 9,
    "changed": True,
    "warnings": [],
}

ITEM: dict[str, Any] = {
    "id": "write-it",
    "number": 1,
    "text": "Write it down",
    "required": True,
    "added": False,
    "done": True,
    "done_at": "2026-03-01T10:00:05Z",
    "done_by": "mei",
}

STAGE: dict[str, Any] = {
    "id": "dev-user-auth-7k3q.spec.1",
    "session_id": "dev-user-auth-7k3q",
    "stage_id": "spec",
    "name": "Specification",
    "attempt": 1,
    "status": "ACTIVE",
    "ad_hoc": False,
    "started_at": "2026-03-01T09:41:00Z",
    "completed_at": None,
    "overdue": False,
    "assignee": "mei",
    "context": {},
    "lease": None,
    "config": {"timeout": 86400},
    "metadata": {},
    "deliverables": {},
    "missing_deliverables": ["spec-md"],
    "completed_items": ["write-it"],
    "items": [ITEM],
    "allowed_actions": ["pause", "complete", "fail", "skip"],
}

STATUS_ENTRY: dict[str, Any] = {
    "id": "flow-dev-user-auth-7k3q",
    "name": "User auth",
    "type": "FLOW",
    "status": "IN_PROGRESS",
    "progress": 20,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T10:02:11Z",
    "workflow_id": "dev",
    "current_stage": "spec",
    "deliveries": {"waiting": 0, "parked": 0},
    "conflicts": 0,
}

SESSION_DETAIL: dict[str, Any] = {
    **SESSION,
    "stages": [{**STAGE, "required": True, "earlier_attempts": []}],
    "status_entry": STATUS_ENTRY,
}
