"""Checklists, deliverables and plain lists of a stage, however they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.definitions.checks import ID_LENGTH, ITEM_LENGTH, MAX_ENTRIES
from sessions_app.definitions.ids import item_ids
from sessions_app.definitions.json_predecessor.place import Place, as_text, line_of_text, plain
from sessions_app.definitions.problems import label
from sessions_app.definitions.schema import ChecklistItem, Deliverable
from sessions_app.language import LocalText
from sessions_app.language import gettext as _
from sessions_app.text import NAME_LENGTH, slug

_TEXT_KEYS = ("text", "name", "title", "item", "content", "description")
_ENTRY_KEYS = {*_TEXT_KEYS, "id", "required", "optional"}
_PROGRESS_KEYS = {"order", "order_index", "done", "checked", "completed", "status"}
_BULLET = re.compile(r"^\s*(?:[-*•]\s+)?(?:\[[ xX]?\]\s*)?")
_SEPARATORS = re.compile(r"[、;；\n]")
_LIST_SEPARATORS = re.compile(r"[、,，;；/\n]")


@dataclass(frozen=True, slots=True)
class _Entry:
    place: Place
    id: str
    text: LocalText
    required: bool


def checklist(place: Place | None) -> tuple[ChecklistItem, ...]:
    """The items; an object's ``key: value`` pairs are items, too."""
    entries = _limited(list(_entries(place, "item", ITEM_LENGTH)), place)
    taken: set[str] = set()
    given: list[tuple[str | None, LocalText]] = []
    for entry in entries:
        identifier = slug(entry.id, ID_LENGTH)
        if identifier in taken:
            entry.place.error(
                "duplicate-id",
                _("The id '{id}' is used twice.").format(id=identifier),
                _("Give one of them another id."),
            )
        taken |= {identifier} - {""}
        given.append((identifier or None, entry.text))
    return tuple(
        ChecklistItem(identifier, entry.text, entry.required)
        for identifier, entry in zip(item_ids(given), entries, strict=True)
    )


def deliverables(place: Place | None) -> tuple[Deliverable, ...]:
    """The deliverables, each under its id or name; one that is named twice is taken once."""
    found: dict[str, Deliverable] = {}
    for entry in _limited(list(_entries(place, "deliverable", NAME_LENGTH, _SEPARATORS)), place):
        identifier = entry.id or plain(entry.text)
        if identifier in found:
            message = _("The deliverable '{name}' stands here twice.").format(name=label(identifier))
            entry.place.warn("duplicate", message, _("Remove one of them."))
        found.setdefault(identifier, Deliverable(identifier, entry.text, entry.required))
    return tuple(found.values())


def names(place: Place | None, what: str) -> tuple[LocalText, ...]:
    """A list of texts, or one text that lists them."""
    if place is None:
        return ()
    texts: list[LocalText] = []
    for entry in place.entries():
        text = line_of_text(entry, what)
        texts += _LIST_SEPARATORS.split(text) if isinstance(text, str) and place is entry else [text]
    stripped = [text.strip() if isinstance(text, str) else text for text in texts]
    return tuple(text for text in stripped if text)


def flag(place: Place) -> bool:
    """Whether it is required: yes, unless ``required`` or ``optional`` says otherwise."""
    required, optional = place.get("required"), place.get("optional")
    for given, meant in ((required, True), (optional, False)):
        if given is None:
            continue
        if isinstance(given.value, bool):
            return given.value is meant
        given.warn("ignored", _("This is neither true nor false; it is taken as required."), _("Write true or false."))
    return True


def _limited(entries: list[_Entry], place: Place | None) -> list[_Entry]:
    if place is not None and len(entries) > MAX_ENTRIES:
        message = _("This has {count} entries; {limit} is the most.").format(count=len(entries), limit=MAX_ENTRIES)
        place.error("count", message, _("Split the stage."))
        return []
    return entries


def _entries(
    place: Place | None, what: str, limit: int, separators: re.Pattern[str] = re.compile(r"\n")
) -> Iterator[_Entry]:
    if place is None:
        return
    for found in _objects(place, separators):
        given = found.get(*_TEXT_KEYS)
        # What is wrong with the text is told of the entry: its key may be one of ours.
        text = line_of_text(given and Place(given.value, found.path, found.report), what, limit)
        found.note_unread(_read_keys(found) | _PROGRESS_KEYS)
        if text:
            yield _Entry(found, plain(line_of_text(found.get("id"), "id")), text, flag(found))
        elif not found.report.has_error(found.path):
            found.warn("empty", _("An entry without a text is left out."), _("Give it a text, or remove it."))


def _read_keys(entry: Place) -> set[str]:
    """The keys that were used: of several texts only the first is."""
    return {"id", "required", "optional", next((key for key in _TEXT_KEYS if entry.get(key)), "text")}


def _objects(place: Place, separators: re.Pattern[str]) -> Iterator[Place]:
    """Every entry as an object with a text."""
    if isinstance(place.value, dict):
        yield from _from_object(place, separators)
    elif isinstance(place.value, list):
        for entry in place.entries():
            yield from _from_entry(entry)
    elif isinstance(place.value, str):
        for part in separators.split(place.value):
            if _BULLET.sub("", part).strip():
                yield _made(place, text=_BULLET.sub("", part))
    else:
        place.error("type", _("This must be a list of texts."), _('Write it as ["…", "…"].'))


def _from_entry(entry: Place) -> Iterator[Place]:
    if isinstance(entry.value, list | None):
        entry.error("type", _("An entry must be a text or an object."), _("Write it as a text in double quotes."))
    elif not isinstance(entry.value, dict):
        yield _made(entry, text=entry.value)
    elif entry.value.keys() & {*_TEXT_KEYS}:
        yield entry
    else:
        yield from _from_object(entry, re.compile(r"\n"))


def _from_object(place: Place, separators: re.Pattern[str]) -> Iterator[Place]:
    """An object in place of a list: named lists of entries, or one entry for each key."""
    for key in place.value:
        child = Place(place.value[key], (*place.path, key), place.report)
        if key in {"items", "required", "optional"} and isinstance(child.value, list):
            for entry in _objects(child, separators):
                yield _made(entry, **{**entry.value, **({"optional": True} if key == "optional" else {})})
        elif isinstance(child.value, dict) and child.value.keys() <= _ENTRY_KEYS:
            named = {} if child.value.keys() & {*_TEXT_KEYS} else {"text": key}
            yield _made(child, **{"id": key, **named, **child.value})
        elif isinstance(child.value, bool | None):
            yield _made(child, id=key, text=key, required=child.value is not False)
        else:
            yield _made(child, id=key, text=f"{key}: {as_text(child.value)}")


def _made(place: Place, **value: object) -> Place:
    return Place(value, place.path, place.report)
