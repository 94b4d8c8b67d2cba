"""The status system from Python: sessions become entries, and what entries ask for becomes verbs."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from sessions_app import storage
from sessions_app.actors import Actor, local_actor
from sessions_app.change import lock_session
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.models import FlowSession
from status_bridge import receivers
from status_bridge.entries import entry_id, write_entry
from status_bridge.mapping import SESSION_STATUS_MAPPING, map_session_to_status
from status_bridge.models import StatusEntry
from status_bridge.steering import StatusManager, find_entry

__all__ = ["SESSION_STATUS_MAPPING", "FlowStatusIntegration", "map_session_to_status"]


class FlowStatusIntegration:
    """Keeps sessions and the entries of the status system in step, both ways.

    Without an actor it acts as the local user.  Each method says what it changed.
    """

    def __init__(self, actor: Actor | None = None) -> None:
        self._actor = actor

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self._actor or local_actor()

    @staticmethod
    def register_session_change_hooks() -> None:
        """Connect the receivers that write the entries; once, however often it is called."""
        receivers.connect()

    def sync_session_to_status(self, session_id: str) -> dict[str, Any]:
        """Write the entry anew from the session: ``{"changed", "entry", "changes"}``.

        ``changes`` has before and after of each field that differed; raises NotFound for an unknown session.
        """
        get_session(self.actor, session_id)
        synced = StatusManager(self.actor).sync_entry(entry_id(session_id))
        return {"changed": bool(synced.changes), "entry": self._entry(synced.flow_session), "changes": synced.changes}

    def sync_status_to_session(self, status_id: str, *, status: str | None = None, reason: str = "") -> dict[str, Any]:
        """Make the session do what its entry asks, or ``status``: ``{"changed", "entry", "session_id"}``.

        The verb that leads there is done through its guards.  When it is refused the entry says again
        what is true, and the refusal is raised: ``IllegalTransition``, ``GuardUnmet``, ``NotAllowed``, …
        """
        stored = find_entry(self.actor, status_id)
        manager = StatusManager(self.actor)
        try:
            flow_session = manager.request_status(
                status_id, stored.status if status is None else status, reason=reason or _default_reason()
            )
        except FlowError:
            self._put_right(stored.session_id)
            raise
        return {"changed": manager.outcome.changed, "entry": self._entry(flow_session), "session_id": flow_session.pk}

    def _put_right(self, session_id: str) -> None:
        """Whoever was refused, the entry says what is true; of a session that is gone meanwhile there is none."""
        with storage.translated(), transaction.atomic():
            try:
                write_entry(lock_session(session_id))
            except NotFound:
                return

    def _entry(self, flow_session: FlowSession) -> dict[str, Any]:
        return StatusEntry.objects.get(pk=entry_id(flow_session.pk)).as_dict()


def _default_reason() -> str:
    return _("asked for by the status system")
