"""Sessions as their caller sees them: with the verbs that the caller may use."""

from __future__ import annotations

from typing import Any

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.representation import session_json


def session_seen(actor: Actor, flow_session: FlowSession, *, reveal: bool = False) -> dict[str, Any]:
    """A session without its stages."""
    allowed = access.allowed_actions(actor, flow_session)
    return {**session_json(flow_session, reveal=reveal), "allowed_actions": allowed}
