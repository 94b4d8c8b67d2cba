"""The attempts that a session's events add up to; the words are those of :mod:`stages_app.capturing`.

Secrets are masked in events, so what is replayed is what :func:`sessions_app.masking.mask` shows of the rows.
"""

from __future__ import annotations

from typing import Any

from sessions_app.definitions.schema import Definition
from sessions_app.models import SessionEvent
from sessions_app.models.definitions import published_version
from sessions_app.parts import State
from stages_app.machine import STAGE_RULES
from stages_app.states import StageStatus

Attempt = dict[str, Any]

_OBJECTS = ("context", "config", "metadata", "deliverables")
_PLAIN = ("status", "name", "assignee")
_BEGINNING = {"stage.created", "stage.retried"}
_VERB_EVENTS = {rule.event for rule in STAGE_RULES.values()}


def replay(state: State, event: SessionEvent) -> None:
    """Work an event into the attempts of ``state``."""
    attempts: dict[str, Attempt] = state.setdefault("attempts", {})
    for name, pair in event.changes.items():
        if name.startswith("attempts."):
            _replace(attempts, name.removeprefix("attempts."), pair["after"])
    if event.stage_instance_id:
        key = event.stage_instance_id.removeprefix(f"{event.session_id}.")
        if key not in attempts:
            attempts[key] = _new_attempt(state, key)
        _work_in(attempts[key], event, state)


def _replace(attempts: dict[str, Attempt], key: str, attempt: Attempt | None) -> None:
    if attempt is None:
        attempts.pop(key, None)
    elif isinstance(attempt, dict):  # else it says that a secret in an attempt became another one
        attempts[key] = attempt


def _new_attempt(state: State, key: str) -> Attempt:
    stage_id, _dot, number = key.rpartition(".")
    definition = published_version(state["session"]["pinned_version_id"]).definition
    previous = state["attempts"].get(f"{stage_id}.{int(number) - 1}")
    return {
        "stage_id": stage_id,
        "attempt": int(number),
        "name": "",
        "status": StageStatus.PENDING.value,
        "started_at": None,
        "completed_at": None,
        "assignee": None,
        "context": {},
        "config": {},
        "metadata": {},
        "deliverables": {},
        "is_ad_hoc": definition.stage(stage_id) is None,
        "is_exclusive": not definition.parallel,
        "follows_session": False,
        "items": _items(definition, stage_id, previous),
    }


def _items(definition: Definition, stage_id: str, previous: Attempt | None) -> list[dict[str, Any]]:
    """Those of the definition, then those that were added to the attempt before."""
    stage = definition.stage(stage_id)
    items = (
        [_item(item.id, number, item.text, item.required) for number, item in enumerate(stage.checklist, 1)]
        if stage
        else []
    )
    added = [item for item in previous["items"] if item["added"]] if previous else []
    for number, item in enumerate(added, len(items) + 1):
        items.append(_item(item["id"], number, item["text"], item["required"], is_added=True))
    return items


def _item(item_id: str, number: int, text: Any, is_required: bool, *, is_added: bool = False) -> dict[str, Any]:
    return {
        "id": item_id,
        "number": number,
        "text": text,
        "required": is_required,
        "added": is_added,
        "done": False,
        "done_at": None,
        "done_by": "",
    }


def _work_in(attempt: Attempt, event: SessionEvent, state: State) -> None:
    for name, pair in event.changes.items():
        field, _dot, key = name.partition(".")
        if field in _PLAIN and not key:
            attempt[field] = pair["after"] or ("" if field == "name" else None)
        elif field in _OBJECTS:
            _set_object(attempt, field, key, pair["after"])
        elif field == "items":
            _set_item(attempt, key, pair["after"], event)
    _set_times(attempt, event)
    if event.type in _VERB_EVENTS - _BEGINNING:
        attempt["follows_session"] = _follows_session(attempt, event, state)


def _set_object(attempt: Attempt, field: str, key: str, value: Any) -> None:
    """One key, None for one that goes, or at the attempt's creation all of them; an update drops what is null."""
    if not key:
        attempt[field] = value
        return
    attempt[field] = {name: old for name, old in {**attempt[field], key: value}.items() if old is not None}


def _set_item(attempt: Attempt, key: str, value: Any, event: SessionEvent) -> None:
    item_id, dot, what = key.rpartition(".")
    if dot and what == "done":
        item = next(item for item in attempt["items"] if item["id"] == item_id)
        item["done"] = value
        item["done_at"] = event.created_at.isoformat() if value else None
        item["done_by"] = event.actor if value else ""
    else:
        added = _item(key, value["number"], value["text"], value["required"], is_added=True)
        attempt["items"].append(added)


def _set_times(attempt: Attempt, event: SessionEvent) -> None:
    if "status" not in event.changes:
        return
    now = event.created_at.isoformat()
    if attempt["status"] == StageStatus.ACTIVE and attempt["started_at"] is None:
        attempt["started_at"] = now
    if attempt["status"] == StageStatus.COMPLETED:
        attempt["completed_at"] = now


def _follows_session(attempt: Attempt, event: SessionEvent, state: State) -> bool:
    """Whether its session's pause or failure brought the attempt to where it is."""
    first_seq, first_type = state["first_of_change"]
    return (
        attempt["status"] in (StageStatus.PAUSED, StageStatus.FAILED)
        and event.cause == first_seq
        and first_type in ("session.paused", "session.failed")
    )
