"""Who may do what to a stage: the role and the scope are those on its session."""

from __future__ import annotations

from sessions_app.access import may_as
from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS
from stages_app.machine import STAGE_RULES, WITH_SESSION_ONLY

_VERBS = tuple(verb for verb in STAGE_RULES if verb not in WITH_SESSION_ONLY)


def permitted_verbs(actor: Actor, flow_session: FlowSession) -> frozenset[str]:
    """The verbs that the actor may do to the session's stages, in any state."""
    if actor.is_disabled:
        return frozenset()
    role = actor.rights.role_on(flow_session)
    return frozenset(verb for verb in _VERBS if may_as(actor, role, STAGE_ACTIONS[verb]))
