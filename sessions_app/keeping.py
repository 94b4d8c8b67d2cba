"""Savepoints that are taken inside a change: before what could be regretted, and at the end of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_app.capturing import capture_kept
from sessions_app.models import Savepoint
from sessions_app.models.savepoints import SavepointKind
from sessions_app.rows import table

if TYPE_CHECKING:
    from sessions_app.change import Change


def keep_before(change: Change, verb: str) -> None:
    """Keep the state as it is before ``verb``; a savepoint of this very state is enough."""
    flow_session = change.flow_session
    if not Savepoint.objects.filter(session_id=flow_session.pk, seq=flow_session.version).exists():
        keep(change, SavepointKind.BEFORE, verb=verb)


def keep_stage_end(change: Change) -> None:
    """Keep the state after a stage has ended, once the session's row is written."""
    if not change.is_deleted:
        ended = change.events[0]
        stage_id = ended.stage_instance_id.rpartition(".")[0].rpartition(".")[2]
        keep(change, SavepointKind.STAGE_END, verb=ended.type.rpartition(".")[2], stage_id=stage_id)


def keep(change: Change, kind: SavepointKind, *, verb: str = "", stage_id: str = "", note: str = "") -> Savepoint:
    """Keep the state as the change has made it so far; its rows must be written."""
    flow_session = change.flow_session
    savepoint = Savepoint.of(
        flow_session.pk,
        flow_session.version,
        capture_kept(flow_session),
        kind=kind,
        verb=verb,
        stage_id=stage_id,
        note=note,
        actor=change.actor.username,
        created_at=change.now,
    )
    table(Savepoint).insert([savepoint])
    return savepoint
