"""Workflows that the documentation shows."""

from __future__ import annotations

from typing import Any

WORKFLOW: dict[str, Any] = {
    "id": "release",
    "name": "Release",
    "type": "dev",
    "description": "",
    "source_rule": "release.yaml",
    "version": 2,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-04T08:00:00Z",
    "retired_at": None,
}

STAGE: dict[str, Any] = {
    "id": "check",
    "name": "Check",
    "line": None,
    "description": "",
    "order": 1,
    "required": True,
    "checklist": [{"id": "run-the-tests", "text": "Run the tests", "required": True}],
    "deliverables": [{"id": "report", "name": "report", "required": True}],
    "depends_on": [],
    "exit_condition": "",
    "roles": [],
    "tools": [],
    "timeout": None,
    "lease": None,
}

DEFINITION: dict[str, Any] = {
    **{name: WORKFLOW[name] for name in ("id", "name", "type", "description", "source_rule")},
    "parallel": False,
    "stages": [STAGE],
    "transitions": [],
}

DETAIL: dict[str, Any] = {**WORKFLOW, **DEFINITION}
PAGE: dict[str, Any] = {"results": [WORKFLOW], "next": None}
CHANGE: dict[str, Any] = {**WORKFLOW, "retired_at": "2026-03-05T08:00:00Z", "changed": True, "warnings": []}
DELETED: dict[str, Any] = {**WORKFLOW, "changed": True, "warnings": []}

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
VERSION: dict[str, Any] = {"number": 2, "digest": _DIGEST, "created_at": "2026-03-04T08:00:00Z"}
VERSION_PAGE: dict[str, Any] = {"results": [{**VERSION, "sessions": 3}], "next": None}
VERSION_DETAIL: dict[str, Any] = {"workflow_id": "release", **VERSION, "definition": DEFINITION}

YAML = """\
vcflow: 1
id: release
name: Release
type: dev
source_rule: release.yaml
stages:
  - id: check
    name: Check
    checklist:
      - Run the tests
    deliverables:
      - report
"""

FILE: dict[str, Any] = {
    "vcflow": 1,
    "id": "release",
    "name": "Release",
    "type": "dev",
    "source_rule": "release.yaml",
    "stages": [{"id": "check", "name": "Check", "checklist": ["Run the tests"], "deliverables": ["report"]}],
}

IMPORT: dict[str, Any] = {"files": [{"name": "release.yaml", "content": YAML}], "dry_run": False}

READ: dict[str, Any] = {
    "file": "release.yaml",
    "workflow": {**DEFINITION, "stages": [{**STAGE, "line": 7}]},
    "warnings": [],
    "errors": [],
}
IMPORTED: dict[str, Any] = {**READ, "version": 2, "changed": True, "retired": False}
