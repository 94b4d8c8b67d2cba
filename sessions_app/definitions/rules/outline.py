"""A Markdown body as a tree of headings, each with its paragraphs and lists and their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from sessions_app.definitions.rules.labels import meaning_of
from sessions_app.definitions.rules.tidying import tidied_lines
from sessions_app.definitions.rules.wording import plain
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

MOST_LINES = 10_000
"""Far more than a rule file has: the parser takes its time for each."""

# Headings inside raw HTML count for a reader; inline text is parsed only where it is needed.
_BLOCKS = MarkdownIt("commonmark").enable("table").disable(["html_block", "reference", "inline"])
_EXAMPLES = re.compile(
    r"(?:.*(?:示例|样例|反例|例子|范例)(?:\s*\d+)?|(?:示例|样例|反例|范例)(?:\s*\d+|[与和及:：].*)"
    r"|(?:[\w-]+ ){0,2}examples?(?:\s*\d+|:.*)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text in Markdown; ``line`` counts from 1."""

    raw: str
    line: int


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list: its text, what else stands in it, the lists below it, and its number as written."""

    raw: str
    line: int
    more: tuple[Paragraph, ...] = ()
    lists: tuple[Listing, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A bullet or ordered list."""

    ordered: bool
    line: int
    items: tuple[Item, ...]

    def walk(self) -> Iterator[Item]:
        """All entries, those of lower lists after the one that they stand below."""
        for item in self.items:
            yield item
            for lower in item.lists:
                yield from lower.walk()


class TooMuch(Exception):
    """What a file has too much of to be read, as a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


Block = Paragraph | Listing


@dataclass(slots=True, eq=False)
class Heading:
    """A heading, what stands under it, and the headings of the next level; level 0 is the document.

    A table of labels and values is kept as a list of them, of other tables only the lines.
    """

    raw: str
    level: int
    line: int
    parent: Heading | None = None
    blocks: list[Block] = field(default_factory=list)
    children: list[Heading] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)

    @property
    def text(self) -> str:
        return plain(self.raw)

    @property
    def lists(self) -> list[Listing]:
        return [block for block in self.blocks if isinstance(block, Listing)]

    @property
    def is_example(self) -> bool:
        """Whether it announces examples (a title may well be «示例工作流»)."""
        return self.level > 1 and bool(_EXAMPLES.fullmatch(self.text))

    def walk(self) -> Iterator[Heading]:
        """This heading and all below it that are no examples, in the order of the file."""
        pending = [self]
        while pending:
            heading = pending.pop()
            yield heading
            pending.extend(child for child in reversed(heading.children) if not child.is_example)

    def ancestry(self) -> Iterator[Heading]:
        """This heading, the one above it, and so on up to the document."""
        heading: Heading | None = self
        while heading is not None:
            yield heading
            heading = heading.parent


def read_outline(lines: Sequence[str]) -> Heading:
    """The tree of headings of ``lines``; line numbers are theirs, from 1.  Raises :class:`TooMuch`."""
    root = Heading("", 0, 1)
    current = root
    if len(lines) > MOST_LINES:
        message = _("There are {count} {what}; {most} are the most.")
        message = message.format(count=len(lines), what=_("lines"), most=MOST_LINES)
        raise TooMuch(Problem("too-many", message, MOST_LINES + 1, fix=_("Split the file.")))
    tokens = _BLOCKS.parse("\n".join(tidied_lines(lines)))
    _check_depth(tokens)
    tree = SyntaxTreeNode(tokens)
    for node in tree.children:
        if node.type == "heading":
            current = _heading(node, current)
        elif node.type == "table":
            labelled = _labelled(_rows(node))
            current.blocks += [labelled] if labelled else []
            current.tables += [] if labelled else [_line(node)]
        else:
            current.blocks.extend(_blocks(node))
    return root


def _heading(node: SyntaxTreeNode, current: Heading) -> Heading:
    level = int(node.tag[1])
    parent = next(heading for heading in current.ancestry() if heading.level < level)
    heading = Heading(_content(node), level, _line(node), parent)
    parent.children.append(heading)
    return heading


def _blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    if node.type in ("paragraph", "heading"):
        yield Paragraph(_content(node), _line(node))
    elif node.type in ("bullet_list", "ordered_list"):
        items = tuple(_item(child) for child in node.children)
        yield Listing(node.type == "ordered_list", _line(node), items)
    elif node.type == "blockquote":
        for child in node.children:
            yield from _blocks(child)


def _item(node: SyntaxTreeNode) -> Item:
    blocks = [block for child in node.children for block in _blocks(child)]
    paragraphs = [block for block in blocks if isinstance(block, Paragraph)]
    lists = tuple(block for block in blocks if isinstance(block, Listing))
    starts_with_text = bool(blocks) and isinstance(blocks[0], Paragraph)
    raw = paragraphs[0].raw if starts_with_text else ""
    more = tuple(paragraphs[1:] if starts_with_text else paragraphs)
    return Item(raw, _line(node), more, lists, int(node.info) if node.info else None)


def _check_depth(tokens: Sequence[Token]) -> None:
    """The parser leaves out what is nested deeper than it goes."""
    deepest = _BLOCKS.options.maxNesting - 1
    blocks = (token for token in tokens if token.type != "inline")
    line = next((token.map[0] + 1 for token in blocks if token.level >= deepest and token.map), None)
    if line:
        message = _("Lists and quotes are nested too deep here.")
        raise TooMuch(Problem("too-deep", message, line, fix=_("Make it flatter.")))


def _rows(table: SyntaxTreeNode) -> list[tuple[int, list[str]]]:
    """The rows of a table with their lines, the head first."""
    return [(_line(row), list(map(_content, row.children))) for part in table.children for row in part.children]


def _labelled(rows: list[tuple[int, list[str]]]) -> Listing | None:
    """A table of labels in its first column, or in its head above a single row, as a list of labelled values."""
    (first, head), *body = rows
    if len(body) == 1 and sum(meaning_of(cell) is not None for cell in head) > 1:
        line, cells = body[0]
        return _labelled_list([(line, name, value) for name, value in zip(head, cells, strict=True)], first)
    if len(head) != 2:
        return None
    known = [meaning_of(cells[0]) is not None for _row, cells in rows]
    entries = [(line, cells[0], cells[1]) for line, cells in (rows if known[0] else body)]
    return _labelled_list(entries, first) if entries and 2 * sum(known) >= len(entries) else None


def _labelled_list(entries: list[tuple[int, str, str]], line: int) -> Listing:
    items = (Item(f"**{plain(name)}**：{value}", line) for line, name, value in entries if name.strip())
    return Listing(False, line, tuple(items))


def _content(node: SyntaxTreeNode) -> str:
    return "".join(child.content for child in node.children)


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 1
