"""How a session looks to the team's status system: one to one, so that it can be walked both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app import progress
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession, WorkflowVersion
from sessions_app.models.definitions import published_version
from sessions_app.publishing import workflow_not_found
from sessions_app.text import NAME_LENGTH

SESSION_STATUS_MAPPING = {
    "PENDING": "PENDING",
    "ACTIVE": "IN_PROGRESS",
    "PAUSED": "ON_HOLD",
    "COMPLETED": "COMPLETED",
    "FAILED": "FAILED",
    "ABORTED": "CANCELED",
}
"""A session's status → the status system's."""

STATUS_SESSION_MAPPING = {theirs: ours for ours, theirs in SESSION_STATUS_MAPPING.items()}
"""The status system's → a session's."""

_NEEDED = ("id", "name", "status", "created_at", "updated_at", "workflow_id", "current_stage_id")


def map_session_to_status(flow_session: FlowSession | Mapping[str, Any]) -> dict[str, Any]:
    """The status entry of a session, given as a row or as a mapping.

    A mapping needs ``id``, ``name``, ``status``, ``created_at``, ``updated_at``, ``workflow_id``
    and ``current_stage_id``; its ``progress`` is used, else counted from ``completed_stages``.
    """
    facts = _facts(flow_session) if isinstance(flow_session, FlowSession) else flow_session
    missing = [key for key in _NEEDED if key not in facts]
    if missing:
        raise InvalidInput(
            _("The session lacks: {keys}.").format(keys=", ".join(missing)), fix=_("Add these keys."), keys=missing
        )
    if facts["status"] not in SESSION_STATUS_MAPPING:
        raise InvalidInput(
            _("There is no status {status}.").format(status=facts["status"]),
            fix=_("Use one of: {names}.").format(names=", ".join(SESSION_STATUS_MAPPING)),
        )
    return {
        "id": f"flow-{facts['id']}",
        "name": facts["name"],
        "type": "FLOW",
        "status": SESSION_STATUS_MAPPING[facts["status"]],
        "progress": facts["progress"] if "progress" in facts else _counted_progress(facts),
        "created_at": facts["created_at"],
        "updated_at": facts["updated_at"],
        "workflow_id": facts["workflow_id"],
        "current_stage": facts["current_stage_id"],
    }


def entry_name(flow_session: FlowSession) -> str:
    """A session's name as its entry has it: masked, which may make it longer, and no longer than a name is."""
    return mask_text(flow_session.name)[:NAME_LENGTH]


def _facts(flow_session: FlowSession) -> dict[str, Any]:
    """The row as a mapping with the keys of :func:`map_session_to_status`."""
    kept = ("status", "progress", "created_at", "updated_at", "workflow_id")
    facts = {name: getattr(flow_session, name) for name in kept}
    current = flow_session.current_stage_id or None
    return {"id": flow_session.pk, "name": entry_name(flow_session), "current_stage_id": current, **facts}


def _counted_progress(facts: Mapping[str, Any]) -> int:
    if facts["status"] == "COMPLETED":
        return 100
    newest = WorkflowVersion.objects.filter(workflow_id=facts["workflow_id"]).order_by("-number").first()
    if newest is None:
        raise workflow_not_found(facts["workflow_id"])
    states = dict.fromkeys(facts.get("completed_stages", ()), "COMPLETED")
    return progress.percent(published_version(newest.pk), states)
