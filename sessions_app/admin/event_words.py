"""Events in words, for the list and for the page of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sessions_app.cli.words import event_name
from sessions_app.language import gettext as _
from sessions_app.language import localised, noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.state_diff import MOVES, Changed, of_event, origin_of
from sessions_app.states import Level
from sessions_app.words import session_state, stage_state

LEVELS = {
    Level.DEBUG: ("·", noop("detail")),
    Level.INFO: ("i", noop("information")),
    Level.WARNING: ("!", noop("warning")),
    Level.ERROR: ("✕", noop("error")),
}
"""A sign and a word for each."""

_CLASSES = {Level.DEBUG: "pending", Level.INFO: "pending", Level.WARNING: "paused", Level.ERROR: "failed"}


MOST_MOVED = 200
"""How many things are told of one event that moved a whole session."""


class Told(NamedTuple):
    """One event in words; ``look`` is a class of the frame's badges."""

    what: str
    place: str
    sign: str
    level: str
    look: str
    reason: str


def told(event: SessionEvent) -> Told:
    """What happened, to which attempt, how much it matters, and why."""
    sign, word = LEVELS[Level(event.level)]
    place = event.stage_instance_id.removeprefix(f"{event.session_id}.")
    reason = "\n".join(map(shown, event.reason.split("\n")))
    return Told(event_name(event.type), place, sign, _(word), _CLASSES[Level(event.level)], reason)


def changes(flow_session: FlowSession, event: SessionEvent) -> Iterator[dict[str, Any]]:
    """What an event changed, as it stands in the log: masked when it was recorded."""
    if event.type in MOVES:
        yield from moved(event)
        return
    for name, change in event.changes.items():
        values = [change["before"], change["after"]]
        if name in ("status", "session.status"):
            is_stage = bool(event.stage_instance_id) and name == "status"
            values = [_state(value, is_stage=is_stage) for value in values]
        yield {"name": name, "text": item_text(flow_session, event, name), "before": values[0], "after": values[1]}


def moved(event: SessionEvent) -> Iterator[dict[str, Any]]:
    """What an event did that moved a whole session: thing by thing, without the attempts as they were and are."""
    if origin := origin_of(event):
        yield {"name": "savepoint", "text": _("Savepoint: {id}").format(id=origin), "before": None, "after": origin}
    found = of_event(event)
    yield from (_told(changed) for changed in found[:MOST_MOVED])
    if len(found) > MOST_MOVED:
        more = _("… and {count} more").format(count=len(found) - MOST_MOVED)
        yield {"name": "…", "text": more, "before": None, "after": None}


def _told(changed: Changed) -> dict[str, Any]:
    values = [changed.before, changed.after]
    if changed.field in ("status", "attempt"):
        values = [_state(value, is_stage=changed.part == "stage") for value in values]
    place = f"{changed.stage_id}.{changed.attempt} " if changed.stage_id else ""
    return {"name": f"{place}{changed.field}", "text": changed.text, "before": values[0], "after": values[1]}


def _state(status: str | None, *, is_stage: bool) -> str | None:
    return status and (stage_state(status) if is_stage else session_state(status))


def item_text(flow_session: FlowSession, event: SessionEvent, name: str) -> str:
    """The text of the item that a change is about, where the definition has it."""
    if not name.startswith("items."):
        return ""
    stage_id = event.stage_instance_id.rpartition(".")[0].rpartition(".")[2]
    stage = flow_session.published.definition.stage(stage_id)
    item_id = name.removeprefix("items.").removesuffix(".done")
    return next((localised(item.text) for item in stage.checklist if item.id == item_id), "") if stage else ""
