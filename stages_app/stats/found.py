"""What statistics are made of: which sessions ended in a window, their logs, and how old the open ones are.

A fixed number of queries, each bounded: lists of ends at 50,000 rows, logs at the 2,000 sessions that ended last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent
from stages_app.machine import STAGE_RULES
from stages_app.stats.moments import Epoch
from stages_app.stats.reasons import Event
from stages_app.stats.session_time import SessionTime, session_time
from stages_app.stats.throughput import MOST, Completions, completions
from stages_app.stats.window import Window
from stages_app.timeline import Step
from stages_app.timeline.moves import MOVES, moved_attempts
from stages_app.timeline.plan import stage_of
from stages_app.timeline.reading import MOVED

SAMPLE = 2000
"""Of so many sessions, those that ended last, the logs are read."""

STOPPED = (machine.ABORTED, machine.FAILED)
_STOPPING = ("session.aborted", "session.failed")

_MOVING = (
    "session.created",
    "stage.created",
    *(rule.event for rule in (*machine.SESSION_RULES.values(), *STAGE_RULES.values())),
    *MOVES,
)
_TELLING = ("session.failed", "session.aborted", "stage.failed")
"""Whose reasons are counted, unless something else caused them: then it was counted there."""


class End(NamedTuple):
    """A session that was completed or aborted, or has failed, in seconds since 1970."""

    at: float
    session_id: str
    workflow_id: str
    status: str


class Log(NamedTuple):
    """What the log of a session tells."""

    time: SessionTime
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Ends:
    """What ended in a window, the newest first; ``reach`` is the first moment that is known if there was too much."""

    found: Sequence[End]
    reach: datetime | None

    @property
    def sample(self) -> Sequence[End]:
        """Those whose logs are read."""
        return self.found[:SAMPLE]


Narrowing = Mapping[str, str]
"""Fields of a session and their values: its workflow, its version."""


def ends(actor: Actor, window: Window, only: Narrowing) -> Ends:
    """The sessions seen that ended in the window: two queries."""
    narrowed = [Q(created_at__lt=window.until), *(Q(**{f"session__{name}": value}) for name, value in only.items())]
    completed = completions(actor, window.since, *narrowed)
    stopped = _stopped(actor, window, only)
    found = [End(each.completed, each.session_id, each.workflow_id, machine.COMPLETED) for each in completed.found]
    reach = _reach(completed, stopped)
    known = [end for end in (*found, *stopped) if reach is None or end.at >= reach.timestamp()]
    return Ends(sorted(known, reverse=True), reach)


def _stopped(actor: Actor, window: Window, only: Narrowing) -> list[End]:
    """The aborted and failed ones that became so themselves, by their last events."""
    rows = FlowSession.objects.visible_to(actor).filter(
        status__in=STOPPED, updated_at__gte=window.since, updated_at__lt=window.until, **only
    )
    own = SessionEvent.objects.filter(session=OuterRef("pk"), type__in=_STOPPING)
    rows = rows.filter(Q(forked_from="") | Exists(own))  # else it was so before the fork was made
    columns = rows.order_by("-updated_at", "-id").values_list(Epoch("updated_at"), "pk", "workflow", "status")
    return [End(*row) for row in columns[:MOST]]


def _reach(completed: Completions, stopped: Sequence[End]) -> datetime | None:
    cut = [completed.reach] if completed.reach else []
    if len(stopped) == MOST:
        cut.append(datetime.fromtimestamp(stopped[-1].at, UTC))
    return max(cut, default=None)


def logs(session_ids: Sequence[str], now: datetime) -> dict[str, Log]:
    """By session what its log tells, in one query; the sessions were looked for as seen."""
    rows = SessionEvent.objects.filter(session__in=session_ids, type__in=_MOVING).order_by("session", "seq")
    columns = rows.values_list(
        "session", "type", "stage_instance_id", "created_at", "reason", "cause", "changes__status__after", MOVED
    )
    steps: dict[str, list[Step]] = {session_id: [] for session_id in session_ids}
    events: dict[str, list[Event]] = {session_id: [] for session_id in session_ids}
    for session_id, kind, attempt, at, reason, cause, status, moved in columns:
        if status is not None:
            steps[session_id].append(Step(at, attempt, status))
        if moved:
            steps[session_id].extend(moved_attempts(session_id, moved, at))
        if kind in _TELLING and cause is None:
            events[session_id].append(Event(kind, stage_of(attempt)[0] if attempt else "", reason))
    return {key: Log(session_time(steps[key], now), events[key]) for key in session_ids}


@dataclass(frozen=True, slots=True)
class Open:
    """The open sessions of a workflow: their ages in microseconds; None when they are too many to read."""

    count: int
    ages: Sequence[int] | None


def open_sessions(actor: Actor, now: datetime, only: Narrowing) -> Mapping[str, Open]:
    """By workflow, from at most 50,000 sessions seen that have not ended: one query."""
    rows = FlowSession.objects.visible_to(actor).filter(status__in=machine.OPEN, **only).order_by()
    # No order: PostgreSQL and SQLite would else walk all sessions, or sort all that are open.
    found = list(rows.values_list("workflow", Epoch("created_at"))[: MOST + 1])
    ages: dict[str, list[int]] = {}
    for workflow_id, created in found:
        ages.setdefault(workflow_id, []).append(max(round((now.timestamp() - created) * 1e6), 0))
    is_known = len(found) <= MOST
    return {key: Open(len(each), sorted(each) if is_known else None) for key, each in ages.items()}


def by_workflow(found: Iterable[End]) -> Mapping[str, list[End]]:
    """The ends of each workflow."""
    split: dict[str, list[End]] = {}
    for end in found:
        split.setdefault(end.workflow_id, []).append(end)
    return split


def told_of(found: Iterable[End], known: Mapping[str, Log]) -> tuple[list[SessionTime], list[Event]]:
    """The times and the events of those sessions whose logs were read."""
    read: list[Any] = [known[end.session_id] for end in found if end.session_id in known]
    return [log.time for log in read], [event for log in read for event in log.events]
