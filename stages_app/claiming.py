"""What the stage manager has for whoever claims a stage: claim, heartbeat, release."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sessions_app.change import Change
from sessions_app.permissions import STAGE_ACTIONS
from sessions_app.services import Manager
from stages_app import leases, lookup, references, refusals, steps
from stages_app.attempts import last_attempt
from stages_app.models import StageInstance


class ClaimingManager(Manager):
    """Claims stages.  Made with ``lease=<token>`` it writes, beats and releases as the holder of that lease.

    The token of a claim is the answered row's ``lease_token``.  Who claims a stage that somebody
    holds is refused with ``Conflict`` (``leased``), whose lease went to somebody else or is over
    with ``lease-lost``.
    """

    def claim_instance(
        self,
        instance_id: str,
        *,
        seconds: int | None = None,
        holder: str = "",
        take: bool = False,
        reason: str = "",
    ) -> StageInstance:
        """Hold an active stage for some seconds (the definition's, else 900); ``holder`` is a label for people.

        ``take`` it, with a reason, even from somebody whose time isn't over; with its own token renew it.
        """
        with self._stage_change(instance_id, "claim") as change:
            leases.claim(change, change.result, seconds=seconds, holder=holder, take=take, reason=reason)
        return self._finish_stage(change)

    def claim_stage(
        self,
        session_id: str,
        stage_reference: str | None,
        *,
        seconds: int | None = None,
        holder: str = "",
        take: bool = False,
        reason: str = "",
    ) -> StageInstance:
        """The same of a session's stage, named by its id or a unique beginning of it; None: the one it is at."""
        with self._change(session_id, STAGE_ACTIONS["claim"]) as change:
            change.result = _last(change, stage_reference, "claim")
            leases.claim(change, change.result, seconds=seconds, holder=holder, take=take, reason=reason)
        return self._finish_stage(change)

    def release_instance(self, instance_id: str, *, take: bool = False, reason: str = "") -> StageInstance:
        """Give the lease back; one whose time ran out can be ended by anybody, with ``take`` and a reason any other."""
        with self._stage_change(instance_id, "release") as change:
            leases.release(change, change.result, take=take, reason=reason)
        return self._finish_stage(change)

    def release_stage(self, session_id: str, stage_reference: str | None, *, reason: str = "") -> StageInstance:
        """The same of a session's stage."""
        with self._change(session_id, STAGE_ACTIONS["release"]) as change:
            change.result = _last(change, stage_reference, "release")
            leases.release(change, change.result, reason=reason)
        return self._finish_stage(change)

    def heartbeat_instance(self, instance_id: str) -> StageInstance:
        """Say that its holder is still at work: the lease lasts anew.  No event, and cheap."""
        stage_instance = lookup.get_instance(self.actor, instance_id)
        leases.beat(self.actor, stage_instance, self._lease)
        return stage_instance

    def heartbeat_stage(self, session_id: str, stage_reference: str | None) -> StageInstance:
        """The same of a session's stage."""
        stage_instance = lookup.locate_instance(self.actor, session_id, stage_reference)
        leases.beat(self.actor, stage_instance, self._lease)
        return stage_instance

    def _stage_change(
        self, instance_id: str, action: str, *, force: bool = False, keep_before: str = ""
    ) -> AbstractContextManager[Change]:
        return steps.open_stage_change(
            self.actor,
            instance_id,
            STAGE_ACTIONS[action],
            force=force,
            idempotency=self._idempotency,
            expected_versions=self._expected_versions,
            lease=self._lease,
            keep_before=keep_before,
        )

    def _finish_stage(self, change: Change) -> StageInstance:
        stage_instance: StageInstance = self._finish(change)
        return stage_instance


def _last(change: Change, stage_reference: str | None, verb: str) -> StageInstance:
    """The last attempt at the stage that is meant."""
    stage_id = references.stage_id_of(change.flow_session, stage_reference, verb)
    stage_instance = last_attempt(change.flow_session, stage_id)
    if stage_instance is None:
        raise refusals.stage_not_begun(change.flow_session, stage_id, verb)
    return stage_instance
