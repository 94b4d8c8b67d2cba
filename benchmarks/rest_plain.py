"""The list of sessions with their stages as a plain Django view: what the API's is held against.

No REST framework, nobody signed in, nothing hidden, nothing counted: four queries with ``values()``, and
``JsonResponse``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.utils import timezone

from sessions_app.machine import SESSION_RULES, allowed_verbs
from sessions_app.models import FlowSession, WorkflowVersion
from stages_app.machine import allowed_stage_verbs
from stages_app.models import StageInstance, StageItem

Data = dict[str, Any]

DONE = ("COMPLETED", "SKIPPED")
SESSION_COLUMNS = (
    *("id", "workflow_id", "name", "status", "created_at", "updated_at", "current_stage_id", "stage_states"),
    *("context", "metadata", "tags", "version", "pinned_version_id", "owner__username", "team__name"),
)
STAGE_COLUMNS = (
    *("id", "session_id", "stage_id", "name", "attempt", "status", "is_ad_hoc", "started_at", "completed_at"),
    *("assignee__username", "context", "config", "metadata", "deliverables"),
)
ITEM_COLUMNS = ("stage_instance_id", "item_id", "number", "text", "is_required", "is_added", "is_done", "done_at")


def sessions(request: HttpRequest) -> JsonResponse:
    """The newest sessions, each with its stages, as the API gives them."""
    limit = int(request.GET["limit"])
    rows = list(FlowSession.objects.order_by("-created_at", "-id").values(*SESSION_COLUMNS)[: limit + 1])
    has_more, rows = len(rows) > limit, rows[:limit]
    versions = WorkflowVersion.objects.in_bulk({row["pinned_version_id"] for row in rows})
    attempts = _attempts([row["id"] for row in rows])
    results = [_session(row, versions[row["pinned_version_id"]], attempts[row["id"]]) for row in rows]
    return JsonResponse({"results": results, "next": request.build_absolute_uri() if has_more else None})


def _attempts(session_ids: list[str]) -> Mapping[str, list[Data]]:
    """By session: its attempts, each with its items."""
    stages = list(
        StageInstance.objects.filter(session__in=session_ids).order_by("session", "attempt").values(*STAGE_COLUMNS)
    )
    found = StageItem.objects.filter(stage_instance__session__in=session_ids).order_by("stage_instance", "number")
    items: dict[str, list[Data]] = defaultdict(list)
    for item in found.values(*ITEM_COLUMNS, "done_by"):
        items[item["stage_instance_id"]].append(item)
    attempts: dict[str, list[Data]] = defaultdict(list)
    for stage in stages:
        attempts[stage["session_id"]].append({**stage, "items": items[stage["id"]]})
    return attempts


def _session(row: Data, version: WorkflowVersion, attempts: list[Data]) -> Data:
    states, defined = row["stage_states"], version.content["stages"]
    done = sum(states.get(stage["id"]) in DONE for stage in defined)
    return {
        "id": row["id"],
        "workflow_id": row["workflow_id"],
        "workflow_version": version.number,
        "name": row["name"],
        "status": row["status"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "current_stage_id": row["current_stage_id"] or None,
        "completed_stages": [stage["id"] for stage in defined if states.get(stage["id"]) == "COMPLETED"],
        "progress": 100 if row["status"] == "COMPLETED" else 100 * done // len(defined),
        "context": row["context"],
        "metadata": row["metadata"],
        "tags": row["tags"],
        "owner": row["owner__username"],
        "team": row["team__name"],
        "version": row["version"],
        "allowed_actions": allowed_verbs(SESSION_RULES, row["status"]),
        "stages": _stages(row, defined, attempts),
    }


def _stages(row: Data, defined: list[Data], attempts: list[Data]) -> list[Data]:
    by_stage: dict[str, list[Data]] = defaultdict(list)
    for attempt in attempts:
        by_stage[attempt["stage_id"]].append(attempt)
    told = [_stage(row, stage, by_stage.pop(stage["id"], [])) for stage in defined]
    return told + [_stage(row, {"id": stage_id, "required": False}, rest) for stage_id, rest in by_stage.items()]


def _stage(row: Data, stage: Data, attempts: list[Data]) -> Data:
    if not attempts:
        return {**_unbegun(row, stage), "earlier_attempts": [], "required": stage.get("required", True)}
    *earlier, last = [_attempt(attempt, stage) for attempt in attempts]
    return {**last, "earlier_attempts": earlier, "required": stage.get("required", True)}


def _attempt(attempt: Data, stage: Data) -> Data:
    wanted, timeout = stage.get("deliverables", ()), attempt["config"].get("timeout") or stage.get("timeout")
    active_for = timezone.now() - attempt["started_at"] if attempt["status"] == "ACTIVE" else None
    return {
        "id": attempt["id"],
        "session_id": attempt["session_id"],
        "stage_id": attempt["stage_id"],
        "name": attempt["name"] or stage.get("name") or attempt["stage_id"],
        "attempt": attempt["attempt"],
        "status": attempt["status"],
        "ad_hoc": attempt["is_ad_hoc"],
        "started_at": attempt["started_at"],
        "completed_at": attempt["completed_at"],
        "overdue": bool(active_for and timeout and active_for.total_seconds() > timeout),
        "assignee": attempt["assignee__username"],
        "context": attempt["context"],
        "config": attempt["config"],
        "metadata": attempt["metadata"],
        "deliverables": attempt["deliverables"],
        "missing_deliverables": [
            each["id"] for each in wanted if each.get("required", True) and not attempt["deliverables"].get(each["id"])
        ],
        "completed_items": [item["item_id"] for item in attempt["items"] if item["is_done"]],
        "items": [_item(item) for item in attempt["items"]],
        "allowed_actions": allowed_stage_verbs(attempt["status"]),
    }


def _item(item: Data) -> Data:
    return {
        "id": item["item_id"],
        "number": item["number"],
        "text": item["text"],
        "required": item["is_required"],
        "added": item["is_added"],
        "done": item["is_done"],
        "done_at": item["done_at"],
        "done_by": item["done_by"] or None,
    }


def _unbegun(row: Data, stage: Data) -> Data:
    return {
        "id": None,
        "session_id": row["id"],
        "stage_id": stage["id"],
        "name": stage["name"],
        "attempt": 0,
        "status": None,
        "ad_hoc": False,
        "started_at": None,
        "completed_at": None,
        "overdue": False,
        "assignee": None,
        "context": {},
        "config": {},
        "metadata": {},
        "deliverables": {},
        "missing_deliverables": [d["id"] for d in stage.get("deliverables", ()) if d.get("required", True)],
        "completed_items": [],
        "items": [_unticked(number, item) for number, item in enumerate(stage.get("checklist", ()), 1)],
        "allowed_actions": ["start", "skip"],
    }


def _unticked(number: int, item: Data) -> Data:
    return {
        "id": item["id"],
        "number": number,
        "text": item["text"],
        "required": item.get("required", True),
        "added": False,
        "done": False,
        "done_at": None,
        "done_by": None,
    }


urlpatterns = [path("plain/", sessions), path("", include("vcflow_site.urls"))]
