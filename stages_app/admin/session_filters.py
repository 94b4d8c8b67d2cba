"""What the stages add to the list of sessions: whose turn it is, who is on it, and what takes too long."""

from __future__ import annotations

from collections.abc import Sequence

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.admin.paging import MOST
from sessions_app.admin.session_filters import Mark, SessionFilter, register_filter, register_marks
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet
from stages_app.inbox import inbox
from stages_app.models import StageInstance
from stages_app.states import StageStatus
from stages_app.stats.stuck import stuck_sessions

ME, YES = "me", "1"


def _waits(actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    """Those with a stage whose turn is the actor's, and the actor's own that are paused or failed."""
    if value != ME:
        raise ValueError(value)
    # By their keys: joined by OR, SQLite would walk all sessions.
    stopped = FlowSession.objects.visible_to(actor).filter(
        owner=actor.user, status__in=(machine.PAUSED, machine.FAILED)
    )
    keys = {row.session_id for row in inbox(actor)}
    return rows.filter(pk__in=[*keys, *stopped.order_by("-created_at", "-id").values_list("pk", flat=True)[: MOST + 1]])


def _stuck(actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    """Those that are silent for longer than is usual, the longest silent if there are many."""
    if value != YES:
        raise ValueError(value)
    found = stuck_sessions(actor).order_by("updated_at", "id").values_list("pk", flat=True)
    return rows.filter(pk__in=list(found[: MOST + 1]))


def marks(_actor: Actor, rows: Sequence[FlowSession]) -> dict[str, list[Mark]]:
    """Who works on the stage at hand, and whether it is overdue; of sessions that the actor sees."""
    found: dict[str, list[Mark]] = {}
    active = StageInstance.objects.filter(session__in=[row.pk for row in rows], status=StageStatus.ACTIVE)
    for row in active.select_related("session", "assignee").order_by("pk"):
        found.setdefault(row.session_id, []).extend(_marks_of(row))
    return found


def _marks_of(row: StageInstance) -> list[Mark]:
    overdue = [Mark("!", _("overdue"), "failed")] if row.is_overdue() else []
    return [*overdue, *([Mark("@", shown(row.assignee.username), "pending")] if row.assignee else [])]


register_filter(SessionFilter("waits", noop("Waits for me"), _waits, shortcut=ME))
register_filter(SessionFilter("stuck", noop("Stuck"), _stuck, shortcut=YES))
register_marks(marks)
