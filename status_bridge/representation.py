"""Status entries as the doors show them, and the part of a session that this floor knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Count

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.representation import session_json
from sessions_app.rows import table
from status_bridge.entries import entry_id, entry_of
from status_bridge.models import Conflict, Delivery, DeliveryState, StatusEntry
from status_bridge.steering import allowed_statuses


class Standing(NamedTuple):
    """What of a session the outside doesn't know yet, and on how many fields it disagrees."""

    waiting: int = 0
    parked: int = 0
    conflicts: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"deliveries": {"waiting": self.waiting, "parked": self.parked}, "conflicts": self.conflicts}


def standings(session_ids: Sequence[str]) -> Mapping[str, Standing]:
    """By session, two queries for all; those of which nothing is to be said are left out."""
    if not session_ids:
        return {}
    pending = _pending(session_ids)
    conflicts = Counter(
        dict(
            Conflict.objects.open()
            .filter(session__in=session_ids)
            .order_by()
            .values_list("session_id")
            .annotate(Count("pk"))
        )
    )
    return {
        key: Standing(pending[key, DeliveryState.WAITING], pending[key, DeliveryState.PARKED], conflicts[key])
        for key in {*conflicts, *(session_id for session_id, _state in pending)}
    }


def _pending(session_ids: Sequence[str]) -> Counter[tuple[str, str]]:
    """How many messages are on their way, by session and state."""
    places = ", ".join(["%s"] * len(session_ids))
    found = table(Delivery).columns(
        ("session_id", "state"),
        # Written out, for the index of what is on its way is found by these very words.
        f"state IN ('WAITING', 'PARKED') AND session_id IN ({places}) GROUP BY session_id, state",
        session_ids,
        computed=["COUNT(*)"],
    )
    return Counter({(session_id, state): count for session_id, state, count in zip(*found, strict=True)})


def entry_json(entry: StatusEntry) -> dict[str, Any]:
    """An entry in a list."""
    return {**entry.as_dict(), "session_id": entry.session_id, "version": entry.version}


def entry_detail(actor: Actor, flow_session: FlowSession, entry: StatusEntry) -> dict[str, Any]:
    """An entry with what the actor may ask for, and what the outside doesn't know of it yet.  Two queries."""
    standing = standings([flow_session.pk]).get(flow_session.pk, Standing())
    return {
        **entry_json(entry),
        "allowed_statuses": allowed_statuses(actor, flow_session),
        **standing.as_dict(),
    }


def steered_json(actor: Actor, flow_session: FlowSession, session: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a change of an entry answers with: ``{"entry", "session"}``, both as the change leaves them."""
    return {
        "entry": entry_detail(actor, flow_session, entry_of(flow_session)),
        "session": session_json(flow_session) if session is None else session,
    }


class StatusEntryPart:
    """What the status bridge contributes to a session: its entry as it is stored, and what is on its way outside."""

    name = "status_entry"

    def describe_many(
        self, flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
    ) -> list[dict[str, Any] | None]:
        """Three queries, however many sessions there are; None where the entry is missing."""
        keys = [flow_session.pk for flow_session in flow_sessions]
        entries = StatusEntry.objects.in_bulk([entry_id(key) for key in keys])
        standing = standings(keys)
        return [_described(entries.get(entry_id(key)), standing.get(key, Standing())) for key in keys]


def _described(entry: StatusEntry | None, standing: Standing) -> dict[str, Any] | None:
    return None if entry is None else {**entry.as_dict(), **standing.as_dict()}
