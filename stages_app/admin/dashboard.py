"""The dashboard's panels of the stages: what waits for the reader, and what is stuck."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.admin.dashboard import number, session_url, sessions_url
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.durations import in_words
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.querysets import FlowSessionQuerySet
from stages_app import facts
from stages_app.inbox import inbox, waiting_since
from stages_app.models import StageInstance
from stages_app.stats.durations import Timed, by_stage, timed_attempts
from stages_app.stats.percentiles import Spread
from stages_app.stats.stuck import FALLBACK, MOST_COUNTED, Patience, longest_silent, stuck_sessions

SHOWN = 10
"""Lines of a list; the list of sessions has the rest."""

_HALTS = ("session.paused", "session.failed", "stage.paused", "stage.failed")


class Halt(NamedTuple):
    """Why and since when something stands still."""

    reason: str
    since: datetime


Halts = Mapping[tuple[str, str], Halt]
"""By session and attempt; the session's own has no attempt."""


def attempts_seen(view: View) -> list[Timed]:
    """The attempts that several panels speak of, read once for a request."""
    known: list[Timed] | None = view.request.__dict__.get("timed_attempts")
    if known is None:
        known = view.request.__dict__["timed_attempts"] = timed_attempts(view.actor, timezone.now())
    return known


def waits(view: View) -> Mapping[str, Any]:
    """What is assigned to the reader, and their own sessions that are paused or failed."""
    assigned = inbox(view.actor)
    halted = _halted(view.actor)
    own = list(halted.select_related("workflow").order_by("status", "-updated_at", "-id")[:SHOWN])
    count = len(assigned) + halted[: MOST_COUNTED + 1].count()
    halts = _halts(view.actor, {row.session_id for row in assigned[:SHOWN]} | {row.pk for row in own})
    return {
        "assigned": [_assigned_line(row, halts) for row in assigned[:SHOWN]],
        "own": [_own_line(row, halts) for row in own],
        "count": number(count, MOST_COUNTED),
        "is_more": count > min(len(assigned), SHOWN) + len(own),
        "url": sessions_url(waits="me"),
    }


def stuck(view: View) -> Mapping[str, Any]:
    """The sessions that are silent for longest, and how many there are."""
    now = timezone.now()
    known = Patience(by_stage(attempts_seen(view)))
    silent = longest_silent(stuck_sessions(view.actor, known, now))
    found = FlowSession.objects.visible_to(view.actor).select_related("workflow", "owner").in_bulk(silent[:SHOWN])
    worst = [found[key] for key in silent[:SHOWN] if key in found]
    at_hand = _at_hand(view.actor, worst)
    return {
        "lines": [_stuck_line(row, known.at(row), at_hand.get(row.pk), now) for row in worst],
        "count": number(len(silent), MOST_COUNTED),
        "is_more": len(silent) > len(worst),
        "url": sessions_url(stuck=1),
    }


def _halted(actor: Actor) -> FlowSessionQuerySet:
    return FlowSession.objects.visible_to(actor).filter(owner=actor.user, status__in=(machine.PAUSED, machine.FAILED))


def _halts(actor: Actor, session_ids: Collection[str]) -> Halts:
    """The last pause or failure of the sessions and of their attempts."""
    rows = SessionEvent.objects.visible_to(actor).filter(session__in=session_ids, type__in=_HALTS).order_by("id")
    columns = rows.values_list("session", "stage_instance_id", "reason", "created_at")
    return {(session_id, attempt): Halt(reason, since) for session_id, attempt, reason, since in columns}


def _assigned_line(row: StageInstance, halts: Halts) -> dict[str, Any]:
    halt = halts.get((row.session_id, row.pk)) if row.status in (machine.PAUSED, machine.FAILED) else None
    return {
        "stage": row.display_name,
        "name": row.session.name,
        "url": session_url(row.session_id),
        "status": row.status,
        "is_overdue": row.is_overdue(),
        "reason": halt.reason if halt else "",
        "since": halt.since if halt else waiting_since(row),
    }


def _own_line(row: FlowSession, halts: Halts) -> dict[str, Any]:
    halt = halts.get((row.pk, ""))
    return {
        "name": row.name,
        "url": session_url(row.pk),
        "status": row.status,
        "reason": halt.reason if halt else "",
        "since": halt.since if halt else row.updated_at,
    }


def _at_hand(actor: Actor, flow_sessions: Sequence[FlowSession]) -> Mapping[str, StageInstance]:
    """By session: the last attempt at its current stage."""
    rows = (
        StageInstance.objects.visible_to(actor)
        .filter(session__in=[row.pk for row in flow_sessions], stage_id=F("session__current_stage_id"))
        .select_related("assignee")
        .order_by("session", "attempt")
    )
    return {row.session_id: row for row in rows}


def _stuck_line(row: FlowSession, known: Spread | None, attempt: StageInstance | None, now: datetime) -> dict[str, Any]:
    stage_id = row.current_stage_id
    definition = row.published.definition.stage(stage_id) if stage_id else None
    return {
        "name": row.name,
        "url": session_url(row.pk),
        "workflow": row.workflow.display_name,
        "stage": facts.display_name(attempt.name if attempt else "", stage_id, definition) if stage_id else "",
        "who": _who(row, attempt),
        "silence": _("{time} without an event").format(time=in_words(now - row.updated_at)),
        "compared": _compared(known),
    }


def _who(row: FlowSession, attempt: StageInstance | None) -> str:
    if attempt and attempt.assignee:
        return _("assigned to {user}").format(user=attempt.assignee.get_username())
    return _("owner: {user}").format(user=row.owner.get_username())


def _compared(known: Spread | None) -> str:
    """What the silence is measured by."""
    if known is None:
        text = _("too few finished attempts to compare with, so {time} count")
        return text.format(time=in_words(FALLBACK))
    text = ngettext(
        "9 of 10 finish this stage within {time} ({count} attempt)",
        "9 of 10 finish this stage within {time} ({count} attempts)",
        known.count,
    )
    return text.format(time=in_words(known.p90), count=known.count)


register_panel("dashboard", Panel("waits", 20, "stages_app/dashboard_waits.html", waits, is_wide=False))
register_panel("dashboard", Panel("stuck", 30, "stages_app/dashboard_stuck.html", stuck, is_wide=False))
