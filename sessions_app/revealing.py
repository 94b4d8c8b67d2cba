"""Showing what is masked: asked for by whoever may, and noted in the log files."""

from __future__ import annotations

import logging

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.models import FlowSession

_LOG = logging.getLogger("workflow.session.operations")


def reveal(actor: Actor, flow_session: FlowSession) -> None:
    """Let the actor see the session's secrets; raises NotAllowed.  Call it before what has ``reveal=True``."""
    access.require(actor, "reveal", flow_session)
    _LOG.info(
        "secrets revealed %s actor=%s door=%s",
        flow_session.pk,
        actor.username,
        actor.door,
        extra={"session_id": flow_session.pk},
    )
