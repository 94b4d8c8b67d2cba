"""Sessions from Python: each public method is one change, done the one way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

from sessions_app import lookup, progress, verbs
from sessions_app.actors import Actor, local_actor
from sessions_app.change import Change, NothingToDo, Outcome, lock_session, open_change
from sessions_app.creation import new_session, record_creation
from sessions_app.current import get_active_session, switch_active_session
from sessions_app.exceptions import InvalidInput
from sessions_app.idempotency import Idempotency
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text, unmask
from sessions_app.models import FlowSession, Tombstone
from sessions_app.parts import describe
from sessions_app.permissions import Need
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.states import Level
from sessions_app.teams import TRANSFERABLE, team_name, transfer
from sessions_app.text import clean_json_object, clean_name, clean_tags, clean_text, merge_objects

__all__ = ["FlowSessionManager", "get_active_session", "get_session_progress", "switch_active_session"]

REGRETTABLE = ("abort",)
"""Verbs before which a savepoint is taken even when nothing is forced."""

Cleaners = Mapping[str, Callable[[Any, str], Any]]
"""What may be updated, and how each value is cleaned: by a function of the value and its name."""

UPDATABLE: Cleaners = {
    "name": clean_name,
    "context": clean_json_object,
    "metadata": clean_json_object,
    "tags": lambda tags, _name: clean_tags(tags),
    "owner": lambda username, _name: username,
    "team": team_name,
}


class Manager:
    """What both managers share: an actor, an idempotency key, and what the last verb did.

    With ``expected_versions`` a session that stands at none of them is refused as stale; ``lease`` is the
    token of the lease that the actor holds on a stage.
    """

    def __init__(
        self,
        actor: Actor | None = None,
        *,
        idempotency: Idempotency | None = None,
        expected_versions: Collection[int] | None = None,
        lease: int | None = None,
    ) -> None:
        self._given_actor = actor
        self._idempotency = idempotency
        self._expected_versions = expected_versions
        self._lease = lease
        self.outcome = Outcome(changed=False, version=0)

    @cached_property
    def actor(self) -> Actor:
        """Who acts; the local user when nobody was named."""
        return self._given_actor or local_actor()

    def expect(self, version: int) -> None:
        """Refuse as stale a session that doesn't stand at that version, from now on."""
        self._expected_versions = (version,)

    def _change(
        self, session_id: str, action: str | Need, *, force: bool = False, keep_before: str = ""
    ) -> AbstractContextManager[Change]:
        return open_change(
            self.actor,
            lambda: lock_session(session_id),
            action=action,
            force=force,
            idempotency=self._idempotency,
            expected_versions=self._expected_versions,
            lease=self._lease,
            keep_before=keep_before,
        )

    def _finish(self, change: Change) -> Any:
        self.outcome = change.outcome()
        return change.result


class FlowSessionManager(Manager):
    """Creates, steers and reads sessions.  Without an actor it acts as the local user.

    Every verb answers with the session's row and leaves what it did in ``outcome``.  It
    raises ``NotFound``, ``IllegalTransition`` (wrong state), ``GuardUnmet`` (something is
    still open), ``InvalidInput`` (a reason is missing) or ``Busy`` (try again).
    """

    def create_session(
        self,
        workflow_id: str,
        name: str | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
        start: bool = True,
        team: str | None = None,
    ) -> FlowSession:
        """Start a session of a workflow's newest version (PENDING with ``start=False``), in the team of that name."""
        with open_change(
            self.actor,
            lambda: new_session(
                self.actor, workflow_id, name, metadata=metadata, context=context, tags=tags, start=start, team=team
            ),
            action="create-session",
            idempotency=self._idempotency,
            is_new=True,
        ) as change:
            record_creation(change)
        flow_session: FlowSession = self._finish(change)
        return flow_session

    def get_session(self, session_id: str) -> FlowSession:
        """The session with exactly that id."""
        return lookup.get_session(self.actor, session_id)

    def list_sessions(self, status: str | None = None, workflow_id: str | None = None) -> FlowSessionQuerySet:
        """The sessions, newest first."""
        return lookup.list_sessions(self.actor, status=status, workflow_id=workflow_id)

    def start_session(self, session_id: str, *, reason: str = "") -> FlowSession:
        """PENDING → ACTIVE."""
        return self._perform(session_id, "start", reason=reason)

    def pause_session(self, session_id: str, *, reason: str = "") -> FlowSession:
        """ACTIVE → PAUSED; its active stages are paused with it."""
        return self._perform(session_id, "pause", reason=reason)

    def resume_session(self, session_id: str, *, reason: str = "") -> FlowSession:
        """PAUSED or FAILED → ACTIVE; what its pause paused, or the failed stages' next attempts, go on."""
        return self._perform(session_id, "resume", reason=reason)

    def complete_session(self, session_id: str, *, force: bool = False, reason: str = "") -> FlowSession:
        """ACTIVE → COMPLETED, when every required stage is done or ``force`` is given with a reason."""
        return self._perform(session_id, "complete", reason=reason, force=force, current_stage_id="")

    def reopen_session(self, session_id: str, *, reason: str) -> FlowSession:
        """COMPLETED → ACTIVE."""
        with self._change(session_id, "reopen") as change:
            flow_session = change.flow_session
            following = progress.proposals(flow_session.published, flow_session.stage_states)
            verbs.perform(change, "reopen", reason=reason, current_stage_id=following[0].stage_id if following else "")
        return self._finish_session(change)

    def fail_session(self, session_id: str, *, reason: str = "") -> FlowSession:
        """ACTIVE or PAUSED → FAILED; its open stages fail with it.  A reason is required."""
        return self._perform(session_id, "fail", reason=reason)

    def abort_session(self, session_id: str, *, reason: str = "") -> FlowSession:
        """Any state that has not ended → ABORTED; its open stages are aborted with it."""
        return self._perform(session_id, "abort", reason=reason)

    def update_session(self, session_id: str, data: Mapping[str, Any]) -> FlowSession:
        """Change name, context, metadata or tags; objects are merged key by key, null removes a key.

        ``owner`` (a username) and ``team`` (a name, or None for none) are for the owner and
        administrators; they can be changed after the session's end too.
        """
        values = cleaned_update(data, UPDATABLE)
        moves = {name: values.pop(name) for name in TRANSFERABLE if name in values}
        with self._change(session_id, "transfer" if moves else "update") as change:
            if values or not moves:
                change.require("update")
                verbs.refuse_if_ended(change.flow_session, "update")
            changes = {**change.set(**merged(change.flow_session, values)), **transfer(change, moves)}
            if not changes:
                raise NothingToDo
            change.record("session.updated", changes)
        return self._finish_session(change)

    def note_session(self, session_id: str, text: str) -> FlowSession:
        """Write a note into the session's log."""
        text = clean_text(text, _("note"))
        if not text:
            raise InvalidInput(_("The note is empty."), fix=_("Say something."))
        with self._change(session_id, "note") as change:
            change.record("session.noted", {}, reason=text)
        return self._finish_session(change)

    def delete_session(self, session_id: str, *, reason: str = "") -> Tombstone:
        """Remove a session with all that belongs to it; a tombstone stays and its id is never used again."""
        reason = mask_text(clean_text(reason, _("reason")))
        with self._change(session_id, "delete") as change:
            change.record("session.deleted", {}, reason=reason, level=Level.WARNING)
            change.result = bury(change, reason)
        tombstone: Tombstone = self._finish(change)
        return tombstone

    def get_session_progress(self, session_id: str) -> dict[str, Any]:
        """How far the session is: see :func:`get_session_progress`."""
        return get_session_progress(session_id, self.actor)

    def _perform(self, session_id: str, verb: str, **options: Any) -> FlowSession:
        force = options.get("force", False)
        keep_before = verb if force or verb in REGRETTABLE else ""
        with self._change(session_id, verb, force=force, keep_before=keep_before) as change:
            verbs.perform(change, verb, **options)
        return self._finish_session(change)

    def _finish_session(self, change: Change) -> FlowSession:
        flow_session: FlowSession = self._finish(change)
        return flow_session


def get_session_progress(session_id: str, actor: Actor | None = None) -> dict[str, Any]:
    """``{"session_id", "status", "progress", "total", "current_stage_id", "completed", "remaining", "stages"}``.

    ``progress`` is percent; ``completed`` and ``remaining`` are stage ids in order;
    ``stages`` has one object per stage with what the floors above know of it.
    """
    actor = actor or local_actor()
    flow_session = lookup.get_session(actor, session_id)
    published = flow_session.published
    done = [s for s in published.stage_ids if flow_session.stage_states.get(s) in progress.DONE]
    return {
        "session_id": flow_session.pk,
        "workflow_id": flow_session.workflow_id,
        "status": flow_session.status,
        "progress": flow_session.progress,
        "total": len(published.stage_ids),
        "current_stage_id": flow_session.current_stage_id or None,
        "completed": flow_session.completed_stages,
        "skipped": [s for s in done if s not in flow_session.completed_stages],
        "remaining": [s for s in published.stage_ids if s not in done],
        **describe(flow_session, actor=actor),
    }


def cleaned_update(data: Mapping[str, Any], updatable: Cleaners) -> dict[str, Any]:
    """The values of an update, checked; anything but ``updatable`` is refused by name."""
    if not isinstance(data, Mapping):
        raise InvalidInput(_("The changes must be a mapping."), fix=_('Give them as {"name": …}.'))
    unknown = sorted(str(key) for key in data if key not in updatable)
    if unknown:
        raise InvalidInput(
            _("These can't be updated: {names}.").format(names=", ".join(unknown)),
            fix=_("Updatable: {names}.  Use the verbs to change a status.").format(names=", ".join(updatable)),
            names=unknown,
        )
    return {key: updatable[key](value, key) for key, value in data.items()}


def merged(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with objects merged into those of ``row``, within the limits of size; masked secrets stay."""
    return {key: _merged_value(key, getattr(row, key), value) for key, value in values.items()}


def _merged_value(name: str, before: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return clean_json_object(merge_objects(before, unmask(value, before)), name)
    restored = unmask(value, before, name)
    return list(dict.fromkeys(restored)) if isinstance(restored, list) else restored


def bury(change: Change, reason: str, *, archive: str = "") -> Tombstone:
    """Delete the session of a change and leave a tombstone; ``archive`` names the file that has it."""
    flow_session = change.flow_session
    tombstone = Tombstone.objects.create(
        session_id=flow_session.pk,
        workflow_id=flow_session.workflow_id,
        last_seq=flow_session.version,
        chain_head=flow_session.chain_head,
        actor=change.actor.username,
        door=change.actor.door,
        reason=reason,
        deleted_at=change.now,
        archive=archive,
    )
    FlowSession.objects.filter(pk=flow_session.pk).delete()
    change.is_deleted = True
    return tombstone
