"""Which session is an actor's current one: a change without an event."""

from __future__ import annotations

from typing import NamedTuple

from sessions_app.current import current_session, make_current
from sessions_app.models import FlowSession
from sessions_app.services import Manager
from sessions_app.verbs import refuse_if_ended


class Switched(NamedTuple):
    """The session that is current now; ``changed`` is False when it was so before."""

    flow_session: FlowSession
    changed: bool


class SwitchManager(Manager):
    """Makes a session, which must not have ended, the actor's current one."""

    def switch(self, session_id: str) -> Switched:
        """The session with exactly that id is the current one."""
        before = current_session(self.actor)
        with self._change(session_id, "switch") as opened:
            refuse_if_ended(opened.flow_session, "switch")
            make_current(opened)
            opened.result = Switched(opened.flow_session, before is None or before.pk != session_id)
        switched: Switched = self._finish(opened)
        return switched
