"""What stages say when they may not: the state, what is allowed from it, and the ids it speaks of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sessions_app import durations
from sessions_app.exceptions import Conflict, IllegalTransition, NotFound
from sessions_app.language import gettext as _
from sessions_app.machine import ACTIVE
from sessions_app.masking import mask_text
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


def leased(stage_instance: StageInstance, now: datetime) -> Conflict:
    """The refusal to write to a stage that somebody else holds."""
    expires_at = stage_instance.lease_expires_at
    left = max(expires_at - now, timedelta(seconds=1)) if expires_at else timedelta(seconds=1)
    return Conflict(
        _("{holder} holds the stage {stage} for another {time}.").format(
            holder=mask_text(stage_instance.lease_holder),
            stage=stage_instance.stage_id,
            time=durations.in_words(left),
        ),
        fix=_("Wait until then, or claim it with take and a reason; its holder names the lease with each change."),
        code="leased",
        **_lease_details(stage_instance),
    )


def lease_lost(stage_instance: StageInstance, token: int | None) -> Conflict:
    """The refusal to write with a token that isn't the stage's own any more."""
    if stage_instance.status != ACTIVE:
        message = _("The lease {token} of the stage {stage} is over: the stage is {status}.")
    elif stage_instance.lease_token is not None:
        message = _("The lease {token} of the stage {stage} is lost: {holder} holds it now.")
    else:
        message = _("The lease {token} of the stage {stage} is over, and nobody holds it.")
    return Conflict(
        message.format(
            token=token,
            stage=stage_instance.stage_id,
            status=stage_state_in_full(stage_instance.status),
            holder=mask_text(stage_instance.lease_holder),
        ),
        fix=_("Stop working on it and look at it again; what is still to be done needs a new claim, or no lease."),
        code="lease-lost",
        **_lease_details(stage_instance),
    )


def _lease_details(stage_instance: StageInstance) -> dict[str, Any]:
    """Whom and which stage a refusal is about; the times as text, for every door writes them alike."""
    expires_at = stage_instance.lease_expires_at
    return {
        "kind": "stage",
        "session_id": stage_instance.session_id,
        "stage_id": stage_instance.stage_id,
        "stage_instance_id": stage_instance.pk,
        "status": stage_instance.status,
        "holder": mask_text(stage_instance.lease_holder) or None,
        "expires_at": expires_at.isoformat() if expires_at else None,
    }
