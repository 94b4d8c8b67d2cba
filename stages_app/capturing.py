"""Attempts and their items as data: the share of this floor in a session's state.

``attempts`` maps ``<stage id>.<attempt>`` to an object with the columns of :data:`COLUMNS`, ``assignee``
as a username, times as ISO 8601, and ``items``: a list in their order of objects with ``id``, ``number``,
``text``, ``required``, ``added``, ``done``, ``done_at`` and ``done_by``.  Leases are no part of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sessions_app.change import Change, Changes
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.moving import Move, Reason
from sessions_app.parts import State
from sessions_app.rows import table
from sessions_app.state_diff import Changed
from stages_app import moving, putting_back, replaying
from stages_app.models import StageInstance
from stages_app.reading import ASSIGNEE, items_of
from stages_app.state_diff import attempts_differences

COLUMNS = (*putting_back.PLAIN, *putting_back.TIMES)

_ITEM_KEYS = ("id", "number", "text", "required", "added", "done", "done_at", "done_by")
"""Of each item, in the order of :class:`~stages_app.reading.Item`."""


class AttemptsHolder:
    """What the stages floor keeps of a session."""

    name = "attempts"

    def capture_many(self, flow_sessions: Sequence[FlowSession], *, thorough: bool = False) -> list[dict[str, Any]]:
        """Two queries, however many sessions there are; none for none that has begun a stage."""
        begun = [flow_session.pk for flow_session in flow_sessions if thorough or flow_session.stage_states]
        found = captured(begun) if begun else {}
        return [found.get(flow_session.pk, {}) for flow_session in flow_sessions]

    def put_back(self, change: Change, before: Any, after: Any) -> Changes:
        """The rows that differ are removed, changed or made; see :mod:`stages_app.putting_back`."""
        return putting_back.put_back(change, before, after)

    def replay(self, state: State, event: SessionEvent) -> None:
        """See :mod:`stages_app.replaying`."""
        replaying.replay(state, event)

    def move(self, state: State, move: Move) -> None:
        """See :mod:`stages_app.moving`."""
        moving.move(state, move)

    def hindrances(self, flow_sessions: Sequence[FlowSession], now: datetime) -> Sequence[Sequence[Reason]]:
        """Stages that somebody holds: see :mod:`stages_app.moving`."""
        return moving.hindrances(flow_sessions, now)

    def differences(self, before: Any, after: Any, *, reveal: bool) -> list[Changed]:
        """See :mod:`stages_app.state_diff`."""
        return attempts_differences(before, after, reveal=reveal)


def captured(session_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By session and key: its attempts.  Two queries."""
    places = ", ".join(["%s"] * len(session_ids))
    names = ("id", "session_id", *COLUMNS)
    rows = table(StageInstance).columns(
        names, f"session_id IN ({places}) ORDER BY session_id, stage_id, attempt", session_ids, computed=[ASSIGNEE]
    )
    items = items_of(places, session_ids)
    attempts: dict[str, dict[str, Any]] = defaultdict(dict)
    for values in zip(*rows, strict=True):
        row = dict(zip((*names, "assignee"), values, strict=True))
        instance_id, session_id = row.pop("id"), row.pop("session_id")
        attempts[session_id][f"{row['stage_id']}.{row['attempt']}"] = {
            **_told(row),
            "items": [_told(dict(zip(_ITEM_KEYS, item, strict=True))) for item in items.get(instance_id, ())],
        }
    return attempts


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
