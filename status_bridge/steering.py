"""The other way: what the status system asks for becomes the verb that leads there, through the same guards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sessions_app import access, machine
from sessions_app.actors import Actor
from sessions_app.change import NothingToDo, lock_session, open_change
from sessions_app.exceptions import FlowError, IllegalTransition, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.text import is_reference
from status_bridge.entries import rewrite_entry
from status_bridge.mapping import SESSION_STATUS_MAPPING, STATUS_SESSION_MAPPING
from status_bridge.models.entries import ENTRY_PREFIX, StatusEntry

TRIES = 3
"""How often a verb is looked for when somebody else changes the session at the same moment."""

_LOG = logging.getLogger("workflow.session.integration")


class Synced(NamedTuple):
    """An entry that was written anew; ``changes`` has before and after of each field that differed."""

    flow_session: FlowSession
    changes: dict[str, dict[str, Any]]


class StatusManager(FlowSessionManager):
    """Steers sessions by the words of the status system."""

    def request_status(self, status_id: str, status: str, *, reason: str = "", force: bool = False) -> FlowSession:
        """Make the session of an entry become what ``status`` (of ``EntryStatus``) means.

        Does the verb that leads there and raises what it raises; what no verb leads to is an
        ``IllegalTransition`` and changes nothing.  What holds already does nothing.
        """
        try:
            wanted = session_status(status, force=force)
            return self._become(status_id, wanted, reason, force)
        except FlowError as refusal:
            self._tell(status_id, status, refusal)
            raise

    def sync_entry(self, status_id: str) -> Synced:
        """Write the entry anew from its session."""
        session_id = session_id_of(status_id)
        get_session_of(self.actor, status_id)
        with open_change(
            self.actor,
            lambda: lock_session(session_id),
            action="update",
            idempotency=self._idempotency,
            expected_versions=self._expected_versions,
        ) as change:
            changes = rewrite_entry(change.flow_session)
            change.result = Synced(change.flow_session, changes)
            if not changes:
                raise NothingToDo
        synced: Synced = self._finish(change)
        return synced

    def _become(self, status_id: str, wanted: str, reason: str, force: bool) -> FlowSession:
        """Which verb leads there is decided before the session is locked, and again if it was decided too early."""
        for left in reversed(range(TRIES)):
            found = get_session_of(self.actor, status_id).status
            verb = verb_towards(found, wanted)
            try:
                if verb is None:
                    return self._stay(status_id, wanted)
                return self._method(verb, reason, force)(session_id_of(status_id))
            except IllegalTransition:
                if not left or get_session_of(self.actor, status_id).status == found:
                    raise
        raise AssertionError(TRIES)

    def _method(self, verb: str, reason: str, force: bool) -> Callable[[str], FlowSession]:
        if verb == "complete":
            return lambda session_id: self.complete_session(session_id, reason=reason, force=force)
        method = getattr(self, f"{verb}_session")
        return lambda session_id: method(session_id, reason=reason)

    def _stay(self, status_id: str, wanted: str) -> FlowSession:
        """Nothing leads there: it holds already, or it is refused under the session's lock."""
        with self._change(session_id_of(status_id), "update") as change:
            _refuse_or_leave(change.flow_session, wanted)
        return self._finish_session(change)

    def _tell(self, status_id: str, status: str, refusal: FlowError) -> None:
        session_id = refusal.details.get("session_id")
        _LOG.warning(
            "%s refused for %s: %s actor=%s door=%s",
            shown(str(status)),
            shown(str(status_id)),
            refusal.code,
            self.actor.username,
            self.actor.door,
            extra={"session_id": session_id} if session_id else None,
        )


def _refuse_or_leave(flow_session: FlowSession, wanted: str) -> None:
    """End the change of a session that is not to change: always raises."""
    if flow_session.status != wanted:
        raise unreachable_status(flow_session, wanted)
    raise NothingToDo


def get_session_of(actor: Actor, status_id: str) -> FlowSession:
    """The session that an entry speaks of."""
    try:
        return get_session(actor, session_id_of(status_id))
    except NotFound:
        raise entry_not_found(status_id) from None


def find_entry(actor: Actor, status_id: str) -> StatusEntry:
    """The entry with exactly that id, and its session."""
    rows = StatusEntry.objects.visible_to(actor).select_related("session")
    found = rows.filter(pk=status_id).first() if is_reference(status_id) else None
    if found is None:
        raise entry_not_found(status_id)
    return found


def session_id_of(status_id: object) -> str:
    """The session that an entry's id names."""
    if not isinstance(status_id, str) or not status_id.startswith(ENTRY_PREFIX):
        raise entry_not_found(status_id)
    return status_id.removeprefix(ENTRY_PREFIX)


def entry_not_found(status_id: object) -> NotFound:
    """The error for an entry that isn't there, or not for the one who asks."""
    reference = shown(str(status_id))
    return NotFound(
        _("There is no status entry {reference}.").format(reference=reference or "''"),
        fix=_("An entry's id is flow- and the id of its session."),
        kind="status-entry",
        reference=reference,
    )


def session_status(status: object, *, force: bool = False) -> str:
    """What a status of the status system means for a session; ``force`` goes with COMPLETED alone."""
    if not isinstance(status, str) or status not in STATUS_SESSION_MAPPING:
        raise InvalidInput(
            _("There is no status {status}.").format(status=shown(str(status)) or "''"),
            fix=_("Use one of: {names}.").format(names=", ".join(STATUS_SESSION_MAPPING)),
            field="status",
        )
    wanted = STATUS_SESSION_MAPPING[status]
    if force and wanted != machine.COMPLETED:
        raise InvalidInput(_("Only completing can be forced."), fix=_("Leave 'force' out."), field="force")
    return wanted


def verb_towards(status: str, wanted: str) -> str | None:
    """The verb that leads a session from one state to another; one that holds already has nothing to do."""
    for verb, rule in SESSION_RULES.items():
        if rule.target == wanted and status in rule.sources:
            return verb
    return None


def allowed_statuses(actor: Actor, flow_session: FlowSession) -> list[str]:
    """The statuses of the status system that the actor may ask for: a verb leads there from the session's state."""
    return reached_by(access.allowed_actions(actor, flow_session))


def reached_by(verbs: Iterable[str]) -> list[str]:
    """The statuses of the status system that verbs lead to."""
    return list(dict.fromkeys(SESSION_STATUS_MAPPING[SESSION_RULES[verb].target] for verb in verbs))


def unreachable_status(flow_session: FlowSession, wanted: str) -> IllegalTransition:
    """The refusal of a status that no verb leads to from the session's state."""
    now, asked = SESSION_STATUS_MAPPING[flow_session.status], SESSION_STATUS_MAPPING[wanted]
    possible = reached_by(machine.allowed_verbs(SESSION_RULES, flow_session.status))
    return IllegalTransition(
        _("The session {id} stands at {status}; nothing leads from there to {wanted}.").format(
            id=flow_session.pk, status=now, wanted=asked
        ),
        fix=_("Possible now: {names}.").format(names=", ".join(possible) or _("nothing, it has ended")),
        kind="status-entry",
        session_id=flow_session.pk,
        status=now,
        allowed_statuses=possible,
    )
