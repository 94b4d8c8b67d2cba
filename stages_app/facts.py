"""What follows from an attempt's columns and what its session's version says of the stage: pure functions.

``definition`` is None for a stage that the version doesn't have (ad hoc).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessions_app.definitions.schema import Deliverable, StageDefinition
from sessions_app.language import localised
from sessions_app.masking import mask_text
from stages_app.states import StageStatus


def display_name(own: str, stage_id: str, definition: StageDefinition | None) -> str:
    """Its own name, without well-known keys, else the definition's in the current language, else its id."""
    return mask_text(own) or (localised(definition.name) if definition else stage_id)


def timeout(config: Mapping[str, Any], definition: StageDefinition | None) -> int | None:
    """Seconds after which the active stage is overdue: its own ``config.timeout``, else the definition's."""
    own = config.get("timeout")
    return own if isinstance(own, int) else (definition.timeout if definition else None)


def is_overdue(status: str, started_at: datetime | None, seconds: int | None, now: datetime | None = None) -> bool:
    """Whether it has been active for longer than its timeout."""
    if status != StageStatus.ACTIVE or started_at is None or seconds is None:
        return False
    return (now or timezone.now()) > started_at + timedelta(seconds=seconds)


def missing_deliverables(definition: StageDefinition | None, given: Mapping[str, Any]) -> list[Deliverable]:
    """The required deliverables that ``given`` has not."""
    wanted = definition.deliverables if definition else ()
    return [d for d in wanted if d.required and given.get(d.id) in (None, "")]
