"""The stages on a session's page: what the session waits for, and each stage with what can be done in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app import machine
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.language import localised
from sessions_app.text import visible
from stages_app.admin.offers import PEOPLE, Offers, Stage, stage_anchor, write_address
from stages_app.admin.timeline_panel import story_of
from stages_app.next_steps import allowed_steps, next_steps
from stages_app.standing import reasons_in, stage_reason
from stages_app.timeline import Spent

_WORTH_TELLING = timedelta(minutes=1)
MOST_UNFOLDED = 10
"""How many stages are open on the page, with a form for each verb; the others lead to pages that ask."""
MOST_LISTED = 100
"""How many items and deliverables the other stages may list; with more, they lead to where each stage's stand."""
_UNDER_WAY = (machine.ACTIVE, machine.PAUSED, machine.FAILED)


def now_panel(view: View) -> Mapping[str, Any] | None:
    """What an open session waits for, and from whom."""
    flow_session, stages = view.subject, view.data["stages"]
    if flow_session.status in machine.ENDED or not _may_look(view):
        return None
    at_hand = [stage for stage in stages if stage["status"] in _UNDER_WAY]
    at_hand = at_hand or [stage for stage in stages if stage["stage_id"] == flow_session.current_stage_id]
    following = next_steps(flow_session, stages)
    may_act = bool(allowed_steps(view.actor, flow_session, stages))
    return {
        "at_hand": [{**stage, "anchor": stage_anchor(stage["stage_id"])} for stage in at_hand],
        "steps": [visible(step.why) for step in following if _is_work(step.words)],
        "is_looked_on": not may_act,
    }


def rail_panel(view: View) -> Mapping[str, Any] | None:
    """Every stage in its order, the current ones open and with forms."""
    if not _may_look(view):
        return None
    stages = view.data["stages"]
    offers = Offers(view.actor, view.subject, stages)
    events, told = story_of(view)
    why = reasons_in(view.subject.pk, events)
    times = {line.stage_instance_id: line.spent for line in told.lines}
    return {
        "stages": list(_bounded(view, [_stage(offers, stage, why, times) for stage in stages])),
        "people": offers.people,
        "people_id": PEOPLE,
    }


def _bounded(view: View, stages: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The stages, so that the page of a session of many stays small: forms and long lists in few of them."""
    unfolded = [stage["anchor"] for stage in stages if stage["is_current"]][:MOST_UNFOLDED]
    others = [stage for stage in stages if not stage["is_current"]]
    is_long = sum(len(stage["items"]) + len(stage["wanted"]) for stage in others) > MOST_LISTED
    for stage in stages:
        # What is worked on is ticked and handed in here alone.
        lists = _elsewhere(view, stage) if is_long and not stage["is_current"] else {}
        yield {**stage, **lists, "is_unfolded": stage["anchor"] in unfolded}


def _elsewhere(view: View, stage: Stage) -> dict[str, Any]:
    """A stage without its lists, and where they stand for who may look there: at its attempt, or in its workflow."""
    told: dict[str, Any] = {"items": [], "wanted": [], "addition": None, "delivery": None}
    if not stage["items"] and not stage["wanted"]:
        return told
    if stage["id"]:
        return {**told, "told_at": reverse("admin:stages_app_stageinstance_change", args=[quote(stage["id"])])}
    if view.actor.user.has_perm("sessions_app.view_workflowversion"):
        version = reverse("admin:sessions_app_workflowversion_change", args=[quote(view.subject.pinned_version_id)])
        return {**told, "told_at": f"{version}#{stage['anchor']}"}
    return told


def _may_look(view: View) -> bool:
    """Whether the reader may look at stages in the admin: what is offered is done at the stages' addresses."""
    return view.actor.user.has_perm("stages_app.view_stageinstance")


def _stage(offers: Offers, stage: Stage, why: Mapping[str, str], times: Mapping[str, Spent]) -> dict[str, Any]:
    """One stage for its template."""
    definition = offers.flow_session.published.definition.stage(stage["stage_id"])
    may_tick = offers.is_worked_on(stage, "items")
    return {
        **_attempt(stage, why, times),
        "anchor": stage_anchor(stage["stage_id"]),
        "is_current": _is_current(offers, stage),
        "description": localised(definition.description) if definition else "",
        "exit_condition": localised(definition.exit_condition) if definition else "",
        "item_count": len(stage["items"]),
        "done_count": sum(item["done"] for item in stage["items"]),
        "wanted": list(_wanted(offers, stage)),
        "items_address": write_address(stage, "items") if may_tick else "",
        "acts": offers.of(stage),
        "addition": offers.addition(stage),
        "delivery": offers.delivery(stage),
        "earlier": [_attempt(earlier, why, times) for earlier in stage["earlier_attempts"]],
    }


def _attempt(stage: Stage, why: Mapping[str, str], times: Mapping[str, Spent]) -> dict[str, Any]:
    """An attempt with why it stands where it stands, and where its time went."""
    spent = times.get(stage["id"] or "")
    return {
        **stage,
        "reason": stage_reason(stage, why),
        "spent": spent.active if spent and stage["started_at"] else None,
        "paused": spent.paused if spent and spent.paused >= _WORTH_TELLING else None,
    }


def _is_work(words: Iterable[str]) -> bool:
    """To pause an active session or to take a stage over is possible, and nothing that it waits for."""
    return list(words)[:2] not in (["session", "pause"], ["stage", "claim"])


def _is_current(offers: Offers, stage: Stage) -> bool:
    flow_session = offers.flow_session
    if flow_session.status in machine.ENDED:
        return False
    return stage["status"] in _UNDER_WAY or stage["stage_id"] == flow_session.current_stage_id


def _wanted(offers: Offers, stage: Stage) -> Iterable[dict[str, Any]]:
    """What the stage should hand in, then what was handed in besides."""
    definition = offers.flow_session.published.definition.stage(stage["stage_id"])
    known = definition.deliverables if definition else ()
    given = stage["deliverables"]
    for each in known:
        yield {"name": localised(each.name), "is_required": each.required, **_value(given.get(each.id))}
    for key in given.keys() - {each.id for each in known}:
        yield {"name": key, "is_required": True, **_value(given[key])}


def _value(value: Any) -> dict[str, Any]:
    """What was handed in: an address on the web is a link."""
    if value in (None, ""):
        return {"is_given": False}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    is_link = text.startswith(("https://", "http://")) and visible(text) == text and " " not in text
    return {"is_given": True, "value": text, "is_link": is_link}


register_panel("session", Panel("now", 5, "stages_app/session_now.html", now_panel, is_wide=False))
register_panel("session", Panel("stages", 10, "stages_app/session_stages.html", rail_panel))
