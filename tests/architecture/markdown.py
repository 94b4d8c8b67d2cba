"""What the tests of the documents read in them: links, headings, example files, terminal sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")

_ELISION = "…"
_VARIES = (
    (re.compile(r"\b((?:hotfix-flow|release-flow|dev|paper)(?:-[a-z]+)+)-[a-z0-9]{4}\b"), r"\1-<tail>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:,\d+)?)?"), "<time>"),
)
"""What differs from one run to the next: the tails of ids, and times."""


@dataclass(frozen=True, slots=True)
class Played:
    """A command of a terminal session and what the document says that it prints."""

    command: str
    output: str

    def is_what(self, printed: str) -> bool:
        """Whether ``printed`` is the output; ``…`` in the document stands for anything, and so does none at all."""
        if not self.output:
            return True
        parts = _stable(self.output).split(_ELISION)
        return re.fullmatch(".*".join(map(re.escape, parts)), _stable(printed), re.DOTALL) is not None


def links(page: Path) -> Iterator[str]:
    """The targets of a page's links."""
    for token in _inline(page):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"])


def anchors(page: Path) -> set[str]:
    """The fragments by which a page's headings are reached."""
    tokens = _tokens(page)
    titles = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def files(page: Path) -> dict[str, str]:
    """The example files of a page: fenced blocks that bear a file's name after their language."""
    return {words[1]: token.content for token in _fences(page) if len(words := token.info.split()) == 2}


def terminal_sessions(page: Path) -> list[Played]:
    """Every command of a page's ``console`` blocks, in order."""
    played: list[tuple[str, list[str]]] = []
    for token in _fences(page):
        if token.info == "console":
            for line in token.content.splitlines():
                if line.startswith("$ "):
                    played.append((line.removeprefix("$ "), []))
                else:
                    played[-1][1].append(line)
    return [Played(command, "\n".join(lines)) for command, lines in played]


def _stable(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    # A line that is elided takes its line break along.
    stable = re.sub(rf"\n? *{_ELISION}(?:\n|\Z)", _ELISION, "\n".join(lines))
    for pattern, replacement in _VARIES:
        stable = pattern.sub(replacement, stable)
    return stable


def _tokens(page: Path) -> list[Token]:
    return _MARKDOWN.parse(page.read_text())


def _inline(page: Path) -> Iterator[Token]:
    return (token for token in _tokens(page) if token.type == "inline")


def _fences(page: Path) -> Iterator[Token]:
    return (token for token in _tokens(page) if token.type == "fence")
