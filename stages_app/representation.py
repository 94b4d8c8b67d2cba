"""Attempts and items as JSON data: the same keys on the command line and in the API."""

from __future__ import annotations

from typing import Any

from sessions_app.actors import Actor
from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import localised
from sessions_app.masking import mask
from sessions_app.models import FlowSession
from sessions_app.representation import keep
from stages_app.access import may_in_stages
from stages_app.guards import missing_deliverables
from stages_app.machine import allowed_stage_verbs
from stages_app.models import StageInstance, StageItem


def item_json(item: StageItem, *, reveal: bool = False) -> dict[str, Any]:
    """One item of an attempt."""
    return {
        "id": item.item_id,
        "number": item.number,
        "text": localised(item.text) if reveal else item.display_text,
        "required": item.is_required,
        "added": item.is_added,
        "done": item.is_done,
        "done_at": item.done_at,
        "done_by": item.done_by or None,
    }


def added_item_json(item: StageItem) -> dict[str, Any]:
    """A new item, with where it was added."""
    stage_instance = item.stage_instance
    return {**item_json(item), "stage_id": stage_instance.stage_id, "stage_instance_id": stage_instance.pk}


def stage_json(stage_instance: StageInstance, *, reveal: bool = False) -> dict[str, Any]:
    """One attempt with its items.  Reads session, assignee and items: fetch them where there are many."""
    hidden = keep if reveal else mask
    return {
        "id": stage_instance.pk,
        "session_id": stage_instance.session_id,
        "stage_id": stage_instance.stage_id,
        "name": (reveal and stage_instance.name) or stage_instance.display_name,
        "attempt": stage_instance.attempt,
        "status": stage_instance.status,
        "ad_hoc": stage_instance.is_ad_hoc,
        "started_at": stage_instance.started_at,
        "completed_at": stage_instance.completed_at,
        "overdue": stage_instance.is_overdue(),
        "assignee": stage_instance.assignee.get_username() if stage_instance.assignee else None,
        "context": hidden(stage_instance.context),
        "config": hidden(stage_instance.config),
        "metadata": hidden(stage_instance.metadata),
        "deliverables": hidden(stage_instance.deliverables),
        "missing_deliverables": [d.id for d in missing_deliverables(stage_instance, stage_instance.deliverables)],
        "completed_items": stage_instance.completed_items,
        "items": [item_json(item, reveal=reveal) for item in stage_instance.items.all()],
        "allowed_actions": allowed_stage_verbs(stage_instance.status),
    }


def unbegun_json(flow_session: FlowSession, stage: StageDefinition) -> dict[str, Any]:
    """A stage that has no attempt yet: the same keys, as the definition has them."""
    return {
        "id": None,
        "session_id": flow_session.pk,
        "stage_id": stage.id,
        "name": localised(stage.name),
        "attempt": 0,
        "status": None,
        "ad_hoc": False,
        "started_at": None,
        "completed_at": None,
        "overdue": False,
        "assignee": None,
        "context": {},
        "config": {},
        "metadata": {},
        "deliverables": {},
        "missing_deliverables": [d.id for d in stage.deliverables if d.required],
        "completed_items": [],
        "items": [
            {
                "id": item.id,
                "number": number,
                "text": localised(item.text),
                "required": item.required,
                "added": False,
                "done": False,
                "done_at": None,
                "done_by": None,
            }
            for number, item in enumerate(stage.checklist, 1)
        ],
        "allowed_actions": ["start", "skip"],
    }


def seen_by(actor: Actor, flow_session: FlowSession, stage: dict[str, Any]) -> dict[str, Any]:
    """A stage's JSON data with those of its allowed actions, and of its earlier attempts', that the actor may do."""
    seen = {**stage, "allowed_actions": [v for v in stage["allowed_actions"] if may_in_stages(actor, v, flow_session)]}
    if "earlier_attempts" in stage:
        seen["earlier_attempts"] = [seen_by(actor, flow_session, each) for each in stage["earlier_attempts"]]
    return seen


class StagesPart:
    """What the stages floor contributes to a session: ``stages``, one object per stage.

    Definition's stages in their order, then ad hoc ones; each the last attempt, with the
    earlier ones under ``earlier_attempts``.
    """

    name = "stages"

    def describe(
        self, flow_session: FlowSession, *, reveal: bool = False, actor: Actor | None = None
    ) -> list[dict[str, Any]]:
        """Two queries, however many stages there are."""
        stages = self._stages(flow_session, reveal=reveal)
        return stages if actor is None else [seen_by(actor, flow_session, stage) for stage in stages]

    def _stages(self, flow_session: FlowSession, *, reveal: bool) -> list[dict[str, Any]]:
        attempts: dict[str, list[StageInstance]] = {}
        rows = flow_session.stage_instances.select_related("assignee").prefetch_related("items").order_by("attempt")
        for stage_instance in rows:
            stage_instance.session = flow_session
            attempts.setdefault(stage_instance.stage_id, []).append(stage_instance)
        defined = flow_session.published.definition.stages
        known = [self._stage(flow_session, stage, attempts.pop(stage.id, []), reveal=reveal) for stage in defined]
        return known + [self._attempts(rest, reveal=reveal) for rest in attempts.values()]

    def _stage(
        self, flow_session: FlowSession, stage: StageDefinition, attempts: list[StageInstance], *, reveal: bool
    ) -> dict[str, Any]:
        if attempts:
            return {**self._attempts(attempts, reveal=reveal), "required": stage.required}
        return {**unbegun_json(flow_session, stage), "earlier_attempts": [], "required": stage.required}

    def _attempts(self, attempts: list[StageInstance], *, reveal: bool) -> dict[str, Any]:
        *earlier, last = attempts
        return {
            **stage_json(last, reveal=reveal),
            "earlier_attempts": [stage_json(row, reveal=reveal) for row in earlier],
            "required": False,
        }
