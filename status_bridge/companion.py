"""The status bridge's word on sessions that leave and come: their entry, and what is still to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from status_bridge.entries import entry_of, write_entry
from status_bridge.representation import Standing, standings


class StatusEntryCompanion:
    """The entry of the status system."""

    name = "status_entry"

    def derive_many(self, flow_sessions: Sequence[FlowSession]) -> list[dict[str, Any]]:
        """The entries, without the times, which are those of the session."""
        return [_facts(flow_session) for flow_session in flow_sessions]

    def admit(self, flow_session: FlowSession) -> None:
        """Write the entry; nothing that happened elsewhere is told to anybody."""
        write_entry(flow_session)

    def reasons_to_stay(self, session_ids: Sequence[str]) -> Mapping[str, str]:
        """Messages that wait or are parked, and conflicts that nobody has settled."""
        return {session_id: _reason(standing) for session_id, standing in standings(session_ids).items()}


def _facts(flow_session: FlowSession) -> dict[str, Any]:
    entry = entry_of(flow_session)
    return {
        "id": entry.pk,
        "name": entry.name,
        "status": str(entry.status),
        "progress": entry.progress,
        "current_stage": entry.current_stage,
        "version": entry.version,
    }


def _reason(standing: Standing) -> str:
    if standing.conflicts:
        return _("a conflict with a tracker is open")
    if standing.parked:
        return _("messages to a webhook are parked")
    return _("messages to a webhook wait")
