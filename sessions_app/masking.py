"""Secrets in what people see: passwords and keys become :data:`MASK`, and back when they return unchanged.

A value is hidden when its key names a secret, a part of a text when it looks like a well-known
kind of key.  Imports no Django.  ``docs/secrets.md`` says it for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.secret_signs import MASK, is_secret_name, key_name, mask_text
from sessions_app.text import visible

__all__ = ["MASK", "is_secret_name", "mask", "mask_changes", "mask_text", "shown", "unmask"]


def mask(value: Any) -> Any:
    """JSON data with its secrets replaced; the same object when there are none."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return _mask_object(value)
    if isinstance(value, list | tuple):
        masked = [mask(item) for item in value]
        return masked if any(a is not b for a, b in zip(masked, value, strict=True)) else value
    return value


def shown(text: str) -> str:
    """A text that people gave, on one line, safe to print and without well-known keys."""
    return visible(mask_text(text))


def mask_changes(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    """What an event keeps: per field ``{"before", "after"}``, masked.

    A secret inside an object that became another one gets an entry of its own
    (``context.password``), for masked both look alike.
    """
    masked: dict[str, dict[str, Any]] = {}
    for name, (before, after) in changes.items():
        shown_before, shown_after = _mask_field(name, before), _mask_field(name, after)
        masked[_free_key(name, masked)] = {"before": shown_before, "after": shown_after}
        if isinstance(shown_before, dict) and shown_before is not before and shown_after is not after:
            for path in _hidden_changes(name, before, after):
                masked[path] = {"before": MASK, "after": MASK}
    return masked


def unmask(new: Any, before: Any, place: str = "") -> Any:
    """``new`` with the stored secret wherever it has, at the same place, what ``mask(before)`` shows.

    Raises :class:`InvalidInput` where something masked stands for nothing that was shown there;
    ``place`` is what it calls a text or a list.
    """
    return _restored(new, before, mask(before), place)


def _hides(key: str, value: Any) -> bool:
    """Whether the whole value is hidden under that key; nothing, yes and no, and amounts of tokens are not."""
    name = key_name(key)
    if not name.is_secret or value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    return not (name.is_countable and (isinstance(value, int | float) or str(value).isdecimal()))


def _mask_entry(key: str, value: Any) -> Any:
    return MASK if _hides(key, value) and value != MASK else mask(value)


def _mask_object(found: dict[str, Any]) -> dict[str, Any]:
    masked: dict[str, Any] = {}
    is_same = True
    for key, value in found.items():
        name, entry = _free_key(key, masked), _mask_entry(key, value)
        masked[name] = entry
        is_same = is_same and entry is value and name is key
    return found if is_same else masked


def _free_key(key: str, taken: Mapping[str, Any]) -> str:
    """How a key is shown: a secret that was used as a key is hidden, yet no entry gets lost."""
    name = key_name(key).shown
    if name == key:
        return key
    number = 1
    while (numbered := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return numbered


def _mask_field(name: str, value: Any) -> Any:
    """A field of an event; an item or an attempt is told by what it holds, whatever its id reads like."""
    return mask(value) if name.startswith(("items.", "attempts.")) else _mask_entry(name, value)


def _hidden_changes(path: str, before: Any, after: Any) -> Iterator[str]:
    """The places of secrets that became others."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if before != after and mask(before) == mask(after):
            yield path
        return
    for key in before.keys() & after.keys():
        place = f"{path}.{key_name(key).shown}"
        if not (_hides(key, before[key]) and _hides(key, after[key])):
            yield from _hidden_changes(place, before[key], after[key])
        elif before[key] != after[key]:
            yield place


def _holds_mask(value: Any) -> bool:
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, dict):
        return any(MASK in key or _holds_mask(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(_holds_mask, value))


def _restored(new: Any, before: Any, seen: Any, path: str) -> Any:
    """``new`` with its secrets; ``seen`` is ``before`` as it was shown."""
    if not _holds_mask(new):
        return new
    # Of what is hidden whole no part was shown that could come back.
    if isinstance(new, dict):
        return _restored_object(new, before if isinstance(seen, dict) else {}, path)
    if isinstance(new, str) and new == seen:
        return before
    if isinstance(new, list | tuple) and isinstance(seen, list):
        seen_items = mask(before)
        _refuse_moved(new, seen_items, path)
        padded: Iterable[Any] = [*before, *[None] * (len(new) - len(before))]
        padded_seen = [*seen_items, *[None] * (len(new) - len(before))]
        return [
            _restored(*entry, f"{path}[{number}]")
            for number, entry in enumerate(zip(new, padded, padded_seen, strict=True))
        ]
    raise _masked_value(path)


def _restored_object(new: Mapping[str, Any], before: dict[str, Any], path: str) -> dict[str, Any]:
    keys = dict(zip(_mask_object(before), before, strict=True))
    restored: dict[str, Any] = {}
    for given, item in new.items():
        place = f"{path}.{given}" if path else given
        key = keys.get(given, given)
        if MASK in key or (key != given and key in new):
            raise _masked_value(place)
        stored = before.get(key)
        restored[key] = _restored(item, stored, _mask_entry(key, stored), place)
    return restored


def _refuse_moved(new: Iterable[Any], seen: Iterable[Any], path: str) -> None:
    """Of a list with masked entries one entry may change or some be added; else nobody knows which secret is whose."""
    given, known = list(new), list(seen)
    differing = sum(a != b for a, b in zip(given, known, strict=False))
    if len(given) < len(known) or differing > (len(given) == len(known)):
        raise _masked_value(path)


def _masked_value(path: str) -> InvalidInput:
    return InvalidInput(
        _("The value of {path} is masked ({mask}), and no secret is stored there that it stands for.").format(
            path=visible(path) or MASK, mask=MASK
        ),
        fix=_("Give the value itself, or leave it out to keep what is stored."),
        code="masked-value",
        path=path,
    )
