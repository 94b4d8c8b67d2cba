"""Events, bulk verbs and the caller, as the documentation shows them."""

from __future__ import annotations

from typing import Any

EVENT: dict[str, Any] = {
    "session_id": "dev-user-auth-7k3q",
    "seq": 8,
    "type": "session.paused",
    "level": "INFO",
    "stage_instance_id": None,
    "actor": "mei",
    "door": "api",
    "submitted_by": "token:laptop",
    "reason": "Waiting for the design",
    "changes": {"status": {"before": "ACTIVE", "after": "PAUSED"}},
    "cause": None,
    "created_at": "2026-03-01T10:05:40Z",
}

EVENT_PAGE: dict[str, Any] = {"results": [EVENT], "next": None}

FEED: dict[str, Any] = {"results": [{**EVENT, "cursor": "0-3f2-1b"}], "cursor": "0-3f9-0", "more": False}

BULK_PREVIEW: dict[str, Any] = {
    "dry_run": True,
    "verb": "pause",
    "matched": 1,
    "counts": {"pause": 1},
    "results": [
        {
            "id": "dev-user-auth-7k3q",
            "name": "User auth",
            "status": "ACTIVE",
            "would": "pause",
            "code": None,
            "detail": None,
            "fix": None,
        }
    ],
}

ME: dict[str, Any] = {
    "user": "mei",
    "is_admin": False,
    "may_define": False,
    "teams": [{"name": "platform", "role": "operator"}],
    "token": {
        "id": "vcf_3b0f77a",
        "name": "laptop",
        "scopes": ["read", "work"],
        "team": None,
        "workflow": None,
        "agent": False,
        "expires_at": "2026-05-30T09:30:00Z",
    },
}
