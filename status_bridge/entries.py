"""Entries of the status system, written from their sessions."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction

from sessions_app import machine, progress, storage
from sessions_app.change import Change
from sessions_app.models import FlowSession
from sessions_app.rows import table
from status_bridge.mapping import SESSION_STATUS_MAPPING, entry_name
from status_bridge.models import StatusEntry
from status_bridge.models.entries import ENTRY_PREFIX

_WRITTEN = ("name", "type", "status", "progress", "created_at", "updated_at", "workflow_id", "current_stage", "version")

BATCH = 2_000

_LOG = logging.getLogger("workflow.session.integration")


def entry_id(session_id: str) -> str:
    """The id of a session's entry."""
    return ENTRY_PREFIX + session_id


def entry_of(flow_session: FlowSession) -> StatusEntry:
    """What the entry of a session must say; not stored."""
    return StatusEntry(
        id=entry_id(flow_session.pk),
        session_id=flow_session.pk,
        name=entry_name(flow_session),
        type="FLOW",
        status=SESSION_STATUS_MAPPING[flow_session.status],
        progress=flow_session.progress,
        created_at=flow_session.created_at,
        updated_at=flow_session.updated_at,
        workflow_id=flow_session.workflow_id,
        current_stage=flow_session.current_stage_id,
        version=flow_session.version,
    )


def write_entry(flow_session: FlowSession) -> StatusEntry:
    """Store the entry as the session is, inside the transaction that holds the session's lock."""
    entry = entry_of(flow_session)
    if not table(StatusEntry).update(entry, _WRITTEN, {}):
        # Somebody who makes missing entries may be as far with this one.
        StatusEntry.objects.bulk_create([entry], update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN)
    return entry


def rewrite_entry(flow_session: FlowSession) -> dict[str, dict[str, Any]]:
    """Write the entry anew, inside a transaction that holds the session's lock; before and after of what differed."""
    stored = StatusEntry.objects.filter(pk=entry_id(flow_session.pk)).first()
    before = _facts(stored) if stored else {}
    after = _facts(write_entry(flow_session))
    return {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if name not in before or before[name] != value
    }


def follow(change: Change) -> None:
    """The end of each change: the entry says what the session has become."""
    if change.is_deleted:
        _tell(change, "gone")
        return
    if change.events[0].seq == 1:
        entry = entry_of(change.flow_session)
        table(StatusEntry).insert([entry])
        _tell(change, f"{entry.status} {entry.progress}%")
        return
    entry = write_entry(change.flow_session)
    before = _standing_before(change)
    if before != (entry.status, entry.progress):
        _tell(change, f"{entry.status} {entry.progress}%, was {before[0]} {before[1]}%")


def write_missing_entries() -> int:
    """Make the entries of sessions that have none, such as those of before there were entries; how many it made."""
    made, last = 0, ""
    while True:
        with storage.translated(), transaction.atomic():
            without = _without_entry(last)
            _insert(without)
        made += len(without)
        if len(without) < BATCH:
            return made
        last = without[-1].pk


def _without_entry(after: str) -> list[FlowSession]:
    rows = FlowSession.objects.filter(status_entry__isnull=True, pk__gt=after)
    return list(rows.defer("context", "metadata", "tags").order_by("pk")[:BATCH])


def _insert(flow_sessions: Iterable[FlowSession]) -> None:
    StatusEntry.objects.bulk_create((entry_of(row) for row in flow_sessions), ignore_conflicts=True)


def _facts(entry: StatusEntry) -> dict[str, Any]:
    return {**entry.as_dict(), "version": entry.version}


def _standing_before(change: Change) -> tuple[str, int]:
    """Status and progress of the entry before the change."""
    status = change.status_before
    is_complete = status == machine.COMPLETED
    percent = 100 if is_complete else progress.percent(change.flow_session.published, change.stage_states_before)
    return SESSION_STATUS_MAPPING[status], percent


def _tell(change: Change, what: str) -> None:
    """A line of the log once the change is on disk."""
    if not _LOG.isEnabledFor(logging.INFO):
        return
    event, session_id = change.events[-1], change.flow_session.pk
    line = partial(
        _LOG.info,
        "#%d %s %s actor=%s door=%s",
        event.seq,
        entry_id(session_id),
        what,
        event.actor,
        event.door,
        extra={"session_id": session_id},
    )
    transaction.on_commit(line, robust=True)
