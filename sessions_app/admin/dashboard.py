"""The dashboard's panel of the ground floor: how many sessions are in which state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from sessions_app import machine
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.models import FlowSession

STATES = (machine.ACTIVE, machine.PAUSED, machine.FAILED, machine.PENDING, machine.COMPLETED, machine.ABORTED)
"""In this order: what is under way, what wants somebody, what is over."""


def sessions_url(**query: str | int) -> str:
    """The list of sessions, narrowed by its own parameters."""
    address = reverse("admin:sessions_app_flowsession_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def session_url(session_id: str) -> str:
    """The page of one session."""
    return reverse("admin:sessions_app_flowsession_change", args=[quote(session_id)])


def number(count: int, most: int | None = None) -> str:
    """A number with its thousands apart; beyond ``most`` nobody counted."""
    return f"{most:,}+" if most is not None and count > most else f"{count:,}"


def states(view: View) -> Mapping[str, Any]:
    """Each state with its number: one query, by an index alone for who sees all."""
    counts = dict(FlowSession.objects.visible_to(view.actor).order_by().values_list("status").annotate(Count("pk")))
    figures = [(status, number(counts.get(status, 0)), sessions_url(status__exact=status)) for status in STATES]
    total = sum(counts.values())
    return {"figures": figures, "total": total, "shown_total": number(total), "url": sessions_url()}


register_panel("dashboard", Panel("states", 10, "sessions_app/dashboard_states.html", states))
