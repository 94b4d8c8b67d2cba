"""Statistics that the documentation shows."""

from __future__ import annotations

from typing import Any

_MINUTE = 60_000_000


def _lengths(count: int, p50: int, p90: int, total: int) -> dict[str, int]:
    """Of minutes."""
    return {"count": count, "p50": p50 * _MINUTE, "p90": p90 * _MINUTE, "total": total * _MINUTE}


_PARTS = {
    "active": _lengths(2, 100, 140, 240),
    "waiting": _lengths(2, 20, 40, 60),
    "paused": _lengths(2, 0, 30, 30),
    "failed": _lengths(2, 0, 0, 0),
    "ended": _lengths(2, 0, 0, 0),
}
_STAGE_PARTS = {**_PARTS, "active": _lengths(2, 80, 100, 180), "waiting": _lengths(2, 0, 0, 0)}

STATISTICS: dict[str, Any] = {
    "since": "2026-03-01T00:00:00Z",
    "until": "2026-03-03T00:00:00Z",
    "ended": 3,
    "sampled": 3,
    "reach": None,
    "workflows": [
        {
            "workflow_id": "dev",
            "name": "Development",
            "version": None,
            "completed": 2,
            "aborted": 1,
            "failed": 0,
            "open": {"count": 1, "p50": 90 * _MINUTE, "p90": 90 * _MINUTE, "longest": 90 * _MINUTE},
            "throughput": {"per_day": 1.0, "per_week": 7.0},
            "per_day": [{"day": "2026-03-01", "completed": 0}, {"day": "2026-03-02", "completed": 2}],
            "per_week": [{"week": "2026-02-23", "completed": 0}, {"week": "2026-03-02", "completed": 2}],
            "sampled": 2,
            "cycle": _lengths(2, 120, 210, 330),
            "parts": _PARTS,
            "before_start": _lengths(2, 0, 0, 0),
            "first_pass": {"sessions": 1, "share": 0.5},
            "rework": {"begun": 2, "repeated": 1, "share": 0.5, "mean_attempts": 1.5},
            "bottleneck": {
                "stage_id": "coding",
                "name": "Coding",
                "share": 0.6364,
                "text": "Coding takes most of the time: 64% of what completed sessions took.",
            },
            "failures": [{"reason": "Tests fail", "count": 1, "stage_ids": ["coding"]}],
            "aborts": [{"reason": "", "count": 1, "stage_ids": []}],
            "stages": [
                {
                    "stage_id": "coding",
                    "name": "Coding",
                    "cycle": _lengths(2, 80, 130, 210),
                    "parts": _STAGE_PARTS,
                    "share": 0.6364,
                    "rework": {"begun": 2, "repeated": 1, "share": 0.5, "mean_attempts": 1.5},
                    "failures": 1,
                }
            ],
        }
    ],
    "workflows_left_out": 0,
}
