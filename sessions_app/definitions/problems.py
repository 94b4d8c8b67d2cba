"""What a reader has to say about a file: errors and warnings, each with its line, place and mend."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from sessions_app.definitions.positions import Document, Path, path_text
from sessions_app.definitions.schema import Definition, Problem, Reading
from sessions_app.language import LocalText, ngettext
from sessions_app.language import gettext as _
from sessions_app.text import visible

MOST = 200
"""The most errors, and the most warnings, that one reading lists."""


class Report:
    """Collects the problems of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.errors: list[Problem] = list(document.problems)
        self.warnings: list[Problem] = []
        self._unread: dict[str, list[Path]] = {}
        self._wrong = {problem.path for problem in document.problems}

    def error(self, path: Path, code: str, message: str, fix: str = "") -> None:
        """Something that can't stay."""
        self.errors.append(self._problem(path, code, message, fix))
        self._wrong.add(path_text(path))

    def warn(self, path: Path, code: str, message: str, fix: str = "") -> None:
        """Something that was not understood, or was read in a way that should be checked."""
        self.warnings.append(self._problem(path, code, message, fix))

    def unread(self, path: Path) -> None:
        """A key that the reader doesn't know; the same key in many entries gives one warning."""
        generic = path_text(tuple(part for part in path if isinstance(part, str)))
        self._unread.setdefault(generic, []).append(path)

    def line(self, path: Path) -> int | None:
        """The line of that place."""
        return self._document.line(path)

    def has_error(self, path: Path) -> bool:
        """Whether something is already known to be wrong at exactly that place."""
        return path_text(path) in self._wrong

    def reading(
        self, file: str, definition: Definition | None = None, stage_lines: Mapping[str, int] | None = None
    ) -> Reading:
        """The result: with errors it has no definition."""
        for paths in self._unread.values():
            message = ngettext(
                "The key '{key}' is not understood; it is left out.",
                "The key '{key}' is not understood; it is left out, {count} times.",
                len(paths),
            ).format(key=label(str(paths[0][-1])), count=len(paths))
            self.warn(paths[0], "unknown-key", message, _("Remove it, or put its text into the description."))
        errors = listed(self.errors)
        return Reading(
            file=file,
            definition=None if errors else definition,
            stage_lines={} if errors else dict(stage_lines or {}),
            warnings=listed(self.warnings),
            errors=errors,
        )

    def _problem(self, path: Path, code: str, message: str, fix: str) -> Problem:
        return Problem(code, message, self._document.line(path), path_text(path), fix)


def listed(problems: list[Problem]) -> list[Problem]:
    """Without repetitions, in the order of their lines, and not endless."""
    unique = sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)
    more = len(unique) - MOST
    if more <= 0:
        return unique
    message = _("… and {count} more like these.").format(count=more)
    return [*unique[:MOST], Problem("more", message, unique[MOST].line, fix=_("Mend those above first."))]


def near(name: str, known: Collection[str], otherwise: str) -> str:
    """«Did you mean …?» when a known name is close, else ``otherwise``."""
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name[:100].lower(), by_lower, n=1)
    return _("Did you mean '{name}'?").format(name=visible(by_lower[close[0]])) if close else otherwise


def label(text: LocalText) -> str:
    """A name as a message quotes it: one line, not too long."""
    shown = visible(text if isinstance(text, str) else next(iter(text.values()), ""))
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
