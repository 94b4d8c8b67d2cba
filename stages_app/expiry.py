"""What becomes of stages whose lease ran out: where the definition says so, a worker pauses or fails them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from sessions_app.actors import Actor, local_user
from sessions_app.change import NothingToDo
from sessions_app.chores import Chore
from sessions_app.definitions.schema import KEEP
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.models.definitions import published_version
from sessions_app.permissions import STAGE_ACTIONS
from stages_app import leases, steps, verbs
from stages_app.models import StageInstance

EVERY = timedelta(seconds=15)

DOOR = "worker"

_LOG = logging.getLogger("vcflow.leases")


def expire_leases() -> int:
    """Pause or fail the stages whose lease ran out and whose definition says so; how many.

    What can't be changed now is logged, and tried again the next time.
    """
    actor = Actor(local_user(), DOOR, is_trusted=True)
    return sum(_end(actor, instance_id, token, verb) for instance_id, token, verb in list(_due(actor)))


def _due(actor: Actor) -> Iterator[tuple[str, int, str]]:
    """The attempts, the tokens of their leases, and the verb that the definition names: one query."""
    rows = (
        StageInstance.objects.visible_to(actor)
        .filter(lease_token__isnull=False, lease_expires_at__lte=timezone.now())
        .order_by("lease_expires_at")
        .values_list("pk", "lease_token", "session__pinned_version", "stage_id")
    )
    for instance_id, token, version_id, stage_id in rows:
        stage = published_version(version_id).definition.stage(stage_id)
        if stage and stage.lease and stage.lease.on_expiry != KEEP:
            yield instance_id, token or 0, stage.lease.on_expiry


def _end(actor: Actor, instance_id: str, token: int, verb: str) -> bool:
    """Do the verb; a heartbeat or a claim that came meanwhile wins."""
    try:
        with steps.open_stage_change(actor, instance_id, STAGE_ACTIONS[verb]) as change:
            stage_instance: StageInstance = change.result
            if stage_instance.lease_token != token or leases.is_live(stage_instance, change.now):
                raise NothingToDo
            reason = _("the lease of {holder} ran out").format(holder=mask_text(stage_instance.lease_holder))
            verbs.perform(change, stage_instance, verb, reason=reason)
    except FlowError as refusal:
        _LOG.warning("The lease %s of %s ran out, and %s is refused: %s", token, instance_id, verb, refusal)
        return False
    return bool(change.events)


CHORE = Chore("leases", lambda: EVERY, expire_leases)
