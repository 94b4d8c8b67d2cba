"""A session's savepoints on its page, and the sessions that it was forked from and into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app import access
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.admin.savepoint_acts import savepoint_address, take_act
from sessions_app.admin.session_acts import page_of
from sessions_app.kept import kept_of
from sessions_app.masking import shown
from sessions_app.models import FlowSession, Savepoint
from sessions_app.words import savepoint_taken

SAVEPOINTS_SHOWN = 20
FORKS_SHOWN = 10


def savepoints_panel(view: View) -> Mapping[str, Any]:
    """The newest savepoints, and what is forked."""
    flow_session = view.subject
    kept = kept_of(view.actor, flow_session, savepoints=SAVEPOINTS_SHOWN, forks=FORKS_SHOWN)
    return {
        "rows": [_row(savepoint) for savepoint in kept.savepoints],
        "count": kept.total,
        "more": kept.total - len(kept.savepoints),
        "origin": _origin(view),
        "forks": [{"id": fork.pk, "url": page_of(fork.pk)} for fork in kept.forks[:FORKS_SHOWN]],
        "has_more_forks": len(kept.forks) > FORKS_SHOWN,
        "act": take_act(flow_session) if access.may(view.actor, "savepoint", flow_session) else None,
    }


def _row(savepoint: Savepoint) -> dict[str, Any]:
    return {
        "seq": savepoint.seq,
        "url": savepoint_address(savepoint),
        "taken": savepoint_taken(savepoint.kind, savepoint.verb, savepoint.stage_id),
        "note": shown(savepoint.note),
        "actor": savepoint.actor,
        "at": savepoint.created_at,
    }


def _origin(view: View) -> dict[str, str] | None:
    """What the session went on from; a link where the reader sees that one."""
    savepoint_id = view.subject.forked_from
    if not savepoint_id:
        return None
    session_id = savepoint_id.rpartition("@")[0]
    is_seen = FlowSession.objects.visible_to(view.actor).filter(pk=session_id).exists()
    return {"id": savepoint_id, "url": page_of(session_id) if is_seen else ""}


register_panel("session", Panel("savepoints", 35, "sessions_app/savepoint_panel.html", savepoints_panel))
