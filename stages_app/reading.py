"""Attempts and their items read for showing: as plain values, for many sessions at once.

A page of sessions has hundreds of attempts and thousands of items, of which each as an object of the
ORM costs more than all the rest of the answer (``make bench`` measures it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sessions_app.models import FlowSession
from sessions_app.rows import table
from stages_app.models import StageInstance, StageItem


class Item(NamedTuple):
    """An item, by the names that :class:`StageItem` has for its columns."""

    item_id: str
    number: int
    text: Any
    is_required: bool
    is_added: bool
    is_done: bool
    done_at: datetime | None
    done_by: str


class Attempt(NamedTuple):
    """An attempt, by the names that :class:`StageInstance` has for its columns; ``assignee`` is a username."""

    id: str
    session_id: str
    stage_id: str
    name: str
    attempt: int
    status: str
    is_ad_hoc: bool
    started_at: datetime | None
    completed_at: datetime | None
    context: dict[str, Any]
    config: dict[str, Any]
    metadata: dict[str, Any]
    deliverables: dict[str, Any]
    lease_holder: str
    lease_expires_at: datetime | None
    assignee: str | None


Items = Mapping[str, Sequence[Item]]
"""By the attempt's id, in their order."""

_COLUMNS = Attempt._fields[:-1]
ASSIGNEE = "(SELECT username FROM auth_user WHERE auth_user.id = stage_instances.assignee_id)"
"""The name of an attempt's assignee, as SQL."""


def attempt_of(stage_instance: StageInstance) -> Attempt:
    """The same of an object.  Reads the assignee."""
    assignee = stage_instance.assignee
    values = [getattr(stage_instance, name) for name in _COLUMNS]
    return Attempt._make([*values, assignee.get_username() if assignee else None])


def attempts_of(flow_sessions: Sequence[FlowSession]) -> tuple[Mapping[str, list[Attempt]], Items]:
    """By session: its attempts, stage by stage, the earliest first; and the items of all.  Two queries."""
    if not flow_sessions:
        return {}, {}
    session_ids = [flow_session.pk for flow_session in flow_sessions]
    places = ", ".join(["%s"] * len(session_ids))
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    found = table(StageInstance).columns(
        _COLUMNS, f"session_id IN ({places}) ORDER BY session_id, stage_id, attempt", session_ids, computed=[ASSIGNEE]
    )
    for attempt in map(Attempt, *found):
        attempts[attempt.session_id].append(attempt)
    return attempts, items_of(places, session_ids)


def items_of(places: str, session_ids: Sequence[str]) -> Items:
    """The items of these sessions' attempts; ``places`` stand for the ids in the statement."""
    items: dict[str, list[Item]] = defaultdict(list)
    of_sessions = f"SELECT id FROM stage_instances WHERE session_id IN ({places})"  # noqa: S608 - places for values
    stage_instance_ids, *found = table(StageItem).columns(
        ("stage_instance_id", *Item._fields),
        f"stage_instance_id IN ({of_sessions}) ORDER BY stage_instance_id, number",
        session_ids,
    )
    for stage_instance_id, item in zip(stage_instance_ids, map(Item, *found), strict=True):
        items[stage_instance_id].append(item)
    return items
