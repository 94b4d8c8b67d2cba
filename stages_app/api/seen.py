"""Sessions and stages as their caller sees them: with the verbs that the caller may use."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from sessions_app.actors import Actor
from sessions_app.api.seen import session_seen
from sessions_app.commands import command_line
from stages_app.inbox import inbox_json, opening_words
from stages_app.leases import own_lease_json
from stages_app.models import StageInstance, StageItem
from stages_app.next_steps import NextStep
from stages_app.representation import added_item_json, seen_by, stage_json
from stages_app.states import StageStatus

PROGRAM = "vc"


def stage_seen(actor: Actor, stage_instance: StageInstance, *, reveal: bool = False) -> dict[str, Any]:
    """One attempt."""
    return seen_by(actor, stage_instance.session, stage_json(stage_instance, reveal=reveal))


def stage_changed(actor: Actor, stage_instance: StageInstance) -> dict[str, Any]:
    """One attempt with its session, after a change."""
    return {**stage_seen(actor, stage_instance), "session": session_seen(actor, stage_instance.session)}


def stage_claimed(actor: Actor, stage_instance: StageInstance) -> dict[str, Any]:
    """The same after its claim, with the token of the lease."""
    return {**stage_changed(actor, stage_instance), "lease": own_lease_json(stage_instance)}


def item_added(actor: Actor, item: StageItem) -> dict[str, Any]:
    """A new item with its session."""
    return {**added_item_json(item), "session": session_seen(actor, item.stage_instance.session)}


def step_seen(step: NextStep) -> dict[str, Any]:
    """A next step: why, the command, and the request."""
    return {
        "why": step.why,
        "command": command_line(PROGRAM, *step.words),
        "method": "GET" if step.post.body is None else "POST",
        "path": reverse(step.post.address, args=step.post.ids),
        "body": step.post.body,
    }


def inbox_row_seen(stage_instance: StageInstance) -> dict[str, Any]:
    """A row of the inbox, with the command and the request that open it."""
    session_id = stage_instance.session_id
    shows = stage_instance.status == StageStatus.ACTIVE
    return {
        **inbox_json(stage_instance),
        "command": command_line(PROGRAM, *opening_words(stage_instance)),
        "method": "GET" if shows else "POST",
        "path": reverse("session-context" if shows else "session-run", args=[session_id]),
        "body": None if shows else {"stage": stage_instance.stage_id},
    }
