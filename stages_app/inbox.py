"""Whose turn it is: the stages that are assigned to somebody and could be worked on now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models.functions import Coalesce

from sessions_app import machine, progress
from sessions_app.actors import Actor
from sessions_app.masking import mask
from stages_app.models import StageInstance
from stages_app.states import StageStatus

_AT_HAND = (StageStatus.ACTIVE, StageStatus.PAUSED, StageStatus.FAILED)


def inbox(actor: Actor) -> list[StageInstance]:
    """The attempts whose turn is the actor's, in active sessions, oldest first: one query.

    Those at hand or failed, and those made ready whose dependencies are done.
    """
    rows = (
        StageInstance.objects.visible_to(actor)
        .filter(assignee=actor.user, status__in=(*_AT_HAND, StageStatus.PENDING), session__status=machine.ACTIVE)
        .last_attempts()
        .select_related("session", "assignee")
        .order_by(Coalesce("started_at", "session__created_at"), "pk")
    )
    return [row for row in rows if row.status in _AT_HAND or not _waits(row)]


def waiting_since(stage_instance: StageInstance) -> datetime:
    """When the attempt began; for one that has not, when its session was made."""
    since: datetime = stage_instance.started_at or stage_instance.session.created_at
    return since


def opening_words(stage_instance: StageInstance) -> list[str]:
    """The words below ``flow`` that show what is being worked on, or get it going."""
    if stage_instance.status == StageStatus.ACTIVE:
        return ["context", stage_instance.session_id]
    place = f"{stage_instance.session.workflow_id}:{stage_instance.stage_id}"
    return ["run", place, "--session", stage_instance.session_id]


def inbox_json(stage_instance: StageInstance) -> dict[str, Any]:
    """One row of the inbox; ``since`` is a datetime."""
    flow_session = stage_instance.session
    return {
        "stage_instance_id": stage_instance.pk,
        "stage_id": stage_instance.stage_id,
        "name": mask(stage_instance.display_name),
        "attempt": stage_instance.attempt,
        "status": stage_instance.status,
        "since": waiting_since(stage_instance),
        "overdue": stage_instance.is_overdue(),
        "session_id": flow_session.pk,
        "session_name": mask(flow_session.name),
        "workflow_id": flow_session.workflow_id,
    }


def _waits(stage_instance: StageInstance) -> bool:
    """Whether a stage that it depends on is still open."""
    flow_session = stage_instance.session
    return bool(progress.unmet_dependencies(flow_session.published, flow_session.stage_states, stage_instance.stage_id))
