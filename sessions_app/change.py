"""The one way for every change.

``open_change`` opens the transaction, locks the session's row, lets a verb work on a
:class:`Change`, then writes the events and the session's row and commits.  After the
commit it sends ``event_committed``.  No other code writes these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from sessions_app import access, keeping, storage
from sessions_app.access import session_not_found
from sessions_app.actors import Actor
from sessions_app.exceptions import Conflict, NotFound, PreconditionFailed
from sessions_app.idempotency import Idempotency
from sessions_app.language import gettext as _
from sessions_app.masking import mask_changes, mask_text
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.permissions import GENERAL_ACTIONS, Need
from sessions_app.rows import table
from sessions_app.signals import event_committed, event_recorded
from sessions_app.states import Level
from sessions_app.text import is_reference

Changes = Mapping[str, tuple[Any, Any]]
"""Per field: before and after."""


@dataclass(slots=True)
class Outcome:
    """What a verb did: ``version`` is the session's afterwards; nothing changed when ``changed`` is False."""

    changed: bool
    version: int
    events: list[SessionEvent] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class NothingToDo(Exception):
    """The verb's result holds already; the transaction is rolled back."""


class Change:
    """A change of one session in progress: its locked row, the events so far, what to write at the end.

    ``status_before`` and ``stage_states_before`` are the locked row's; ``lease`` is the token that the
    actor named, which the floor above asks for where somebody holds what is to be changed.
    """

    def __init__(
        self, flow_session: FlowSession, actor: Actor, *, is_new: bool = False, lease: int | None = None
    ) -> None:
        self.flow_session = flow_session
        self.actor = actor
        self.now = timezone.now()
        self.events: list[SessionEvent] = []
        self.warnings: list[str] = []
        self.result: Any = flow_session
        self.scopes: set[str] = set()
        self.is_deleted = False
        self.lease = lease
        self._endings: dict[str, Callable[[Change], None]] = {}
        self._is_new = is_new
        self._dirty: set[str] = set()
        self._locked_version = flow_session.version
        self.status_before = flow_session.status
        self.stage_states_before = flow_session.stage_states

    @property
    def cause(self) -> int | None:
        """The number of the first event, from which the others follow."""
        return self.events[0].seq if self.events else None

    def require(self, action: str | Need) -> None:
        """Raise unless the actor may do ``action`` to the session; for what is known only inside the change."""
        access.require(self.actor, action, self.flow_session)
        self.scopes.add(access.need_of(action).scope)

    def set(self, **values: Any) -> dict[str, tuple[Any, Any]]:
        """Set columns of the session; returns those that changed, with before and after."""
        changed = {}
        for name, value in values.items():
            before = getattr(self.flow_session, name)
            if before != value:
                setattr(self.flow_session, name, value)
                self._dirty.add(name)
                changed[name] = (before, value)
        return changed

    def set_stage_state(self, stage_id: str, status: str) -> None:
        """Note the status of a stage's last attempt on the session."""
        self.set(stage_states={**self.flow_session.stage_states, stage_id: status})

    def record(
        self,
        event_type: str,
        changes: Changes,
        *,
        stage_instance_id: str = "",
        reason: str = "",
        level: Level = Level.INFO,
    ) -> SessionEvent:
        """Append an event, its secrets masked, and tell the floors above, inside the transaction."""
        flow_session = self.flow_session
        event = SessionEvent(
            session_id=flow_session.pk,
            seq=flow_session.version + 1,
            type=event_type,
            level=level,
            stage_instance_id=stage_instance_id,
            actor=self.actor.username,
            door=self.actor.door,
            submitted_by=self.actor.submitted_by,
            reason=mask_text(reason),
            changes=mask_changes(changes),
            cause=self.cause,
            created_at=self.now,
        )
        event.hash = event.chained_to(flow_session.chain_head)
        self.set(version=event.seq, chain_head=event.hash)
        self.events.append(event)
        event_recorded.send(sender=SessionEvent, event=event, change=self)
        return event

    def at_end(self, name: str, ending: Callable[[Change], None]) -> None:
        """Call ``ending`` once the session's row and the events are written, in the same transaction; once per name.

        For a floor above that has something to write once per change instead of once per event.
        """
        self._endings.setdefault(name, ending)

    def outcome(self) -> Outcome:
        """What was done so far."""
        return Outcome(bool(self.events), self.flow_session.version, self.events, self.warnings)

    def write(self) -> None:
        """Write the session's row, guarded by the version that was read, and the events; then what floors above add."""
        assert connection.in_atomic_block, "a change is written inside its transaction"
        if not self.is_deleted:
            self._write_rows()
        for ending in self._endings.values():
            ending(self)

    def _write_rows(self) -> None:
        if self.events:
            self.set(updated_at=self.now)
        sessions = table(FlowSession)
        if self._is_new:
            sessions.insert([self.flow_session])
        elif self._dirty and not sessions.update(self.flow_session, self._dirty, {"version": self._locked_version}):
            raise Conflict(
                _("The session {id} was changed by somebody else at the same moment.").format(id=self.flow_session.pk),
                fix=_("Look at it again, then repeat what is still right."),
                session_id=self.flow_session.pk,
            )
        table(SessionEvent).insert(self.events)


def lock_session(session_id: str) -> FlowSession:
    """The session's row, locked until the transaction ends."""
    flow_session = lock_session_where("id = %s", session_id)
    if flow_session is None:
        raise session_not_found(session_id)
    return flow_session


def lock_session_where(condition: str, parameter: str) -> FlowSession | None:
    """The session that fulfils an SQL condition with one parameter, locked until the transaction ends."""
    if not is_reference(parameter):
        return None
    found = table(FlowSession).select(condition, [parameter], lock=True)
    return found[0] if found else None


@contextmanager
def open_change(
    actor: Actor,
    obtain: Callable[[], FlowSession],
    *,
    action: str | Need,
    force: bool = False,
    unknown: Callable[[], NotFound] | None = None,
    idempotency: Idempotency | None = None,
    expected_versions: Collection[int] | None = None,
    lease: int | None = None,
    is_new: bool = False,
    keep_before: str = "",
) -> Iterator[Change]:
    """One change in one transaction.

    ``obtain`` gives the session: it locks a stored one or, with ``is_new``, makes one.
    ``action`` is what the actor must be allowed (of ``SESSION_ACTIONS``, what it needs, or for a
    new session of ``GENERAL_ACTIONS``), with ``force`` that besides.  A session that the actor
    doesn't see is refused by ``unknown``, which says what ``obtain`` says of one that isn't there.
    Unless it stands at one of ``expected_versions``, if these are given, it is refused as stale.
    ``keep_before`` is the verb before which a savepoint is taken, which managers name before all that is forced.
    ``lease`` is the token of the lease that the actor holds, if any.
    When the body raises :class:`NothingToDo` all is rolled back, and the body's end is
    reached as if nothing had been asked.  Database errors come out as errors of ours.
    """
    change: Change | None = None
    access.rights_of(actor)  # read before anything is locked
    try:
        with storage.translated(), transaction.atomic(durable=True):
            if idempotency:
                idempotency.claim(actor, unknown)
            if is_new:
                access.require_general(actor, str(action))
            change = Change(obtain(), actor, is_new=is_new, lease=lease)
            _admit(change, action, unknown, expected_versions, is_new=is_new)
            if force:
                change.require("force")
            if keep_before:
                keeping.keep_before(change, keep_before)
            yield change
            change.write()
            if idempotency:
                _store(idempotency, change)
    except NothingToDo:
        assert change is not None
        if idempotency:
            _remember(idempotency, change)
    else:
        for event in change.events:
            event_committed.send_robust(sender=SessionEvent, event=event, flow_session=change.flow_session)


def _admit(
    change: Change,
    action: str | Need,
    unknown: Callable[[], NotFound] | None,
    expected_versions: Collection[int] | None,
    *,
    is_new: bool,
) -> None:
    """Refuse who may not, and who looked at something older; of a new session the right to make it was asked before."""
    if is_new:
        change.scopes.add(GENERAL_ACTIONS[str(action)].scope)
        return
    if unknown and not access.is_visible(change.actor, change.flow_session):
        raise unknown()
    change.require(action)
    _refuse_stale(change.flow_session, expected_versions)


def _refuse_stale(flow_session: FlowSession, expected_versions: Collection[int] | None) -> None:
    if expected_versions is None or flow_session.version in expected_versions:
        return
    raise PreconditionFailed(
        _("The session {id} has changed since: it is at version {version} now.").format(
            id=flow_session.pk, version=flow_session.version
        ),
        fix=_("Look at it again, then repeat what is still right."),
        session_id=flow_session.pk,
        version=flow_session.version,
    )


def _remember(idempotency: Idempotency, change: Change) -> None:
    """Keep the answer of a request that had nothing to do."""
    with storage.translated(), transaction.atomic(durable=True):
        idempotency.claim(change.actor)
        _store(idempotency, change)


def _store(idempotency: Idempotency, change: Change) -> None:
    """Keep the answer; that of a deletion is about no session any more."""
    session_id = "" if change.is_deleted else change.flow_session.pk
    idempotency.store(change.actor, change.result, change.outcome(), session_id=session_id, scopes=change.scopes)
