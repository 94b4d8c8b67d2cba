"""Committed events become log lines; the services stay free of logging."""

from __future__ import annotations

import logging
from typing import Any

from sessions_app.models import SessionEvent
from sessions_app.signals import event_committed

_SESSION_LOG = logging.getLogger("workflow.session.operations")
_STAGE_LOG = logging.getLogger("workflow.stage.operations")


def connect() -> None:
    """Connect the receivers; once, however often it is called."""
    event_committed.connect(log_event, dispatch_uid="sessions_app.log_event")


def log_event(event: SessionEvent, **_kwargs: Any) -> None:
    """One line per event: number, what, which stage, who through which door, why."""
    logger = _STAGE_LOG if event.stage_instance_id else _SESSION_LOG
    if not logger.isEnabledFor(event.level):
        return
    subject = event.stage_instance_id or event.session_id
    reason = f" reason={event.reason!r}" if event.reason else ""
    logger.log(
        event.level,
        "#%d %s %s actor=%s door=%s%s",
        event.seq,
        event.type,
        subject,
        event.actor,
        event.door,
        reason,
        extra={"session_id": event.session_id},
    )
