"""A session's state as data: taken from its rows, put back into them, added up from its events.

A state has each holder's share under its name.  The ground's is ``session``: the columns of
:data:`COLUMNS`, with ``owner`` and ``team`` as names.  Versions and times are not part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sessions_app.language import gettext as _
from sessions_app.machine import ENDED
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.moving import Move, Reason
from sessions_app.parts import State, holders
from sessions_app.state_diff import Changed, session_differences
from sessions_app.words import session_state_in_full

if TYPE_CHECKING:
    from datetime import datetime

    from sessions_app.change import Change, Changes

COLUMNS = ("pinned_version_id", "name", "status", "current_stage_id", "context", "metadata", "tags")
"""What is captured and put back."""

NAMES = ("owner", "team")
"""What is captured beside it, but not kept: going back is no way to hand a session on."""

_PREFIX = "session."


def capture(flow_session: FlowSession) -> State:
    """All that the session is now."""
    return capture_many([flow_session])[0]


def capture_many(flow_sessions: Sequence[FlowSession], *, thorough: bool = False) -> list[State]:
    """The same for each of several sessions, in as many queries; owner and team should be selected.

    ``thorough``: the sessions' own rows are not believed when they say that there is nothing more.
    """
    states = _states(flow_sessions, thorough=thorough)
    for state, flow_session in zip(states, flow_sessions, strict=True):
        state[SessionHolder.name] |= _names(flow_session)
    return states


def capture_kept(flow_session: FlowSession) -> State:
    """What a savepoint keeps, and what is put back: all but whose the session is."""
    return _states([flow_session], thorough=False)[0]


def _states(flow_sessions: Sequence[FlowSession], *, thorough: bool) -> list[State]:
    shares = {holder.name: holder.capture_many(flow_sessions, thorough=thorough) for holder in holders()}
    return [{name: share[place] for name, share in shares.items()} for place in range(len(flow_sessions))]


def put_back(change: Change, before: State, after: State) -> Changes:
    """Make the rows from what they are, ``before``, into ``after``; what the event of it says."""
    changes: dict[str, tuple[Any, Any]] = {}
    for holder in holders():
        changes |= holder.put_back(change, before[holder.name], after[holder.name])
    return changes


class SessionHolder:
    """The ground's share: the session's own row."""

    name = "session"

    def capture_many(self, flow_sessions: Sequence[FlowSession], *, thorough: bool = False) -> list[dict[str, Any]]:
        return [{name: getattr(flow_session, name) for name in COLUMNS} for flow_session in flow_sessions]

    def put_back(self, change: Change, before: Any, after: Any) -> Changes:
        return change.set(**{name: after[name] for name in COLUMNS})

    def replay(self, state: State, event: SessionEvent) -> None:
        share = state.setdefault(self.name, {"team": None})
        for name, value in session_changes(event).items():
            share[name] = value["after"]

    def move(self, state: State, move: Move) -> None:
        """Other columns follow from the stages, which the floor above knows."""
        state[self.name] = {**state[self.name], "pinned_version_id": move.target_id}

    def hindrances(self, flow_sessions: Sequence[FlowSession], now: datetime) -> Sequence[Sequence[Reason]]:
        """Ended sessions stay as they ended."""
        return [[_ended(flow_session)] if flow_session.status in ENDED else [] for flow_session in flow_sessions]

    def differences(self, before: Any, after: Any, *, reveal: bool) -> list[Changed]:
        return session_differences(before, after, reveal=reveal)


def _ended(flow_session: FlowSession) -> Reason:
    return Reason(
        "session-ended",
        _("The session {id} is {status}.").format(
            id=flow_session.pk, status=session_state_in_full(flow_session.status)
        ),
        fix=_("Only sessions that have not ended can be migrated."),
    )


def session_changes(event: SessionEvent) -> Mapping[str, Any]:
    """What an event says of the session's own columns, by their names."""
    own = (*COLUMNS, *NAMES)
    if event.stage_instance_id:
        changes = {name.removeprefix(_PREFIX): pair for name, pair in event.changes.items() if name.startswith(_PREFIX)}
        return {name: pair for name, pair in changes.items() if name in own}
    return {name: pair for name, pair in event.changes.items() if name in own}


def _names(flow_session: FlowSession) -> dict[str, Any]:
    team = flow_session.team
    return {"owner": flow_session.owner.get_username(), "team": team.name if team else None}
