"""A session as a tracker shows it: its fields, and what is told beside them.  Masked, and in the current language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import localised
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession
from sessions_app.words import LOOKS, stage_state
from stages_app import facts
from stages_app.reading import Attempt, Item, attempts_of
from status_bridge.mapping import SESSION_STATUS_MAPPING

TITLE = "title"
STATUS = "status"
ITEM = "item:"

ENDED = ("COMPLETED", "CANCELED")
OPENED = "IN_PROGRESS"
"""What a task says that is open again."""


@dataclass(frozen=True, slots=True)
class ItemPicture:
    """``field`` is the name of its field: ``item:<stage>/<item>``."""

    field: str
    text: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class StagePicture:
    """``state`` is a word, ``sign`` a mark for it."""

    name: str
    state: str
    sign: str
    items: tuple[ItemPicture, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown of a session at that ``version``."""

    session_id: str
    version: int
    name: str
    status: str
    workflow: str
    progress: int
    stages: tuple[StagePicture, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """What both sides can change."""
        items = {item.field: item.is_done for stage in self.stages for item in stage.items}
        return {TITLE: self.name, STATUS: self.status, **items}


def picture_of(flow_session: FlowSession) -> Picture:
    """How a session is shown now.  Two queries."""
    attempts, items = attempts_of([flow_session])
    last = {attempt.stage_id: attempt for attempt in attempts.get(flow_session.pk, ())}
    definition = flow_session.published.definition
    stages = [_stage(each.id, each, last.pop(each.id, None), items) for each in definition.stages]
    stages += [_stage(stage_id, None, attempt, items) for stage_id, attempt in last.items()]
    return Picture(
        session_id=flow_session.pk,
        version=flow_session.version,
        name=mask_text(flow_session.name),
        status=SESSION_STATUS_MAPPING[flow_session.status],
        workflow=mask_text(localised(definition.name)),
        progress=flow_session.progress,
        stages=tuple(stages),
    )


def item_field(stage_id: str, item_id: str) -> str:
    """The name of an item's field."""
    return f"{ITEM}{stage_id}/{item_id}"


def item_of(field: str) -> tuple[str, str]:
    """The ids of stage and item that a field's name holds."""
    stage_id, _slash, item_id = field.removeprefix(ITEM).partition("/")
    return stage_id, item_id


def _stage(stage_id: str, definition: StageDefinition | None, attempt: Attempt | None, items: Any) -> StagePicture:
    status = attempt.status if attempt else ""
    ticks = _ticks(stage_id, items.get(attempt.id, ())) if attempt else _unbegun(stage_id, definition)
    return StagePicture(
        name=facts.display_name(attempt.name if attempt else "", stage_id, definition),
        state=stage_state(status),
        sign=LOOKS[status or "PENDING"].sign,
        items=tuple(ticks),
    )


def _ticks(stage_id: str, items: list[Item]) -> Iterator[ItemPicture]:
    for item in items:
        yield ItemPicture(item_field(stage_id, item.item_id), mask_text(localised(item.text)), bool(item.is_done))


def _unbegun(stage_id: str, definition: StageDefinition | None) -> Iterator[ItemPicture]:
    for item in definition.checklist if definition else ():
        yield ItemPicture(item_field(stage_id, item.id), mask_text(localised(item.text)), is_done=False)
