"""What of the status system stands on a session's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.text import visible
from status_bridge import conflicts
from status_bridge.admin.conflicts import task_address
from status_bridge.admin.entries import set_status_address
from status_bridge.admin.looks import address_of, entry_badge
from status_bridge.conflict_words import field_in_words
from status_bridge.models import Link
from status_bridge.representation import StatusEntryPart
from status_bridge.steering import allowed_statuses

MOST = 10


def status_panel(view: View) -> Mapping[str, Any] | None:
    """The entry, what the outside doesn't know yet, and the session's task in a tracker.  Two queries."""
    entry = view.data.get(StatusEntryPart.name)
    if entry is None:
        return None
    user = view.request.user
    may_look = user.has_perm("status_bridge.view_statusentry")
    open_ones = conflicts.list_conflicts(view.actor, session_id=view.subject.pk)[:MOST]
    tasks = Link.objects.filter(session_id=view.subject.pk).exclude(external_url="").order_by("pk")[:MOST]
    return {
        "entry": entry,
        "badge": entry_badge(entry["status"]),
        "entry_url": address_of("status_bridge_statusentry", entry["id"]) if may_look else "",
        "set_status_url": set_status_address(entry["id"])
        if may_look and allowed_statuses(view.actor, view.subject)
        else "",
        "conflicts": [(field_in_words(row.field), address_of("status_bridge_conflict", row.pk)) for row in open_ones],
        "may_look_at_conflicts": user.has_perm("status_bridge.view_conflict"),
        "tasks": [
            (visible(link.external_id), address)
            for link in tasks
            if (address := task_address(visible(link.external_url)))
        ],
    }


register_panel("session", Panel("status", 50, "status_bridge/session_panel.html", status_panel))
