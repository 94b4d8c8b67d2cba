"""What stages say when they may not: the state, what is allowed from it, and the ids it speaks of."""

from __future__ import annotations

from sessions_app.exceptions import Conflict, IllegalTransition, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.words import stage_state_in_full, verb_name, verb_names
from stages_app.machine import UNBEGUN_VERBS, allowed_stage_verbs
from stages_app.models import StageInstance


def illegal_stage_verb(stage_instance: StageInstance, verb: str) -> IllegalTransition:
    """The refusal that names the state and what is allowed from it."""
    allowed = allowed_stage_verbs(stage_instance.status)
    return IllegalTransition(
        _("The stage {stage} is {status}: {verb} is not possible.").format(
            stage=stage_instance.stage_id, status=stage_state_in_full(stage_instance.status), verb=verb_name(verb)
        ),
        fix=_("Possible now: {verbs}.").format(verbs=verb_names(allowed)),
        kind="stage",
        session_id=stage_instance.session_id,
        stage_id=stage_instance.stage_id,
        stage_instance_id=stage_instance.pk,
        status=stage_instance.status,
        verb=verb,
        allowed_actions=allowed,
    )


def stage_exists(stage_instance: StageInstance) -> Conflict:
    """The refusal to make a stage beforehand that has an attempt already."""
    return Conflict(
        _("The stage {stage} is there already: {id} is {status}.").format(
            stage=stage_instance.stage_id, id=stage_instance.pk, status=stage_state_in_full(stage_instance.status)
        ),
        fix=_("Use it, or retry it for a new attempt."),
        code="stage-exists",
        kind="stage",
        session_id=stage_instance.session_id,
        stage_id=stage_instance.stage_id,
        stage_instance_id=stage_instance.pk,
        status=stage_instance.status,
        allowed_actions=allowed_stage_verbs(stage_instance.status),
    )


def stage_not_begun(flow_session: FlowSession, stage_id: str, verb: str) -> IllegalTransition:
    """The refusal to do something to a stage that has no attempt yet."""
    return IllegalTransition(
        _("The stage {stage} has not begun: {verb} is not possible.").format(stage=stage_id, verb=verb_name(verb)),
        fix=_("Possible now: {verbs}.").format(verbs=verb_names(list(UNBEGUN_VERBS))),
        kind="stage",
        session_id=flow_session.pk,
        stage_id=stage_id,
        status=None,
        verb=verb,
        allowed_actions=list(UNBEGUN_VERBS),
    )


def instance_not_found(instance_id: str) -> NotFound:
    """The error for a stage instance that isn't there."""
    return NotFound(
        _("There is no stage instance {id}.").format(id=instance_id),
        fix=_("Look at the session's stages and use one of their ids."),
        kind="stage",
        stage_instance_id=instance_id,
    )
