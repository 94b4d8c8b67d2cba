"""Sessions read as they were at one moment each, without holding a lock: who writes meanwhile doesn't wait.

A session's row is read before and after its attempts; where it changed between, it is read again.  Events and
savepoints never change, so those up to the version that was read belong to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sessions_app.capturing import capture_many
from sessions_app.exceptions import Conflict
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, Savepoint, SessionEvent
from sessions_app.parts import State

SESSIONS_AT_ONCE = 100
EVENTS_AT_ONCE = 2_000
"""As many are in memory at a time; a session that has more is read piece by piece."""

_TRIES = 20


class Taken(NamedTuple):
    """A session, its state, and its events if they are few."""

    flow_session: FlowSession
    state: State
    few_events: Sequence[SessionEvent] | None

    def events(self) -> Iterator[SessionEvent]:
        """All of them in order; Conflict if the session was deleted meanwhile."""
        found: Iterable[SessionEvent] = self._many_events() if self.few_events is None else self.few_events
        last = 0
        for event in found:
            last = event.seq
            yield event
        if last != self.flow_session.version:
            raise _gone(self.flow_session.pk)

    def _many_events(self) -> Iterator[SessionEvent]:
        for start in range(1, self.flow_session.version + 1, EVENTS_AT_ONCE):
            end = min(start + EVENTS_AT_ONCE - 1, self.flow_session.version)
            yield from SessionEvent.objects.filter(
                session_id=self.flow_session.pk, seq__gte=start, seq__lte=end
            ).order_by("seq")

    def savepoints(self) -> Iterator[Savepoint]:
        """One at a time, for each may be large."""
        own = Savepoint.objects.filter(session_id=self.flow_session.pk, seq__lte=self.flow_session.version)
        return own.order_by("seq").iterator(chunk_size=10)


def sessions_taken(ids: Sequence[str]) -> Iterator[Taken]:
    """The sessions with these ids, in their order; those that are not there any more are left out."""
    for start in range(0, len(ids), SESSIONS_AT_ONCE):
        yield from _taken(ids[start : start + SESSIONS_AT_ONCE])


def _taken(ids: Sequence[str]) -> Iterator[Taken]:
    states = _states(ids)
    group: list[tuple[FlowSession, State]] = []
    for key in ids:
        if key not in states:
            continue
        if group and sum(row.version for row, _state in group) + states[key][0].version > EVENTS_AT_ONCE:
            yield from _with_events(group)
            group = []
        group.append(states[key])
    yield from _with_events(group)


def _states(ids: Sequence[str]) -> Mapping[str, tuple[FlowSession, State]]:
    """By id: row and state that belong together."""
    found: dict[str, tuple[FlowSession, State]] = {}
    open_ids = list(ids)
    for _try in range(_TRIES):
        rows = list(FlowSession.objects.filter(pk__in=open_ids).select_related("owner", "team"))
        states = capture_many(rows)
        versions = dict(FlowSession.objects.filter(pk__in=open_ids).values_list("pk", "version"))
        for row, state in zip(rows, states, strict=True):
            if versions.get(row.pk) == row.version:
                found[row.pk] = (row, state)
        open_ids = [key for key in versions if key not in found]
        if not open_ids:
            return found
    raise Conflict(
        _("The session {id} is changed again and again; it can't be read in one state.").format(id=open_ids[0]),
        fix=_("Try again in a moment."),
        session_id=open_ids[0],
    )


def _with_events(group: Sequence[tuple[FlowSession, State]]) -> Iterator[Taken]:
    if len(group) == 1 and group[0][0].version > EVENTS_AT_ONCE:
        yield Taken(*group[0], None)
        return
    events: dict[str, list[SessionEvent]] = defaultdict(list)
    ids = [row.pk for row, _state in group]
    for event in SessionEvent.objects.filter(session_id__in=ids).order_by("session_id", "seq"):
        events[event.session_id].append(event)
    for row, state in group:
        yield Taken(row, state, [event for event in events[row.pk] if event.seq <= row.version])


def _gone(session_id: str) -> Conflict:
    return Conflict(
        _("The session {id} was deleted while it was being written.").format(id=session_id),
        fix=_("Do it again."),
        session_id=session_id,
    )
