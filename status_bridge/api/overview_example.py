"""An overview for the documentation."""

from __future__ import annotations

from typing import Any

_COUNTS = {"PENDING": 0, "IN_PROGRESS": 3, "ON_HOLD": 1, "COMPLETED": 12, "FAILED": 1, "CANCELED": 0}
_TALLY: dict[str, Any] = {"counts": _COUNTS, "open": 5, "stuck": 0, "score": 80, "level": "healthy"}

OVERVIEW: dict[str, Any] = {
    "score": 80,
    "level": "healthy",
    "formula": "the lowest score of the domains; 80 and more is healthy, 50 and more needs attention",
    "at": "2026-03-01T10:05:00Z",
    "domains": [
        {
            "name": "sessions",
            "title": "Sessions",
            "score": 80,
            "level": "healthy",
            "formula": "floor(100 × points / open sessions): ...",
            "counts": {**_COUNTS, "open": 5, "stuck": 0},
            "reasons": [
                {
                    "text": "1 session failed.",
                    "count": 1,
                    "ids": [],
                    "list": "/api/v1/sessions/?status=FAILED",
                }
            ],
        }
    ],
    "workflows": [{"workflow_id": "dev", "name": "Development", **_TALLY}],
    "workflows_left_out": 0,
    "types": [{"type": "development", **_TALLY}],
}
