"""Why a session and its stages stand where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from sessions_app import machine
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.text import visible
from sessions_app.words import session_state
from stages_app.timeline.moves import MOVES
from stages_app.timeline.reading import MOVED

_REASONS_MATTER = tuple(f"session.{verb}" for verb in ("paused", "failed", "aborted", "completed")) + tuple(
    f"stage.{verb}" for verb in ("paused", "failed", "skipped", "aborted")
)
_ATTEMPTS = "attempts."


class Told(Protocol):
    """What of an event is needed here."""

    @property
    def type(self) -> str: ...

    @property
    def stage_instance_id(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def moved(self) -> Mapping[str, Any] | None:
        """The changes of an event that moved several attempts at once."""


class _Row(NamedTuple):
    type: str
    stage_instance_id: str
    reason: str
    moved: Mapping[str, Any] | None


def reasons(flow_session: FlowSession) -> dict[str, str]:
    """Why the session (under ``""``) and its attempts (under their ids) stand where they stand."""
    types = (*_REASONS_MATTER, *MOVES)
    events = SessionEvent.objects.filter(session_id=flow_session.pk, type__in=types).order_by("seq")
    rows = events.values_list("type", "stage_instance_id", "reason", MOVED)
    return reasons_in(flow_session.pk, (_Row(*row) for row in rows))


def reasons_in(session_id: str, events: Iterable[Told]) -> dict[str, str]:
    """The same of a session's events, in their order."""
    found: dict[str, str] = {}
    for event in events:
        if event.type in _REASONS_MATTER:
            found[event.stage_instance_id] = event.reason
        elif event.moved:
            found |= dict.fromkeys(moved_by(session_id, event.moved), event.reason)
    return found


def moved_by(session_id: str, changes: Mapping[str, Any]) -> Iterator[str]:
    """Whose status an event set that moves a whole session: the session's own (``""``), and attempts by their ids."""
    if "status" in changes:
        yield ""
    for key, change in changes.items():
        before, after = change.get("before"), change.get("after")
        if key.startswith(_ATTEMPTS) and after and (before or {}).get("status") != after["status"]:
            yield f"{session_id}.{key.removeprefix(_ATTEMPTS)}"


def standing(flow_session: FlowSession, why: Mapping[str, str]) -> str:
    """The session's state, and why it came to it."""
    state = session_state(flow_session.status)
    reason = why.get("", "") if flow_session.status not in (machine.ACTIVE, machine.PENDING) else ""
    return f"{state} ({visible(reason)})" if reason else state


def stage_reason(stage: Mapping[str, Any], why: Mapping[str, str]) -> str:
    """Why a stage is not worked on; empty while it is."""
    return why.get(stage["id"], "") if stage["status"] in ("FAILED", "SKIPPED", "ABORTED", "PAUSED") else ""
