"""Making attempts: a stage instance with its items, and finding the last one of a stage."""

from __future__ import annotations

import re
from typing import Any

from sessions_app.change import Change
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.rows import table
from stages_app.models import StageInstance, StageItem
from stages_app.states import StageStatus

_STAGE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def last_attempt(flow_session: FlowSession, stage_id: str) -> StageInstance | None:
    """The newest attempt at a stage, if it has begun."""
    found = table(StageInstance).select(
        "session_id = %s AND stage_id = %s ORDER BY attempt DESC LIMIT 1", [flow_session.pk, stage_id]
    )
    return _attached(flow_session, found[0]) if found else None


def last_attempts(flow_session: FlowSession, statuses: tuple[str, ...]) -> list[StageInstance]:
    """The newest attempts of a session's stages that stand in one of ``statuses``, in the order of their ids."""
    newest: dict[str, StageInstance] = {}
    for stage_instance in table(StageInstance).select("session_id = %s ORDER BY attempt", [flow_session.pk]):
        newest[stage_instance.stage_id] = stage_instance
    return [_attached(flow_session, row) for _id, row in sorted(newest.items()) if row.status in statuses]


def locked_attempt(flow_session: FlowSession, instance_id: str) -> StageInstance:
    """The stage instance with that id, of a session that is locked."""
    return _attached(flow_session, table(StageInstance).select("id = %s", [instance_id])[0])


def _attached(flow_session: FlowSession, stage_instance: StageInstance) -> StageInstance:
    stage_instance.session = flow_session
    return stage_instance


def new_attempt(
    change: Change,
    stage_id: str,
    *,
    status: StageStatus = StageStatus.PENDING,
    name: str = "",
    config: dict[str, Any] | None = None,
    previous: StageInstance | None = None,
) -> StageInstance:
    """Write a new attempt with its items; ``previous`` hands on its name, assignee, configuration and added items."""
    flow_session = change.flow_session
    definition = flow_session.published.definition
    attempt = previous.attempt + 1 if previous else 1
    stage_instance = StageInstance(
        id=f"{flow_session.pk}.{stage_id}.{attempt}",
        session=flow_session,
        stage_id=stage_id,
        name=name or (previous.name if previous else ""),
        attempt=attempt,
        status=status,
        started_at=change.now if status == StageStatus.ACTIVE else None,
        assignee_id=previous.assignee_id if previous else None,
        config=config or (previous.config if previous else {}),
        is_ad_hoc=definition.stage(stage_id) is None,
        is_exclusive=not definition.parallel,
    )
    table(StageInstance).insert([stage_instance])
    table(StageItem).insert(_items(stage_instance, previous))
    return stage_instance


def creation_changes(stage_instance: StageInstance) -> dict[str, tuple[Any, Any]]:
    """What an event says of a new attempt."""
    changes: dict[str, tuple[Any, Any]] = {
        "status": (None, stage_instance.status),
        "attempt": (stage_instance.attempt - 1 or None, stage_instance.attempt),
    }
    for name in ("name", "config"):
        if value := getattr(stage_instance, name):
            changes[name] = (None, value)
    if stage_instance.assignee:
        changes["assignee"] = (None, stage_instance.assignee.get_username())
    return changes


def checked_stage_id(stage_id: object) -> str:
    """A stage id for an ad hoc stage: a slug."""
    if not isinstance(stage_id, str) or not _STAGE_ID.fullmatch(stage_id):
        raise InvalidInput(
            _("{stage} can't be a stage's id.").format(stage=repr(stage_id)),
            fix=_("Use small letters, digits, hyphens and underscores, 64 at most, beginning with a letter or digit."),
            stage_id=str(stage_id),
        )
    return stage_id


def _items(stage_instance: StageInstance, previous: StageInstance | None) -> list[StageItem]:
    definition = stage_instance.definition
    items = [
        StageItem(
            stage_instance_id=stage_instance.pk,
            item_id=item.id,
            number=number,
            text=item.text,
            is_required=item.required,
        )
        for number, item in enumerate(definition.checklist if definition else (), 1)
    ]
    for added in previous.items.filter(is_added=True).order_by("number") if previous else ():
        items.append(
            StageItem(
                stage_instance_id=stage_instance.pk,
                item_id=added.item_id,
                number=len(items) + 1,
                text=added.text,
                is_required=added.is_required,
                is_added=True,
            )
        )
    return items
