"""What differs between two states of a session's attempts, as data and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sessions_app.cli.words import moment
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext, noop
from sessions_app.masking import mask
from sessions_app.state_diff import Changed, arrow, hidden, in_object, short
from sessions_app.words import stage_state

Attempt = Mapping[str, Any]
Attempts = Mapping[str, Attempt]
"""By key, as in :mod:`stages_app.capturing`."""

_OBJECTS = ("context", "config", "metadata")
_TIMES = {"started_at": noop("begun"), "completed_at": noop("done since")}


def attempts_differences(before: Attempts, after: Attempts, *, reveal: bool) -> list[Changed]:
    """What differs, attempt by attempt: those that came or went, and what became of the others."""
    found = []
    for key in sorted({*before, *after}, key=_place):
        one, other = before.get(key), after.get(key)
        if one != other:
            found += _Telling(key, reveal=reveal).of(one, other)
    return found


def _place(key: str) -> tuple[str, int]:
    stage_id, _dot, attempt = key.rpartition(".")
    return stage_id, int(attempt)


class _Telling:
    """Tells of one attempt, by the name ``<stage id>.<attempt>``."""

    def __init__(self, key: str, *, reveal: bool) -> None:
        self._key = key
        self._reveal = reveal
        self._place = _place(key)

    def of(self, before: Attempt | None, after: Attempt | None) -> list[Changed]:
        if before is None or after is None:
            return [self._came_or_went(before, after)]
        return [*self._told(before, after)] or [*self._times(before, after)] or [self._otherwise()]

    def _changed(self, field: str, before: Any, after: Any, text: str) -> Changed:
        return Changed("stage", field, before, after, f"{self._key}: {text}", *self._place)

    def _came_or_went(self, before: Attempt | None, after: Attempt | None) -> Changed:
        if after is not None:
            text = _("new here, {state}").format(state=_state(after))
            return self._changed("attempt", None, after["status"], text + _work(after))
        assert before is not None, "one of the two is there"
        text = _("no longer there, was {state}").format(state=_state(before))
        return self._changed("attempt", before["status"], None, text + _work(before))

    def _told(self, before: Attempt, after: Attempt) -> Iterator[Changed]:
        if before["status"] != after["status"]:
            text = f"{_state(before)} → {_state(after)}"
            yield self._changed("status", before["status"], after["status"], text)
        if before["name"] != after["name"]:
            one, other = (self._text(attempt["name"]) for attempt in (before, after))
            yield self._changed("name", one, other, arrow(_("name"), one, other))
        if before["assignee"] != after["assignee"]:
            one, other = before["assignee"], after["assignee"]
            yield self._changed("assignee", one, other, arrow(_("whose turn"), one, other))
        yield from self._items(before, after)
        yield from self._deliverables(before["deliverables"], after["deliverables"])
        for field in _OBJECTS:
            for path, one, other in in_object(field, before[field], after[field], reveal=self._reveal):
                yield self._changed(path, one, other, arrow(path, one, other))

    def _items(self, before: Attempt, after: Attempt) -> Iterator[Changed]:
        ones, others = ({item["id"]: item for item in attempt["items"]} for attempt in (before, after))
        for item_id, item in {**ones, **others}.items():
            one, other = ones.get(item_id), others.get(item_id)
            told = f"{item['number']}. {short(self._text(localised(item['text'])))}"
            field = f"items.{item_id}"
            if one is None:
                yield self._changed(field, None, told, _("item added: {item}").format(item=told))
            elif other is None:
                yield self._changed(field, told, None, _("item gone: {item}").format(item=told))
            elif one["done"] != other["done"]:
                text = _("ticked: {item}") if other["done"] else _("open again: {item}")
                yield self._changed(f"{field}.done", one["done"], other["done"], text.format(item=told))

    def _deliverables(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Changed]:
        for name in {**before, **after}:
            if before.get(name) != after.get(name):
                shown, one = hidden(name, before.get(name), reveal=self._reveal)
                other = hidden(name, after.get(name), reveal=self._reveal)[1]
                text = arrow(_("deliverable {name}").format(name=shown), one, other)
                yield self._changed(f"deliverables.{shown}", one, other, text)

    def _times(self, before: Attempt, after: Attempt) -> Iterator[Changed]:
        """Told only of an attempt in which nothing else differs: with a state, its times change by themselves."""
        for field, label in _TIMES.items():
            if before[field] != after[field]:
                values = [_moment(attempt[field]) for attempt in (before, after)]
                yield self._changed(field, before[field], after[field], arrow(_(label), *values))

    def _otherwise(self) -> Changed:
        return self._changed("details", None, None, _("who ticked what and when, or how it follows its session"))

    def _text(self, text: str) -> Any:
        return text if self._reveal else mask(text)


def _state(attempt: Attempt) -> str:
    return stage_state(attempt["status"])


def _moment(text: str | None) -> str | None:
    return moment(datetime.fromisoformat(text)) if text else None


def _work(attempt: Attempt) -> str:
    """How much of its work an attempt holds, behind its state; empty where it holds none."""
    ticked = sum(item["done"] for item in attempt["items"])
    given = len(attempt["deliverables"])
    items = ngettext("{count} item ticked", "{count} items ticked", ticked).format(count=ticked) if ticked else ""
    handed = ngettext("{count} deliverable", "{count} deliverables", given).format(count=given) if given else ""
    told = _(", ").join(part for part in (items, handed) if part)
    return f" ({told})" if told else ""
