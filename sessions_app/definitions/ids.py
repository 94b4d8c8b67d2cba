"""What a file leaves to be named: the ids of items and deliverables, and the source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from sessions_app.language import LocalText
from sessions_app.text import slug, visible

SOURCE_LENGTH = 255


def source_of(file: str) -> str:
    """A file's own name, wherever it lies, fit to be stored and shown."""
    return visible(os.path.basename(file))[:SOURCE_LENGTH]


def item_ids(items: Sequence[tuple[str | None, LocalText]]) -> list[str]:
    """One id per (given id, text): the given one, else the slug of an ASCII or English text, else ``item-<n>``.

    Ids made here are unique among themselves and beside the given ones.
    """
    taken = {given for given, _text in items if given}
    ids = []
    for number, (given, text) in enumerate(items, 1):
        identifier = given or unused(_slug(text) or f"item-{number}", taken)
        taken.add(identifier)
        ids.append(identifier)
    return ids


def deliverable_id(name: LocalText, number: int) -> str:
    """A plain name itself; else the slug of its English form, else its other form."""
    if isinstance(name, str):
        return name
    return slug(name.get("en", "")) or next(iter(name.values()), "") or f"deliverable-{number}"


def unused(identifier: str, taken: set[str]) -> str:
    """``identifier``, else ``identifier-2``, ``identifier-3`` …"""
    return next(candidate for candidate in _candidates(identifier) if candidate not in taken)


def _candidates(identifier: str) -> Iterator[str]:
    yield identifier
    number = 2
    while True:
        yield f"{identifier}-{number}"
        number += 1


def _slug(text: LocalText) -> str:
    english = text if isinstance(text, str) else text.get("en", "")
    return slug(english) if english.isascii() else ""
