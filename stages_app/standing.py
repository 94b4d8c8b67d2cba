"""Why a session and its stages stand where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sessions_app import machine
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.text import visible
from sessions_app.words import session_state

_REASONS_MATTER = tuple(f"session.{verb}" for verb in ("paused", "failed", "aborted", "completed")) + tuple(
    f"stage.{verb}" for verb in ("paused", "failed", "skipped", "aborted")
)


class Told(Protocol):
    """What of an event is needed here."""

    @property
    def type(self) -> str: ...

    @property
    def stage_instance_id(self) -> str: ...

    @property
    def reason(self) -> str: ...


def reasons(flow_session: FlowSession) -> dict[str, str]:
    """Why the session (under ``""``) and its attempts (under their ids) stand where they stand."""
    events = SessionEvent.objects.filter(session_id=flow_session.pk, type__in=_REASONS_MATTER).order_by("seq")
    return reasons_in(events.only("type", "stage_instance_id", "reason"))


def reasons_in(events: Iterable[Told]) -> dict[str, str]:
    """The same of a session's events, in their order."""
    return {event.stage_instance_id: event.reason for event in events if event.type in _REASONS_MATTER}


def standing(flow_session: FlowSession, why: Mapping[str, str]) -> str:
    """The session's state, and why it came to it."""
    state = session_state(flow_session.status)
    reason = why.get("", "") if flow_session.status not in (machine.ACTIVE, machine.PENDING) else ""
    return f"{state} ({visible(reason)})" if reason else state


def stage_reason(stage: Mapping[str, Any], why: Mapping[str, str]) -> str:
    """Why a stage is not worked on; empty while it is."""
    return why.get(stage["id"], "") if stage["status"] in ("FAILED", "SKIPPED", "ABORTED", "PAUSED") else ""
