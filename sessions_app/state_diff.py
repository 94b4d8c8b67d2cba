"""What differs between two states of a session, as data and in words of the reader's language.

Each holder (:mod:`sessions_app.parts`) tells of its own share.  Owner and team are left out: no going
back changes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sessions_app.cli.table import shorten
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import MASK, mask
from sessions_app.models import SessionEvent
from sessions_app.parts import State, holders
from sessions_app.text import visible
from sessions_app.words import session_state

MOVES = ("session.restored", "session.forked", "session.migrated", "session.imported", "session.mended")
"""Events whose changes tell of the session and of whole attempts (``attempts.<stage id>.<attempt>``) at once."""

VALUE_WIDTH = 60
NONE = "-"

_PLAIN = {
    "name": noop("Name"),
    "status": noop("State"),
    "current_stage_id": noop("Current stage"),
    "pinned_version_id": noop("Workflow version"),
    "tags": noop("Tags"),
}
_OBJECTS = ("context", "metadata")
_ATTEMPTS = "attempts."


class Changed(NamedTuple):
    """One thing that differs: ``part`` is ``session`` or ``stage``; values are masked unless they were to be revealed.

    ``text`` says it on one line, with long values cut.
    """

    part: str
    field: str
    before: Any
    after: Any
    text: str
    stage_id: str | None = None
    attempt: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON data, as every door gives it."""
        return {
            "part": self.part,
            "stage_id": self.stage_id,
            "attempt": self.attempt,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "text": self.text,
        }


def compared(before: State, after: State, *, reveal: bool = False) -> list[Changed]:
    """What became of ``before`` until it was ``after``; secrets are masked unless ``reveal``."""
    found = (holder.differences(before[holder.name], after[holder.name], reveal=reveal) for holder in holders())
    return [changed for of_holder in found for changed in of_holder]


def of_event(event: SessionEvent) -> list[Changed]:
    """What an event of :data:`MOVES` did, from its changes, which were masked when it was recorded."""
    states: list[dict[str, Any]] = [{"session": {}, "attempts": {}}, {"session": {}, "attempts": {}}]
    for name, change in event.changes.items():
        for state, value in zip(states, (change["before"], change["after"]), strict=True):
            if name.startswith(_ATTEMPTS) and isinstance(value, Mapping):
                state["attempts"][name.removeprefix(_ATTEMPTS)] = value
            elif not name.startswith(_ATTEMPTS):
                state["session"][name] = value
    return [*compared(*states), *_hidden(event)]


def origin_of(event: SessionEvent) -> str:
    """The savepoint that such an event put back or went on from; empty for one that did neither."""
    found = (event.changes.get(name, {}).get("after") for name in ("savepoint", "forked_from"))
    return next((str(savepoint_id) for savepoint_id in found if savepoint_id), "")


def _hidden(event: SessionEvent) -> Iterator[Changed]:
    """Secrets that became others, of which the log says that alone: ``attempts.build.1.context.password``."""
    for name, change in event.changes.items():
        if change["before"] == MASK == change["after"]:
            place = name.removeprefix(_ATTEMPTS)
            if place == name:
                yield Changed("session", name, MASK, MASK, arrow(name, MASK, MASK))
                continue
            stage_id, _dot, rest = place.partition(".")
            number, _dot, field = rest.partition(".")
            yield Changed("stage", field, MASK, MASK, arrow(place, MASK, MASK), stage_id, int(number))


def session_differences(before: Mapping[str, Any], after: Mapping[str, Any], *, reveal: bool) -> list[Changed]:
    """What differs in the session's own columns."""
    found = []
    for field, label in _PLAIN.items():
        one, other = (_told(field, state.get(field), reveal=reveal) for state in (before, after))
        if (before.get(field) or None) != (after.get(field) or None):
            words = (_word(field, value) for value in (one, other))
            found.append(Changed("session", field, one, other, arrow(_(label), *words)))
    for field in _OBJECTS:
        for path, one, other in in_object(field, before.get(field), after.get(field), reveal=reveal):
            found.append(Changed("session", path, one, other, arrow(path, one, other)))
    return found


def in_object(path: str, before: Any, after: Any, *, reveal: bool) -> Iterator[tuple[str, Any, Any]]:
    """The places in an object at which it differs, as ``context.branch``, with both values; what is hidden is whole."""
    for key in {**_entries(before), **_entries(after)}:
        pair = [_entries(value).get(key) for value in (before, after)]
        if pair[0] == pair[1]:
            continue
        shown = [hidden(key, value, reveal=reveal) for value in pair]
        place = f"{path}.{shown[0][0]}"
        if all(isinstance(value, Mapping) for _name, value in shown):
            yield from in_object(place, *pair, reveal=reveal)
        else:
            yield place, shown[0][1], shown[1][1]


def hidden(key: str, value: Any, *, reveal: bool) -> tuple[str, Any]:
    """A key and its value as they are shown: a key may be a secret, or say that its value is one."""
    if reveal:
        return key, value
    ((shown_key, shown_value),) = mask({key: value}).items()
    return shown_key, shown_value


def arrow(label: str, before: Any, after: Any) -> str:
    """``label: before → after`` on one line."""
    return f"{visible(label)}: {short(before)} → {short(after)}"


def short(value: Any) -> str:
    """A value on one short line."""
    if value is None or value in ("", [], {}):
        return NONE
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(visible(text[: VALUE_WIDTH * 4]), VALUE_WIDTH)


def lines(changes: Sequence[Changed], most: int) -> Iterator[str]:
    """The changes in words, at most so many, and how many more there are."""
    yield from (changed.text for changed in changes[:most])
    if len(changes) > most:
        yield _("… and {count} more").format(count=len(changes) - most)


def _entries(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _told(field: str, value: Any, *, reveal: bool) -> Any:
    if field == "pinned_version_id":
        return _version_number(value) if value else None
    return value if reveal else mask(value)


def _version_number(version_id: str) -> int:
    """The number in a version's id (``dev@2-9f86d081884c7d65``); the version itself may be of another database."""
    return int(version_id.rpartition("@")[2].partition("-")[0])


def _word(field: str, value: Any) -> Any:
    if field == "status":
        return session_state(value) if value else None
    if field == "tags":
        return ", ".join(map(str, value)) if value else None
    return value
