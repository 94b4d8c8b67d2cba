"""``key=value`` pairs: a text, the text of a file (``key=@file``) or a JSON value (``key:=json``)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import JSON_BYTES, visible

MOST_ROWS = 1_000_000


def limit_of(limit: int) -> int:
    """How many rows somebody asks for; refused unless it can be."""
    if 1 <= limit <= MOST_ROWS:
        return limit
    raise InvalidInput(
        _("The limit can't be {limit}.").format(limit=limit),
        fix=_("Give a number from 1 to {most}.").format(most=MOST_ROWS),
        code="usage",
    )


def pairs(words: Iterable[str], *, files: bool = False) -> dict[str, Any]:
    """The pairs as one object; ``files`` allows ``key=@file``."""
    found: dict[str, Any] = {}
    for word in words:
        key, value = _pair(word, files=files)
        if key in found:
            raise InvalidInput(_("{key} is given twice.").format(key=visible(key)), fix=_("Give it once."))
        found[key] = value
    return found


def _pair(word: str, *, files: bool) -> tuple[str, Any]:
    name, sign, value = word.partition("=")
    key = name.removesuffix(":").strip()
    if not sign or not key:
        raise InvalidInput(
            _("{word} is no key=value pair.").format(word=visible(word)),
            fix=_("Write key=text, or key:=json."),
            code="usage",
        )
    if name.endswith(":"):
        return key, _json(key, value)
    if files and value.startswith("@"):
        return key, read_text(Path(value[1:]))
    return key, value


def _json(key: str, value: str) -> Any:
    try:
        return json.loads(value, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            _("The value of {key} is no JSON (the parser says: {error}).").format(key=visible(key), error=error),
            fix=_("Write {key}=text for a text.").format(key=visible(key)),
        ) from error


def _object(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unique: of two values for one key, neither is surely meant."""
    found: dict[str, Any] = {}
    for key, value in entries:
        if key in found:
            raise InvalidInput(_("{key} is given twice.").format(key=visible(key)), fix=_("Give it once."))
        found[key] = value
    return found


def read_text(path: Path) -> str:
    """The text of a file of bounded size."""
    with path.open("rb") as file:
        content = file.read(JSON_BYTES + 1)
    if len(content) > JSON_BYTES:
        raise InvalidInput(
            _("The file {path} has more than {limit} bytes.").format(path=path, limit=JSON_BYTES),
            fix=_("Give its path instead: key={path}.").format(path=path),
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            _("The file {path} is no UTF-8 text.").format(path=path),
            fix=_("Give its path instead: key={path}.").format(path=path),
        ) from error
