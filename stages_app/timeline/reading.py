"""The events of a session as its timeline needs them, in one query of a few columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, F, JSONField, When

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent
from stages_app.timeline.bands import Step
from stages_app.timeline.moves import MOVES, moved_attempts

MOVED = Case(When(type__in=MOVES, then=F("changes")), default=None, output_field=JSONField())
"""What an event changed, of those events only whose changes tell of several attempts."""


class Happening(NamedTuple):
    """An event without what it changed, but for the status that it led to; None where it moved none.

    ``moved`` are the changes of an event that moved several attempts at once.
    """

    seq: int
    type: str
    stage_instance_id: str
    level: int
    actor: str
    door: str
    reason: str
    at: datetime
    status: str | None
    moved: Mapping[str, Any] | None = None


_COLUMNS = ("seq", "type", "stage_instance_id", "level", "actor", "door", "reason", "created_at")


def happenings(actor: Actor, flow_session: FlowSession) -> list[Happening]:
    """The session's events in their order."""
    events = SessionEvent.objects.visible_to(actor).filter(session_id=flow_session.pk).order_by("seq")
    return [Happening(*row) for row in events.values_list(*_COLUMNS, "changes__status__after", MOVED)]


def steps(session_id: str, found: Iterable[Happening]) -> list[Step]:
    """The steps of a session's events: of those that moved a status."""
    return [step for each in found for step in _steps_of(session_id, each)]


def _steps_of(session_id: str, event: Happening) -> Iterator[Step]:
    if event.status is not None:
        yield Step(event.at, event.stage_instance_id, event.status)
    if event.moved:
        yield from moved_attempts(session_id, event.moved, event.at)
