"""Who may do what to a stage: the role and the scope are those on its session."""

from __future__ import annotations

from sessions_app.access import may, may_as
from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS
from stages_app.machine import STAGE_RULES, WITH_SESSION_ONLY, allowed_stage_verbs
from stages_app.models import StageInstance

UNBEGUN_VERBS = ("start", "skip")
"""What can be asked of a stage that has no attempt yet."""

_VERBS = tuple(verb for verb in STAGE_RULES if verb not in WITH_SESSION_ONLY)


def may_in_stages(actor: Actor, action: str, flow_session: FlowSession) -> bool:
    """Whether the actor may do ``action`` (of ``STAGE_ACTIONS``) to the session's stages, in any state."""
    return may(actor, STAGE_ACTIONS[action], flow_session)


def permitted_verbs(actor: Actor, flow_session: FlowSession) -> frozenset[str]:
    """The verbs that the actor may do to the session's stages, in any state."""
    if actor.is_disabled:
        return frozenset()
    role = actor.rights.role_on(flow_session)
    return frozenset(verb for verb in _VERBS if may_as(actor, role, STAGE_ACTIONS[verb]))


def allowed_stage_actions(actor: Actor, stage_instance: StageInstance) -> list[str]:
    """The verbs that lead on from the attempt's state and that the actor may do.  Reads the session."""
    verbs = allowed_stage_verbs(stage_instance.status)
    return [verb for verb in verbs if may_in_stages(actor, verb, stage_instance.session)]


def allowed_unbegun_actions(actor: Actor, flow_session: FlowSession) -> list[str]:
    """The same for a stage that has no attempt yet."""
    return [verb for verb in UNBEGUN_VERBS if may_in_stages(actor, verb, flow_session)]
