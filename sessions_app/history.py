"""A session as it was: its state after one of its events, added up from the log up to there.

Only events are read, which keep no secrets: what is masked in them stays so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import Group, User
from django.db.models import Max

from sessions_app.exceptions import InvalidInput, StorageFailed
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.parts import State
from sessions_app.querysets import SessionEventQuerySet
from sessions_app.replay import BrokenHistory, Replay
from sessions_app.state_diff import MOVES

_AT_ONCE = 500


class Event(NamedTuple):
    """What is told of an event: why things stand where they stand.

    ``moved`` are the changes of one that moved several attempts at once.
    """

    seq: int
    type: str
    stage_instance_id: str
    reason: str
    created_at: datetime
    moved: Mapping[str, Any] | None = None


class Then(NamedTuple):
    """What a session was; ``events`` are those up to then, and the last of them is the one that it was after."""

    state: State
    events: list[Event]

    @property
    def last(self) -> Event:
        """The last event that had happened."""
        return self.events[-1]


def after_event(flow_session: FlowSession, seq: int) -> Then:
    """What the session was after its event of that number; InvalidInput if there is none."""
    if not 1 <= seq <= flow_session.version:
        raise InvalidInput(
            _("The session {id} has no event {seq}.").format(id=flow_session.pk, seq=seq),
            fix=_("Give a number from 1 to {last}.").format(last=flow_session.version),
            field="event",
            session_id=flow_session.pk,
        )
    replay, events = Replay(), []
    try:
        for event in _events(flow_session, seq):
            replay.add(event)
            moved = event.changes if event.type in MOVES else None
            events.append(Event(event.seq, event.type, event.stage_instance_id, event.reason, event.created_at, moved))
    except BrokenHistory as error:
        raise _damaged(flow_session) from error
    if not events or events[-1].seq != seq:
        raise _damaged(flow_session)
    return Then(replay.state, events)


def at_time(flow_session: FlowSession, time: datetime) -> Then:
    """What the session was at that time; InvalidInput if it wasn't there yet."""
    happened = _of(flow_session).filter(created_at__lte=time)
    seq = happened.aggregate(last=Max("seq"))["last"]
    if seq is None:
        raise InvalidInput(
            _("The session {id} wasn't there yet at {time}.").format(id=flow_session.pk, time=time.isoformat()),
            fix=_("Give a time from {first} on.").format(first=flow_session.created_at.isoformat()),
            field="time",
            session_id=flow_session.pk,
        )
    return after_event(flow_session, seq)


def session_then(flow_session: FlowSession, then: Then) -> FlowSession:
    """The session's row as it was; it isn't stored, and stages' states on it are not set."""
    share = then.state["session"]
    objects = {name: share.get(name) or {} for name in ("context", "metadata")}
    plain = {name: share.get(name) or "" for name in ("pinned_version_id", "name", "status", "current_stage_id")}
    team = share.get("team")
    return FlowSession(
        id=flow_session.pk,
        workflow_id=flow_session.workflow_id,
        created_at=flow_session.created_at,
        updated_at=then.last.created_at,
        tags=share.get("tags") or [],
        owner=User(username=share.get("owner") or ""),
        team=Group(name=team) if team else None,
        forked_from=flow_session.forked_from,
        version=then.last.seq,
        **objects,
        **plain,
    )


def _of(flow_session: FlowSession) -> SessionEventQuerySet:
    return SessionEvent.objects.filter(session_id=flow_session.pk)


def _events(flow_session: FlowSession, seq: int) -> Iterator[SessionEvent]:
    return _of(flow_session).filter(seq__lte=seq).order_by("seq").iterator(chunk_size=_AT_ONCE)


def _damaged(flow_session: FlowSession) -> StorageFailed:
    return StorageFailed(
        _("The log of {id} is damaged: it doesn't add up to a state.").format(id=flow_session.pk),
        fix=_("'vc flow doctor --session {id}' says what is wrong with it.").format(id=flow_session.pk),
        session_id=flow_session.pk,
    )
