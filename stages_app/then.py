"""A session with its stages as it was, as JSON data: the keys of one that is, and ``as_of``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sessions_app.history import Then, session_then
from sessions_app.models import FlowSession
from sessions_app.representation import session_json
from stages_app import facts
from stages_app.reading import Attempt, Item
from stages_app.representation import stages_json

_PLAIN = ("stage_id", "name", "attempt", "status", "is_ad_hoc", "context", "config", "metadata", "deliverables")
_ITEM_KEYS = ("id", "number", "text", "required", "added", "done")


def row_then(flow_session: FlowSession, then: Then) -> FlowSession:
    """The session's row as it was, with its stages' states; not stored."""
    row = session_then(flow_session, then)
    attempts = sorted(then.state["attempts"].values(), key=lambda attempt: attempt["attempt"])
    row.stage_states = {attempt["stage_id"]: attempt["status"] for attempt in attempts}
    return row


def then_json(flow_session: FlowSession, then: Then) -> dict[str, Any]:
    """All of it; nothing is allowed in the past, and who held a stage then isn't known."""
    row = row_then(flow_session, then)
    attempts, items = _attempts(row.pk, then)
    stages = stages_json(row, attempts, items, reveal=False)
    last = then.last
    return {
        "as_of": {"seq": last.seq, "type": last.type, "created_at": last.created_at},
        **session_json(row),
        "allowed_actions": [],
        "stages": [_past(row, stage, last.created_at) for stage in stages],
    }


def _past(row: FlowSession, stage: dict[str, Any], time: datetime) -> dict[str, Any]:
    """A stage to which nothing can be done any more, overdue as it was."""
    seconds = facts.timeout(stage["config"], row.published.definition.stage(stage["stage_id"]))
    past = {
        **stage,
        "allowed_actions": [],
        "overdue": facts.is_overdue(stage["status"], stage["started_at"], seconds, time),
    }
    if "earlier_attempts" in stage:
        past["earlier_attempts"] = [_past(row, earlier, time) for earlier in stage["earlier_attempts"]]
    return past


def _attempts(session_id: str, then: Then) -> tuple[list[Attempt], dict[str, list[Item]]]:
    found: list[Attempt] = []
    items: dict[str, list[Item]] = defaultdict(list)
    for key, attempt in sorted(then.state["attempts"].items(), key=lambda pair: pair[1]["attempt"]):
        made = _attempt(session_id, f"{session_id}.{key}", attempt)
        found.append(made)
        items[made.id] = [_item(item) for item in attempt["items"]]
    return found, items


def _attempt(session_id: str, attempt_id: str, told: Mapping[str, Any]) -> Attempt:
    return Attempt(
        id=attempt_id,
        session_id=session_id,
        started_at=_time(told["started_at"]),
        completed_at=_time(told["completed_at"]),
        lease_holder="",
        lease_expires_at=None,
        assignee=told["assignee"],
        **{name: told[name] for name in _PLAIN},
    )


def _item(told: Mapping[str, Any]) -> Item:
    return Item._make([*(told[name] for name in _ITEM_KEYS), _time(told["done_at"]), told["done_by"]])


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
