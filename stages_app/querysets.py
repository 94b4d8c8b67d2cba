"""How attempts are looked for."""

from __future__ import annotations

from django.db.models import QuerySet

from stages_app.models import StageInstance
from stages_app.steps import checked_status


def list_instances(session_id: str | None = None, status: str | None = None) -> QuerySet[StageInstance]:
    """The attempts, of one session and in one status if these are given."""
    instances = StageInstance.objects.select_related("session")
    if session_id is not None:
        instances = instances.filter(session_id=session_id)
    if status is not None:
        instances = instances.filter(status=checked_status(status))
    return instances
