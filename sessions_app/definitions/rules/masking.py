"""What of a rule file is not to be read: code fences, ``<example>`` blocks, HTML comments.

They are blanked line by line, so that line numbers stay true.  Fences are kept aside,
since a diagram is one.  A line scanner instead of a Markdown parser, because real files
nest fences of equal length and leave fences open inside examples.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_FENCE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})[ \t]*([^`]*)$")
_EXAMPLE = re.compile(r"[ \t]*<(?:[\w-]*[-_])?examples?(?:[ \t][^>]*)?>", re.IGNORECASE)
_EXAMPLE_END = re.compile(r"</(?:[\w-]*[-_])?examples?[ \t]*>", re.IGNORECASE)
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]")
_MARKDOWN = {"markdown", "md", "mdc", "mdx"}


@dataclass(frozen=True, slots=True)
class Fence:
    """A code fence: the line it opens on (from 1), its language, and the lines within."""

    line: int
    language: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Masked:
    """The lines with everything hidden blanked, and the fences that were hidden."""

    lines: list[str]
    fences: list[Fence] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def mask(lines: list[str], start: int) -> Masked:
    """Blank what is hidden in ``lines``, and everything before index ``start``."""
    masker = _Masker(lines)
    for index in range(start):
        masker.result.lines[index] = ""
    position = start
    while position < len(lines):
        position = masker.step(position)
    return masker.result


class _Masker:
    def __init__(self, lines: list[str]) -> None:
        self.source = lines
        self.result = Masked(list(lines))
        self.nests = True
        self.example_ends = [index for index, line in enumerate(lines) if _EXAMPLE_END.search(line)]
        self.lowest_end_after = self._lowest_ends()

    def step(self, index: int) -> int:
        """Look at one line, hide what begins there; returns the next line to look at."""
        line = self.source[index]
        opening = _FENCE.match(line)
        if opening:
            return self._hide_fence(index, opening)
        if _EXAMPLE.match(line):
            return self._hide(index, self._example_end(index))
        if "<!--" in line and line.split("<!--", 1)[0].count("`") % 2 == 0:
            return self._hide_comment(index)
        return index + 1

    def _hide(self, start: int, end: int) -> int:
        for index in range(start, end + 1):
            self.result.lines[index] = ""
        return end + 1

    def _warn_unclosed(self, index: int, what: str) -> int:
        message = _("The {what} that opens here is never closed; the rest of the file counts as part of it.")
        problem = Problem("unclosed", message.format(what=what), index + 1, fix=_("Close it."))
        self.result.warnings.append(problem)
        return len(self.source) - 1

    def _hide_fence(self, start: int, opening: re.Match[str]) -> int:
        language = (opening[2].split() or [""])[0].strip("{}.").lower()
        end = None
        if language in _MARKDOWN and self.nests:
            end = _nested_end(self.source, start, opening[1])
            # Tried once in vain, it would be in vain again: this keeps the scan linear.
            self.nests = end is not None
        if end is None:
            end = _plain_end(self.source, start, opening[1])
        inner_end = len(self.source) if end is None else end
        inner = tuple(self.source[start + 1 : inner_end])
        self.result.fences.append(Fence(start + 1, language, inner))
        return self._hide(start, self._warn_unclosed(start, _("code fence")) if end is None else end)

    def _lowest_ends(self) -> list[int]:
        """For each closing tag, the smallest indent from it on; keeps the search for one linear."""
        indents = [_indent(self.source[index]) for index in reversed(self.example_ends)]
        return list(accumulate(indents, min))[::-1]

    def _example_end(self, start: int) -> int:
        """The closing tag at the opening one's indent or less; if there is none, the next one."""
        if _EXAMPLE_END.search(self.source[start]):
            return start
        indent = _indent(self.source[start])
        after = bisect_right(self.example_ends, start)
        if after == len(self.example_ends):
            return self._warn_unclosed(start, _("example"))
        if self.lowest_end_after[after] > indent:
            return self.example_ends[after]
        return next(end for end in self.example_ends[after:] if _indent(self.source[end]) <= indent)

    def _hide_comment(self, start: int) -> int:
        inside = False
        for index in range(start, len(self.source)):
            self.result.lines[index], inside = _without_comments(self.source[index], inside)
            if not inside:
                return index + 1
        return self._warn_unclosed(start, _("comment")) + 1


def _without_comments(line: str, inside: bool) -> tuple[str, bool]:
    """What is visible of a line, and whether a comment is open at its end."""
    visible = []
    for part in re.split(r"(<!--|-->)", line):
        if part == "<!--":
            inside = True
        elif part == "-->" and inside:
            inside = False
        elif not inside:
            visible.append(part)
    return "".join(visible), inside


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def _plain_end(lines: list[str], start: int, mark: str) -> int | None:
    """The closing line as CommonMark has it: a bare mark of the same kind, at least as long."""
    for index in range(start + 1, len(lines)):
        bare = lines[index].strip()
        if bare.startswith(mark) and not bare.strip(mark[0]):
            return index
    return None


def _nested_end(lines: list[str], start: int, mark: str) -> int | None:
    """The closing line of a fence of Markdown, whose text may hold fences of its own."""
    open_marks = [mark]
    for index in range(start + 1, len(lines)):
        found = _FENCE.match(lines[index])
        if not found:
            continue
        inner, named = found[1], bool(found[2].strip())
        if named:
            open_marks.append(inner)
        elif inner.startswith(open_marks[-1]):
            if len(open_marks) == 1 and inner == mark and _looks_opening(lines, index):
                open_marks.append(inner)
                continue
            outer_closes = inner.startswith(mark) and len(open_marks[-1]) < len(mark)
            open_marks.pop()
            if outer_closes or not open_marks:
                return index
    return None


def _looks_opening(lines: list[str], index: int) -> bool:
    before, after = lines[index - 1], lines[index + 1 : index + 2]
    follows_break = not before.strip() or bool(_HEADING.match(before))
    return follows_break and bool(after) and bool(after[0].strip())
