"""Who works on a stage: whoever claims it holds a lease, and meanwhile every write to the stage needs its token.

The token is the number of the event that gave the lease, so that of two a later one is greater: who was
superseded is refused, however late the write comes.  A lease ends when its stage is active no more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessions_app import access, storage
from sessions_app import verbs as session_verbs
from sessions_app.actors import Actor
from sessions_app.change import Change, NothingToDo
from sessions_app.definitions.schema import LEASE_SECONDS, MOST_LEASE_SECONDS
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.machine import ACTIVE, PENDING, Rule
from sessions_app.masking import mask_text, unmask
from sessions_app.permissions import STAGE_ACTIONS
from sessions_app.text import clean_name
from stages_app.models import StageInstance
from stages_app.refusals import illegal_stage_verb, lease_lost, leased

HOLDER_LENGTH = 150

ENDED: dict[str, Any] = {"lease_token": None, "lease_holder": "", "lease_seconds": None, "lease_expires_at": None}
"""The columns of a stage that nobody holds."""

_FREE = Rule((ACTIVE,), ACTIVE, "stage.claimed")
_TAKE = Rule((ACTIVE,), ACTIVE, "stage.claimed", reason_required=True)


def admit(change: Change, stage_instance: StageInstance) -> None:
    """Raise Conflict unless the change may write to the stage; every verb but those that follow the session asks.

    A write with the current token renews the lease, even one whose time ran out; one without a token
    ends a lease whose time ran out.  Without a lease and a token nothing is done.
    """
    token, given = stage_instance.lease_token, change.lease
    if given is not None and given != token:
        if stage_instance.status != PENDING:  # nobody can have held what has not begun
            raise lease_lost(stage_instance, given)
    elif given is not None:
        _renew(change, stage_instance)
    elif token is not None and (is_live(stage_instance, change.now) or not _write_over(stage_instance, **ENDED)):
        raise leased(stage_instance, change.now)


def claim(
    change: Change, stage_instance: StageInstance, *, seconds: int | None, holder: str, take: bool, reason: str
) -> None:
    """Give the actor a lease; one who has it already renews it, which writes no event.

    ``take``: from whoever holds it, with a reason.  One whose time ran out needs neither.
    """
    session_verbs.refuse_unless_active(change.flow_session, "claim")
    if stage_instance.status != ACTIVE:
        raise illegal_stage_verb(stage_instance, "claim")
    length = _checked_seconds(seconds)
    if stage_instance.lease_token is not None and change.lease == stage_instance.lease_token:
        _renew(change, stage_instance, length)
        return
    is_taken = is_live(stage_instance, change.now)
    reason = session_verbs.checked_reason("claim", _TAKE if is_taken and take else _FREE, reason, force=False)
    if is_taken and not take:
        raise leased(stage_instance, change.now)
    if is_taken:
        change.require(STAGE_ACTIONS["take"])
    before, length = _told(stage_instance), length or _usual_seconds(stage_instance)
    columns = {
        "lease_token": change.flow_session.version + 1,
        "lease_holder": _clean_holder(holder) or change.actor.username,
        "lease_seconds": length,
        "lease_expires_at": change.now + timedelta(seconds=length),
    }
    if not _write_over(stage_instance, heed_heartbeats=not is_taken, **columns):
        raise leased(stage_instance, change.now)
    change.record(
        "stage.claimed", {"lease": (before, _told(stage_instance))}, stage_instance_id=stage_instance.pk, reason=reason
    )


def release(change: Change, stage_instance: StageInstance, *, take: bool = False, reason: str) -> None:
    """End a lease: the actor's own, one whose time ran out, or with ``take`` and a reason whosever it is."""
    token = stage_instance.lease_token
    if token is None:
        raise NothingToDo
    if change.lease not in (None, token):
        raise lease_lost(stage_instance, change.lease)
    is_ours, before = change.lease == token, _told(stage_instance)
    is_taken = not is_ours and is_live(stage_instance, change.now)
    reason = session_verbs.checked_reason("release", _TAKE if is_taken and take else _FREE, reason, force=False)
    if is_taken and not take:
        raise leased(stage_instance, change.now)
    if is_taken:
        change.require(STAGE_ACTIONS["take"])
    if not _write_over(stage_instance, heed_heartbeats=not (is_ours or is_taken), **ENDED):
        raise leased(stage_instance, change.now)
    change.record("stage.released", {"lease": (before, None)}, stage_instance_id=stage_instance.pk, reason=reason)


def beat(actor: Actor, stage_instance: StageInstance, token: int | None) -> None:
    """Make a lease last anew from now on: one UPDATE, no event; Conflict ``lease-lost`` when it is another's."""
    access.require(actor, STAGE_ACTIONS["heartbeat"], stage_instance.session)
    if token is None:
        raise InvalidInput(
            _("The number of the lease is missing."),
            fix=_("Give the one that the claim answered with."),
            code="lease-needed",
            stage_instance_id=stage_instance.pk,
        )
    if stage_instance.lease_token != token or not _extend(stage_instance, timezone.now()):
        stage_instance.refresh_from_db(fields=["status", *ENDED])
        raise lease_lost(stage_instance, token)


def is_live(stage_instance: StageInstance, now: datetime) -> bool:
    """Whether somebody holds the stage and has time left."""
    expires_at: datetime | None = stage_instance.lease_expires_at
    return expires_at is not None and expires_at > now


def lease_json(
    holder: str, expires_at: datetime | None, *, token: int | None = None, now: datetime | None = None
) -> dict[str, Any] | None:
    """Who holds a stage, and until when; ``token`` for the holder alone."""
    if expires_at is None:
        return None
    told = {"holder": mask_text(holder), "expires_at": expires_at, "expired": expires_at <= (now or timezone.now())}
    return told if token is None else {**told, "token": token}


def own_lease_json(stage_instance: StageInstance) -> dict[str, Any] | None:
    """The same with the token, for whoever holds it."""
    return lease_json(stage_instance.lease_holder, stage_instance.lease_expires_at, token=stage_instance.lease_token)


def _renew(change: Change, stage_instance: StageInstance, seconds: int | None = None) -> None:
    if seconds is not None:
        stage_instance.lease_seconds = seconds
    if not _extend(stage_instance, change.now):
        raise lease_lost(stage_instance, stage_instance.lease_token)


def _extend(stage_instance: StageInstance, now: datetime) -> bool:
    """Let it last anew, while the stored token is the one that was read."""
    return _write_over(
        stage_instance,
        heed_heartbeats=False,
        lease_seconds=stage_instance.lease_seconds,
        lease_expires_at=now + timedelta(seconds=stage_instance.lease_seconds or 0),
    )


def _write_over(stage_instance: StageInstance, *, heed_heartbeats: bool = True, **columns: Any) -> bool:
    """Write columns of the lease where the stored one is the one that was read; False: it isn't.

    A heartbeat waits for no session: where it is to be heeded, one that came meanwhile counts as another lease.
    """
    read: dict[str, Any] = {"lease_token": stage_instance.lease_token}
    if heed_heartbeats:
        read["lease_expires_at"] = stage_instance.lease_expires_at
    with storage.translated():
        if not StageInstance.objects.filter(pk=stage_instance.pk, **read).update(**columns):
            stage_instance.refresh_from_db(fields=[*ENDED])
            return False
    for name, value in columns.items():
        setattr(stage_instance, name, value)
    return True


def _told(stage_instance: StageInstance) -> dict[str, Any] | None:
    """What an event says of a lease; its number is no secret: it is that of the event."""
    if stage_instance.lease_token is None:
        return None
    return {
        "holder": stage_instance.lease_holder,
        "number": stage_instance.lease_token,
        "seconds": stage_instance.lease_seconds,
    }


def _usual_seconds(stage_instance: StageInstance) -> int:
    definition = stage_instance.definition
    lease = definition.lease if definition else None
    return lease.seconds if lease else LEASE_SECONDS


def _checked_seconds(seconds: object) -> int | None:
    if seconds is None or (type(seconds) is int and 1 <= seconds <= MOST_LEASE_SECONDS):
        return seconds
    raise InvalidInput(
        _("A lease can't last {seconds} seconds.").format(seconds=seconds),
        fix=_("Give a whole number from 1 to {most}.").format(most=MOST_LEASE_SECONDS),
        field="seconds",
    )


def _clean_holder(holder: object) -> str:
    return unmask(clean_name(holder, _("holder"), limit=HOLDER_LENGTH), "", "holder") if holder else ""
