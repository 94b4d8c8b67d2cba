"""Savepoints from Python: taken by hand, looked at, put back, gone on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from sessions_app import access, machine, verbs
from sessions_app.capturing import capture, capture_kept, put_back
from sessions_app.change import Change, NothingToDo, Outcome, open_change
from sessions_app.current import make_current
from sessions_app.exceptions import Conflict, NotFound
from sessions_app.forking import forked_session
from sessions_app.keeping import keep
from sessions_app.kept import forks_of
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.masking import mask_text, shown
from sessions_app.models import FlowSession, Savepoint
from sessions_app.models.savepoints import SavepointKind
from sessions_app.parts import State
from sessions_app.services import Manager
from sessions_app.state_diff import Changed, compared, of_event
from sessions_app.states import Level
from sessions_app.text import clean_text, is_reference

EMPTY: Mapping[str, Any] = {"attempts": {}}
"""What floors above have of a session that has only just been made."""


class SavepointManager(Manager):
    """Takes, reads, restores and forks savepoints.  Without an actor it acts as the local user.

    Raises what :class:`~sessions_app.services.FlowSessionManager` raises; ``Conflict`` with the code
    ``savepoint-damaged`` when a savepoint isn't what it was any more.  After a dry run ``outcome`` is what
    would be done, its version the session's as it stands, and ``differences`` what would change.
    """

    differences: Sequence[Changed] = ()

    def create_savepoint(self, session_id: str, note: str = "") -> Savepoint:
        """Keep all that a session is now, with a note why."""
        note = mask_text(clean_text(note, _("note")))
        with self._change(session_id, "savepoint") as change:
            change.record("savepoint.created", {}, reason=note)
            change.result = keep(change, SavepointKind.MANUAL, note=note)
        savepoint: Savepoint = self._finish(change)
        return savepoint

    def get_savepoint(self, savepoint_id: str) -> Savepoint:
        """The savepoint with exactly that id (``<session id>@<number>``), of a session that the actor sees."""
        found = Savepoint.objects.visible_to(self.actor).select_related("session__owner", "session__team")
        savepoint = found.filter(pk=savepoint_id).first() if is_reference(savepoint_id) else None
        if savepoint is None:
            raise self._not_found(savepoint_id)
        access.require(self.actor, "read", savepoint.session)
        return savepoint

    def list_savepoints(self, session_id: str) -> QuerySet[Savepoint]:
        """A session's savepoints, newest first, without their states."""
        flow_session = get_session(self.actor, session_id)
        return Savepoint.objects.filter(session=flow_session).defer("data").order_by("-seq")

    def compare(self, savepoint_id: str, other_id: str | None = None, *, reveal: bool = False) -> list[Changed]:
        """What changed from a savepoint to another one of any session, or to what its session is now.

        Whoever may ask for ``reveal`` is asked by :func:`sessions_app.revealing.reveal`.
        """
        savepoint = self.get_savepoint(savepoint_id)
        other = self.get_savepoint(other_id) if other_id is not None else None
        after = state_of(other) if other else capture(savepoint.session)
        return compared(state_of(savepoint), after, reveal=reveal)

    def restore_savepoint(self, savepoint_id: str, *, reason: str = "", dry_run: bool = False) -> FlowSession:
        """Put the session back to what it was, as one new event; what it is now is kept as a savepoint before.

        Owner and team stay.  Leases end.  A dry run answers with the session as it would be.
        """
        savepoint = self.get_savepoint(savepoint_id)
        reason = clean_text(reason, _("reason"))
        if dry_run:
            return self._tried(savepoint)
        with self._change(savepoint.session_id, "restore", keep_before="restore") as change:
            _restore(change, savepoint, reason)
        return self._finish_session(change)

    def _tried(self, savepoint: Savepoint) -> FlowSession:
        """The session as restoring would make it; the transaction is taken back."""
        without_key = type(self)(self.actor, expected_versions=self._expected_versions, lease=self._lease)
        with without_key._change(savepoint.session_id, "restore") as change:
            verbs.ask_guards(change, change.flow_session, "restore", force=False)
            before = capture(change.flow_session)
            put_state(change, state_of(savepoint))
            self._take_back(change, compared(before, capture(change.flow_session)))
        return change.flow_session

    def _take_back(self, change: Change, differences: Sequence[Changed]) -> None:
        """End a dry run inside its change: what was found out stays, what was written goes."""
        self.differences = differences
        self.outcome = Outcome(bool(differences), change.flow_session.version, [], change.warnings)
        raise NothingToDo

    def fork_savepoint(
        self, savepoint_id: str, name: str | None = None, *, reason: str = "", dry_run: bool = False
    ) -> FlowSession:
        """A new session, the actor's own, that goes on from where another one was; its first event says from where.

        A dry run answers with the session as it would be; its id would be another one.
        """
        savepoint = self.get_savepoint(savepoint_id)
        origin = savepoint.session
        access.require(self.actor, "fork", origin)
        state = state_of(savepoint)
        reason = clean_text(reason, _("reason"))
        with open_change(
            self.actor,
            lambda: forked_session(self.actor, savepoint, state, name),
            action="create-session",
            idempotency=None if dry_run else self._idempotency,
            is_new=True,
        ) as change:
            _record_fork(change, state, reason)
            if dry_run:
                change.set(updated_at=change.now)
                self._take_back(change, of_event(change.events[0]))
        if dry_run:
            return change.flow_session
        return self._finish_session(change)

    def list_forks(self, session_id: str) -> QuerySet[FlowSession]:
        """The sessions that went on from one's savepoints, newest first; those that the actor may see."""
        flow_session = get_session(self.actor, session_id)
        return forks_of(self.actor, flow_session.pk)

    def _newest(self, session_id: str) -> list[str]:
        known = Savepoint.objects.visible_to(self.actor).filter(session=session_id)
        return list(known.order_by("-seq").values_list("pk", flat=True)[:5])

    def _finish_session(self, change: Change) -> FlowSession:
        flow_session: FlowSession = self._finish(change)
        return flow_session

    def _not_found(self, savepoint_id: str) -> NotFound:
        """What it says is the same for one that is not there and one that may not be seen."""
        session_id = savepoint_id.rpartition("@")[0]
        newest = self._newest(session_id) if is_reference(session_id) else []
        return NotFound(
            _("There is no savepoint {id}.").format(id=shown(savepoint_id)[:160] or "''"),
            fix=_("The newest of that session: {ids}.").format(ids=", ".join(newest))
            if newest
            else _("List those of a session with 'vc flow savepoint list'."),
            kind="savepoint",
            savepoint_id=savepoint_id[:160],
        )


def state_of(savepoint: Savepoint) -> State:
    """What a savepoint holds; a damaged one is refused."""
    try:
        return savepoint.state
    except ValueError as error:
        raise Conflict(
            _("The savepoint {id} is damaged: it is not what was kept.").format(id=savepoint.pk),
            fix=_("Use another savepoint of the session, or a backup; 'vc flow doctor' says what else is damaged."),
            code="savepoint-damaged",
            savepoint_id=savepoint.pk,
            session_id=savepoint.session_id,
        ) from error


def put_state(change: Change, state: State) -> dict[str, Any]:
    """Make the locked session what ``state`` says, its owner and team excepted; what an event says of it."""
    return dict(put_back(change, capture_kept(change.flow_session), state))


def _restore(change: Change, savepoint: Savepoint, reason: str) -> None:
    flow_session = change.flow_session
    verbs.ask_guards(change, flow_session, "restore", force=False)
    changes = put_state(change, state_of(savepoint))
    if not changes:
        raise NothingToDo
    changes["savepoint"] = (None, savepoint.pk)
    change.record("session.restored", changes, reason=reason, level=Level.WARNING)
    verbs.let_go_if_ended(flow_session)


def _record_fork(change: Change, state: State, reason: str) -> None:
    flow_session = change.flow_session
    flow_session.created_at = change.now
    made = capture(flow_session)
    changes: dict[str, tuple[Any, Any]] = {
        name: (None, value) for name, value in made["session"].items() if value is not None
    }
    changes |= put_back(change, {**EMPTY, "session": made["session"]}, {**state, "session": made["session"]})
    changes["workflow_id"] = (None, flow_session.workflow_id)
    changes["forked_from"] = (None, flow_session.forked_from)
    change.record("session.forked", changes, reason=reason)
    if flow_session.status in machine.OPEN:
        make_current(change)  # as a session that is created is, through every door
