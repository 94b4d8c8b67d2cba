"""Attempts by their ids and by what is asked of them; none that the actor doesn't see."""

from __future__ import annotations

from sessions_app import lookup
from sessions_app import verbs as session_verbs
from sessions_app.actors import Actor
from sessions_app.text import is_reference
from stages_app import references, refusals
from stages_app.attempts import last_attempt
from stages_app.models import StageInstance
from stages_app.querysets import StageInstanceQuerySet
from stages_app.steps import checked_status


def get_instance(actor: Actor, instance_id: str) -> StageInstance:
    """The attempt with exactly that id."""
    if not is_reference(instance_id):
        raise refusals.instance_not_found(instance_id)
    try:
        return StageInstance.objects.visible_to(actor).select_related("session").get(pk=instance_id)
    except StageInstance.DoesNotExist:
        raise refusals.instance_not_found(instance_id) from None


def list_instances(actor: Actor, session_id: str | None = None, status: str | None = None) -> StageInstanceQuerySet:
    """The attempts, of one session and in one status if these are given."""
    instances = StageInstance.objects.visible_to(actor).select_related("session")
    if session_id is not None:
        instances = instances.filter(session_id=session_id)
    if status is not None:
        instances = instances.filter(status=checked_status(status))
    return instances


def locate_instance(actor: Actor, session_id: str, stage_reference: str | None = None) -> StageInstance:
    """The last attempt at the stage that is meant; None: the one that the session is at."""
    flow_session = lookup.get_session(actor, session_id)
    stage_id = references.stage_id_of(flow_session, stage_reference, "work on")
    stage_instance = last_attempt(flow_session, stage_id)
    if stage_instance is None:
        session_verbs.refuse_unless_active(flow_session, "work on")
        raise refusals.stage_not_begun(flow_session, stage_id, "work on")
    return stage_instance
