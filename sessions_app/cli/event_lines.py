"""Events as people read them: when, who and what, then why and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app.cli.table import shorten
from sessions_app.cli.words import event_name, moment
from sessions_app.language import gettext as _
from sessions_app.language import localised
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.state_diff import MOVES, lines, of_event, origin_of
from sessions_app.states import Level
from sessions_app.text import visible
from sessions_app.words import session_state, stage_state

VALUE_WIDTH = 60
INDENT = "    "
MOVE_LINES = 40
"""At most so many of an event that moved a whole session."""

_ITEM, _DELIVERABLE = "items.", "deliverables."


class EventLines:
    """Tells the events of one session, oldest first: items that are added get their texts as they pass by."""

    def __init__(self, flow_session: FlowSession) -> None:
        self._flow_session = flow_session
        self._added: dict[tuple[str, str], str] = {}

    def of(self, event: SessionEvent) -> Iterable[str]:
        """One event: a line, and indented ones below it."""
        yield visible(_head(event))
        if event.reason:
            yield from _reason_lines(event)
        if event.type in MOVES:
            yield from (INDENT + visible(line) for line in _moved(event))
            return
        for name, change in event.changes.items():
            yield from (INDENT + visible(line) for line in self._change(event, name, change["before"], change["after"]))

    def _change(self, event: SessionEvent, name: str, before: Any, after: Any) -> Iterable[str]:
        if name == "status":
            if before:
                state = session_state if event.type.startswith("session.") else stage_state
                yield f"{state(before)} → {state(after)}"
        elif name.startswith(_ITEM):
            yield self._item(_place(event).rpartition(".")[0], name.removeprefix(_ITEM), after)
        elif name.startswith(_DELIVERABLE):
            yield f"{name.removeprefix(_DELIVERABLE)}: {_shown(after)}"
        elif name == "assignee":
            yield _("for {user}").format(user=after) if after else _("for nobody in particular")
        elif event.type.endswith(".updated"):
            if before == after and not isinstance(before, Mapping):  # masked, one secret looks like another
                yield f"{name}: {_shown(before)} → {_shown(after)}"
            yield from _differences(name, before, after)

    def _item(self, stage_id: str, item_id: str, after: Any) -> str:
        """An item with its number; ``after`` describes it when it was added."""
        if isinstance(after, Mapping):
            told = self._added[stage_id, item_id] = f"{after['number']}. {after['text']}"
            return told
        item_id = item_id.removesuffix(".done")
        stage = self._flow_session.published.definition.stage(stage_id)
        for number, item in enumerate(stage.checklist if stage else (), 1):
            if item.id == item_id:
                return f"{number}. {localised(item.text)}"
        return self._added.get((stage_id, item_id), item_id)


def _head(event: SessionEvent) -> str:
    who = f"{event.actor} ({event.door})"
    if event.submitted_by:
        who = _("{who}, submitted by {user}").format(who=who, user=event.submitted_by)
    what = f"{event_name(event.type)} {_place(event)}".strip()
    return f"{moment(event.created_at, seconds=True)} {Level(event.level).label:<7} #{event.seq} {what} · {who}"


def _place(event: SessionEvent) -> str:
    """The stage and its attempt: ``story.1``; empty when it is about the session."""
    return event.stage_instance_id.removeprefix(f"{event.session_id}.")


def _reason_lines(event: SessionEvent) -> Iterable[str]:
    """Why, or what a note says; further lines of it stand deeper."""
    first, *more = event.reason.split("\n")
    told = first if event.type == "session.noted" else _("Why: {reason}").format(reason=first)
    yield INDENT + visible(told)
    yield from (INDENT * 2 + visible(line) for line in more)


def _moved(event: SessionEvent) -> Iterable[str]:
    """What an event did that moved a whole session."""
    if origin := origin_of(event):
        yield _("Savepoint: {id}").format(id=origin)
    yield from lines(of_event(event), MOVE_LINES)


def _differences(name: str, before: Any, after: Any) -> Iterable[str]:
    """What became of a value; objects key by key."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from _differences(f"{name}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield f"{name}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    """A value on one short line."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(visible(text[: VALUE_WIDTH * 4]), VALUE_WIDTH)
