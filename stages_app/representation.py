"""Attempts and items as JSON data: the same keys on the command line and in the API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sessions_app.actors import Actor
from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import localised
from sessions_app.masking import mask, mask_text
from sessions_app.models import FlowSession
from sessions_app.representation import keep
from stages_app import facts
from stages_app.access import permitted_verbs
from stages_app.leases import lease_json, own_lease_json
from stages_app.machine import UNBEGUN_VERBS, allowed_stage_verbs
from stages_app.models import StageInstance, StageItem
from stages_app.reading import Attempt, Item, Items, attempt_of, attempts_of


def item_json(item: StageItem | Item, *, reveal: bool = False) -> dict[str, Any]:
    """One item of an attempt."""
    text = localised(item.text)
    return {
        "id": item.item_id,
        "number": item.number,
        "text": text if reveal else mask_text(text),
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
    items = stage_instance.items.all()
    return attempt_json(attempt_of(stage_instance), stage_instance.definition, items, reveal=reveal)


def claimed_json(stage_instance: StageInstance) -> dict[str, Any]:
    """One attempt for whoever has just claimed it: with the token of the lease."""
    return {**stage_json(stage_instance), "lease": own_lease_json(stage_instance)}


def heartbeat_json(stage_instance: StageInstance) -> dict[str, Any]:
    """What a heartbeat answers with."""
    return {
        "session_id": stage_instance.session_id,
        "stage_id": stage_instance.stage_id,
        "stage_instance_id": stage_instance.pk,
        "lease": own_lease_json(stage_instance),
    }


def attempt_json(
    attempt: Attempt,
    definition: StageDefinition | None,
    items: Iterable[StageItem | Item],
    *,
    reveal: bool = False,
) -> dict[str, Any]:
    """The same of plain values; ``definition`` is what the session's version says of the stage."""
    hidden = keep if reveal else mask
    told = [item_json(item, reveal=reveal) for item in items]
    seconds = facts.timeout(attempt.config, definition)
    return {
        "id": attempt.id,
        "session_id": attempt.session_id,
        "stage_id": attempt.stage_id,
        "name": (reveal and attempt.name) or facts.display_name(attempt.name, attempt.stage_id, definition),
        "attempt": attempt.attempt,
        "status": attempt.status,
        "ad_hoc": attempt.is_ad_hoc,
        "started_at": attempt.started_at,
        "completed_at": attempt.completed_at,
        "overdue": facts.is_overdue(attempt.status, attempt.started_at, seconds),
        "assignee": attempt.assignee,
        "lease": lease_json(attempt.lease_holder, attempt.lease_expires_at),
        "context": hidden(attempt.context),
        "config": hidden(attempt.config),
        "metadata": hidden(attempt.metadata),
        "deliverables": hidden(attempt.deliverables),
        "missing_deliverables": [d.id for d in facts.missing_deliverables(definition, attempt.deliverables)],
        "completed_items": [item["id"] for item in told if item["done"]],
        "items": told,
        "allowed_actions": allowed_stage_verbs(attempt.status),
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
        "lease": None,
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
        "allowed_actions": list(UNBEGUN_VERBS),
    }


def seen_by(actor: Actor, flow_session: FlowSession, stage: dict[str, Any]) -> dict[str, Any]:
    """A stage's JSON data with those of its allowed actions, and of its earlier attempts', that the actor may do."""
    return _narrowed(stage, permitted_verbs(actor, flow_session))


def _narrowed(stage: dict[str, Any], permitted: Collection[str]) -> dict[str, Any]:
    seen = {**stage, "allowed_actions": [verb for verb in stage["allowed_actions"] if verb in permitted]}
    if "earlier_attempts" in stage:
        seen["earlier_attempts"] = [_narrowed(earlier, permitted) for earlier in stage["earlier_attempts"]]
    return seen


class StagesPart:
    """What the stages floor contributes to a session: ``stages``, one object per stage.

    Definition's stages in their order, then ad hoc ones; each the last attempt, with the
    earlier ones under ``earlier_attempts``.
    """

    name = "stages"

    def describe_many(
        self, flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
    ) -> list[list[dict[str, Any]]]:
        """Two queries, however many sessions and stages there are."""
        attempts, items = attempts_of(flow_sessions)
        described = []
        for flow_session in flow_sessions:
            stages = stages_json(flow_session, attempts.get(flow_session.pk, ()), items, reveal=reveal)
            if actor is not None:
                permitted = permitted_verbs(actor, flow_session)
                stages = [_narrowed(stage, permitted) for stage in stages]
            described.append(stages)
        return described


def stages_json(
    flow_session: FlowSession, attempts: Iterable[Attempt], items: Items, *, reveal: bool
) -> list[dict[str, Any]]:
    """A session's stages: those of the definition in their order, then the others."""
    definition = flow_session.published.definition
    told: dict[str, list[dict[str, Any]]] = {}
    for attempt in attempts:
        stage = definition.stage(attempt.stage_id)
        row = attempt_json(attempt, stage, items.get(attempt.id, ()), reveal=reveal)
        told.setdefault(attempt.stage_id, []).append(row)
    known = [_stage(flow_session, stage, told.pop(stage.id, [])) for stage in definition.stages]
    return known + [_with_earlier(rest, is_required=False) for rest in told.values()]


def _stage(flow_session: FlowSession, stage: StageDefinition, told: list[dict[str, Any]]) -> dict[str, Any]:
    return _with_earlier(told or [unbegun_json(flow_session, stage)], is_required=stage.required)


def _with_earlier(told: list[dict[str, Any]], *, is_required: bool) -> dict[str, Any]:
    *earlier, last = told
    last["earlier_attempts"] = earlier
    last["required"] = is_required
    return last
