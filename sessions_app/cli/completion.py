"""What a shell may offer for sessions and workflows."""

from __future__ import annotations

from collections.abc import Iterable

from sessions_app.models import FlowSession, Savepoint, WorkflowDefinition
from sessions_app.states import SessionStatus

OFFERED = 50


def session_ids(prefix: str) -> Iterable[str]:
    """The ids of open sessions that begin so, newest first."""
    return FlowSession.objects.open().id_begins(prefix).values_list("pk", flat=True)[:OFFERED]


def savepoint_ids(prefix: str) -> Iterable[str]:
    """The ids of savepoints that begin so, newest first."""
    found = Savepoint.objects.filter(pk__startswith=prefix)
    return found.order_by("-created_at").values_list("pk", flat=True)[:OFFERED]


def session_states(prefix: str) -> Iterable[str]:
    """The states of sessions that begin so."""
    return [status for status in SessionStatus.values if status.startswith(prefix)]


def workflow_ids(prefix: str) -> Iterable[str]:
    """The ids of workflows that begin so."""
    return WorkflowDefinition.objects.filter(pk__startswith=prefix).values_list("pk", flat=True)[:OFFERED]
