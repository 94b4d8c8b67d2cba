"""The events of a session as its timeline needs them, in one query of a few columns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent
from stages_app.timeline.bands import Step


class Happening(NamedTuple):
    """An event without what it changed, but for the status that it led to; None where it moved none."""

    seq: int
    type: str
    stage_instance_id: str
    level: int
    actor: str
    door: str
    reason: str
    at: datetime
    status: str | None


_COLUMNS = ("seq", "type", "stage_instance_id", "level", "actor", "door", "reason", "created_at")


def happenings(actor: Actor, flow_session: FlowSession) -> list[Happening]:
    """The session's events in their order."""
    events = SessionEvent.objects.visible_to(actor).filter(session_id=flow_session.pk).order_by("seq")
    return [Happening(*row) for row in events.values_list(*_COLUMNS, "changes__status__after")]


def steps(found: Iterable[Happening]) -> list[Step]:
    """Those of them that moved a status."""
    return [Step(each.at, each.stage_instance_id, each.status) for each in found if each.status is not None]
