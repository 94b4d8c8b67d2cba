"""A value of the file together with where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sessions_app import text
from sessions_app.definitions import json_source
from sessions_app.definitions.positions import Path
from sessions_app.definitions.problems import Report
from sessions_app.exceptions import InvalidInput
from sessions_app.language import LocalText, normalise
from sessions_app.language import gettext as _

_ENCODED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One value, its path, and the report that problems with it go to."""

    value: Any
    path: Path
    report: Report

    def get(self, *keys: str) -> Place | None:
        """The first of these keys that has a value; JSON inside a string is taken out of it."""
        for key in keys:
            if isinstance(self.value, dict) and self.value.get(key) is not None:
                return Place(self.value[key], (*self.path, key), self.report).decoded()
        return None

    def entries(self) -> Iterator[Place]:
        """The entries of a list; a single value is a list of one."""
        if not isinstance(self.value, list):
            yield self
            return
        for place, value in enumerate(self.value):
            yield Place(value, (*self.path, place), self.report)

    def decoded(self) -> Place:
        """What a text that holds a JSON list or object says, else the place itself."""
        value = self.value
        for _time in range(_ENCODED_AT_MOST):
            if not isinstance(value, str) or value.lstrip()[:1] not in {"[", "{", '"'}:
                break
            document = json_source.parse(value)
            if document.problems:
                break
            value = document.data
        return Place(value, self.path, self.report) if isinstance(value, list | dict) else self

    def note_unread(self, known: Collection[str]) -> None:
        """Keys that are not among the known ones are not understood, which shouldn't go unnoticed."""
        for key in self.value:
            if key not in known and self.value[key] not in (None, "", [], {}):
                self.report.unread((*self.path, key))

    def warn(self, code: str, message: str, fix: str = "") -> None:
        """Something here should be checked."""
        self.report.warn(self.path, code, message, fix)

    def error(self, code: str, message: str, fix: str = "") -> None:
        """Something here can't stay."""
        self.report.error(self.path, code, message, fix)


def line_of_text(place: Place | None, what: str, limit: int = text.NAME_LENGTH) -> LocalText:
    """A text of one line, in one language or several; "" when there is none."""
    return _text(place, lambda value: text.clean_text(re.sub(r"[ \t\r\n]+", " ", value), what, limit=limit))


def paragraph(place: Place | None, what: str) -> LocalText:
    """A text of one line or several, in one language or several; "" when there is none."""
    return _text(place, lambda value: text.clean_text(value.replace("\r\n", "\n"), what))


def plain(text_: LocalText) -> str:
    """One language of a text, the same whatever language people are answered in."""
    return text_ if isinstance(text_, str) else text_.get("en") or next(iter(text_.values()), "")


def as_text(value: object) -> str:
    """A value inside a text: ``8.0``, ``true``, ``a, b``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(as_text(entry) for entry in value)
    return json.dumps(value, ensure_ascii=False)


def _text(place: Place | None, clean: Callable[[str], str]) -> LocalText:
    if place is None or place.value is None:
        return ""
    value = place.value
    try:
        if isinstance(value, str | bool | int | float):
            return clean(as_text(value))
        languages = {normalise(key): child for key, child in value.items()} if isinstance(value, dict) else {}
        if languages and None not in languages and all(isinstance(child, str) for child in languages.values()):
            return {str(language): clean(child) for language, child in languages.items()}
    except InvalidInput as error:
        place.error("text", error.message, error.fix)
        return ""
    place.error("type", _("This must be a text."), _("Write it as a text in double quotes."))
    return ""
