"""A session's page: its head, and the panels for its notes and its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Q
from django.urls import reverse

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.admin.session_acts import offered, offered_besides, session_act
from sessions_app.cli.words import event_name
from sessions_app.language import localised
from sessions_app.machine import SESSION_RULES
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.parts import describe
from sessions_app.representation import session_json
from sessions_app.state_diff import MOVES
from sessions_app.text import visible

NOTES_SHOWN = 20
NOTES_UNFOLDED = 3

_NOTED = "session.noted"
_BY_VERB = Q(type__in=("session.created", *(rule.event for rule in SESSION_RULES.values())))
# A restoring may leave the state as it was: then what led to it before still holds.
_LED_HERE = _BY_VERB | Q(type__in=MOVES, changes__has_key="status")


def page_data(actor: Actor, flow_session: FlowSession) -> dict[str, Any]:
    """The session with what each floor knows of it, masked, and the verbs that the actor may do."""
    allowed = access.allowed_actions(actor, flow_session)
    return {**session_json(flow_session), "allowed_actions": allowed, **describe(flow_session, actor=actor)}


def head(view: View) -> dict[str, Any]:
    """What stands above the panels: what the session is, why it stands where it stands, what can be done."""
    flow_session = view.subject
    workflow = flow_session.published.definition
    return {
        "name": visible(view.data["name"]),
        "why": _led_here(view),
        "workflow_name": visible(localised(workflow.name)),
        "workflow_url": reverse(
            "admin:sessions_app_workflowversion_change", args=[quote(flow_session.pinned_version_id)]
        ),
        "tags": [visible(tag) for tag in view.data["tags"]],
        "acts": offered(view.actor, flow_session),
        "besides": [act for act in offered_besides(view.actor, flow_session) if act.verb != "note"],
    }


def _led_here(view: View) -> dict[str, Any] | None:
    """The event by which the session came to its state."""
    events = SessionEvent.objects.visible_to(view.actor).filter(_LED_HERE, session=view.subject.pk)
    event = events.order_by("-seq").first()
    return _told(event) if event else None


def _told(event: SessionEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "what": event_name(event.type),
        "who": visible(event.actor),
        "for_whom": visible(event.submitted_by),
        "door": event.door,
        "at": event.created_at,
        "reason": event.reason,
        "lines": [visible(line) for line in event.reason.split("\n")],
    }


def notes_panel(view: View) -> Mapping[str, Any] | None:
    """The newest notes; left out where there is none and the reader can't write one."""
    flow_session = view.subject
    events = SessionEvent.objects.visible_to(view.actor).filter(session=flow_session.pk, type=_NOTED)
    newest = list(events.order_by("-seq")[: NOTES_SHOWN + 1])
    may_write = access.may(view.actor, "note", flow_session)
    if not newest and not may_write:
        return None
    notes = [_told(event) for event in newest[:NOTES_SHOWN]]
    return {
        "notes": notes[:NOTES_UNFOLDED],
        "folded": notes[NOTES_UNFOLDED:],
        "has_more": len(newest) > NOTES_SHOWN,
        "act": session_act(flow_session, "note") if may_write else None,
    }


def data_panel(view: View) -> Mapping[str, Any]:
    """Context and metadata, masked."""
    return {"context": view.data["context"], "metadata": view.data["metadata"]}


register_panel("session", Panel("notes", 7, "sessions_app/session_notes.html", notes_panel, is_wide=False))
register_panel("session", Panel("data", 60, "sessions_app/session_data.html", data_panel))
