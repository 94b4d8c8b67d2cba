"""A file's data together with the line of every place in it.

The YAML and JSON parsers drive one :class:`TreeBuilder`, so nesting, duplicate keys
and lines are handled once, and no parser ever expands anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _
from sessions_app.text import JSON_DEPTH, visible

Path = tuple[str | int, ...]


def path_text(path: Path) -> str:
    """``("stages", 2, "id")`` as ``stages[2].id``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{visible(part)}" for part in path)
    return "".join(parts).lstrip(".")


@dataclass(slots=True)
class Document:
    """Data as a parser read it.  ``problems`` are errors of the syntax; ``lines`` count from 1."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of that place, else of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


class Refused(Exception):
    """The file can't be read further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    repeated: bool = False

    @property
    def wants_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None


class TreeBuilder:
    """Makes a :class:`Document` from a parser's events, in one pass and without recursion."""

    def __init__(self) -> None:
        self.document = Document()
        self._stack: list[_Frame] = []

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a key of a mapping."""
        return bool(self._stack) and self._stack[-1].wants_key

    def problem(self, code: str, message: str, line: int, fix: str) -> Problem:
        """An error at the place that is being read."""
        return Problem(code, message, line, path_text(self._path()), fix)

    def report(self, code: str, message: str, line: int, fix: str) -> None:
        """Note an error and read on."""
        self.document.problems.append(self.problem(code, message, line, fix))

    def open(self, container: dict[str, Any] | list[Any], line: int) -> None:
        """A mapping or list begins."""
        if len(self._stack) >= JSON_DEPTH:
            message = _("The data is nested more than {limit} deep.").format(limit=JSON_DEPTH)
            raise Refused(self.problem("too-deep", message, line, _("Make it flatter.")))
        path = self._path()
        self._place(container, line)
        self._stack.append(_Frame(container, path))

    def close(self) -> None:
        """The innermost mapping or list ends."""
        self._stack.pop()
        self._entry_done()

    def key(self, key: str, line: int) -> None:
        """A key of the innermost mapping."""
        frame = self._stack[-1]
        frame.key = key
        frame.repeated = key in frame.container
        if frame.repeated:
            message = _("The key '{key}' is given twice; first on line {line}.").format(
                key=visible(key), line=self.document.lines[self._path()]
            )
            self.report("duplicate-key", message, line, _("Keep one of them."))
        self.document.lines.setdefault(self._path(), line)

    def scalar(self, value: object, line: int) -> None:
        """A text, number, true, false or null."""
        self._place(value, line)
        self._entry_done()

    def _path(self) -> Path:
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            return (*frame.path, len(frame.container))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _place(self, value: object, line: int) -> None:
        self.document.lines.setdefault(self._path(), line)
        if not self._stack:
            self.document.data = value
            return
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif not frame.repeated:
            assert frame.key is not None
            frame.container[frame.key] = value

    def _entry_done(self) -> None:
        if self._stack:
            self._stack[-1].key = None


def build(drive: Callable[[TreeBuilder], None]) -> Document:
    """The document that ``drive`` feeds to a builder; a refusal becomes its last problem."""
    builder = TreeBuilder()
    try:
        drive(builder)
    except Refused as refusal:
        return Document(None, {}, [*builder.document.problems, refusal.problem])
    return builder.document
