"""Sessions whose times are known: made by verbs, then put where they belong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sessions_app.models import FlowSession, SessionEvent
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager

FORCED: dict[str, Any] = {"force": True, "reason": "enough"}

SMOOTH = ((0, "build", "start"), (20, "build", "complete"), (30, "test", "start"), (40, "test", "complete"))
ROUGH = (
    (0, "build", "start"), (10, "", "pause"), (15, "", "resume"), (20, "build", "fail"), (50, "build", "retry"),
    (60, "build", "complete"), (60, "test", "start"), (80, "test", "complete"),
)  # fmt: skip


def played(*verbs: tuple[int, str, str], workflow: str = "dev", ended: datetime) -> FlowSession:
    """A session made by verbs (minute, stage or nothing, verb); its last event is at ``ended``."""
    flow_session = FlowSessionManager().create_session(workflow)
    last = verbs[-1][0] if verbs else 0
    put_at(flow_session, 0, ended - timedelta(minutes=last))
    for minute, stage_id, verb in verbs:
        known = FlowSession.objects.get(pk=flow_session.pk).version
        if stage_id:
            options: dict[str, Any] = {"force": True} if verb == "complete" else {}
            reason = "" if verb in ("start", "retry", "resume") else "enough"
            StageInstanceManager().perform(flow_session.pk, stage_id, verb, reason=reason, **options)
        else:
            options = FORCED if verb == "complete" else {"reason": "enough"}
            getattr(FlowSessionManager(), f"{verb}_session")(flow_session.pk, **options)
        put_at(flow_session, known, ended - timedelta(minutes=last - minute))
    FlowSession.objects.filter(pk=flow_session.pk).update(updated_at=ended)
    return flow_session


def put_at(flow_session: FlowSession, known: int, moment: datetime) -> None:
    """Let the events after number ``known`` be of that moment."""
    SessionEvent.objects.filter(session=flow_session.pk, seq__gt=known).update(created_at=moment)
    if not known:
        FlowSession.objects.filter(pk=flow_session.pk).update(created_at=moment)
