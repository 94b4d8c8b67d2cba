"""Stages and their items as people read them; made from a session's description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app.cli.words import moment, tick
from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import gettext as _
from sessions_app.language import localised
from sessions_app.text import visible
from sessions_app.words import mark, stage_state

Stage = Mapping[str, Any]
BAR_WIDTH = 20


def stage_line(stage: Stage, reason: str = "", *, named: bool = False) -> str:
    """One stage: sign, id (and its name, if asked for and another), state, when it ended, why."""
    name = f" ({visible(stage['name'])})" if named and stage["name"].lower() != stage["stage_id"] else ""
    return f"{mark(stage['status'] or '')} {stage['stage_id']}{name} - {state_of(stage, reason)}"


def state_of(stage: Stage, reason: str = "") -> str:
    """A stage's state, when it ended, why."""
    status = stage["status"] or ""
    when = stage["completed_at"]
    attempt = _("attempt {number}").format(number=stage["attempt"]) if stage["attempt"] > 1 else ""
    notes = [moment(when) if when else "", attempt, _held(stage.get("lease")), visible(reason)]
    told = ", ".join(note for note in notes if note)
    overdue = " " + _("(overdue)") if stage["overdue"] else ""
    return f"{stage_state(status)}{overdue}" + (f" ({told})" if told else "")


def _held(lease: Mapping[str, Any] | None) -> str:
    """Who holds a stage, and until when."""
    if not lease:
        return ""
    if lease["expired"]:
        return _("the lease of {holder} ran out").format(holder=visible(lease["holder"]))
    return _("held by {holder} until {time}").format(holder=visible(lease["holder"]), time=moment(lease["expires_at"]))


def item_lines(stage: Stage, indent: str = "  ") -> Iterable[str]:
    """A stage's items with their signs."""
    for item in stage["items"]:
        optional = "" if item["required"] else " " + _("(optional)")
        yield f"{indent}{tick(item['done'])} {visible(item['text'])}{optional}"


def deliverables(stage: Stage, definition: StageDefinition | None) -> Iterable[tuple[bool, str]]:
    """What a stage should hand in, then what it handed in besides: whether it is given, and its id and name."""
    wanted = definition.deliverables if definition else ()
    for deliverable in wanted:
        given = stage["deliverables"].get(deliverable.id) not in (None, "")
        name = visible(localised(deliverable.name))
        shown = name if name == deliverable.id else f"{visible(deliverable.id)} ({name})"
        yield given, shown + ("" if deliverable.required else " " + _("(optional)"))
    known = {deliverable.id for deliverable in wanted}
    yield from ((True, visible(key)) for key in stage["deliverables"] if key not in known)


def items_done(stage: Stage) -> str:
    """How many of a stage's items are ticked: ``3/8 (37.5%)``."""
    done = len(stage["completed_items"])
    total = len(stage["items"])
    return f"{done}/{total} ({100 * done / total:.1f}%)"


def progress_bar(percent: int) -> str:
    """Percent done as a bar."""
    filled = BAR_WIDTH * percent // 100
    return f"{'█' * filled}{'░' * (BAR_WIDTH - filled)} {percent}%"
