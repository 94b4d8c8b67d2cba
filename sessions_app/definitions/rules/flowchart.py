"""Mermaid's ``flowchart`` and ``graph``: statements → nodes and arrows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from sessions_app.definitions.checks import MAX_TRANSITIONS
from sessions_app.definitions.rules.graph import Arrow, Graph, Node, Shape, diagram_lines
from sessions_app.definitions.rules.masking import Fence
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_HEADER = re.compile(r"(?:flowchart|graph)\b(?:-elk)?[ \t]*(?:TB|TD|BT|RL|LR|[<>^v])?[ \t]*;?", re.IGNORECASE)
_IGNORED = re.compile(
    r"(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr|title|end\s*$)(?!\s*(?:[-=<~\[({&]|:::))\b"
)
_SUBGRAPH = re.compile(r"subgraph\s+(?P<id>[\w.-]+)")
_KEY = re.compile(r"\w+(?:[-.:/]+\w+)*")
_CLASS = re.compile(r":::[\w-]+")
_SHAPE_DATA = re.compile(r"@\{([^}]*)\}")
_ARROW = re.compile(
    r"(?:\w+@(?=[-=<]))?(?P<back><|[ox](?=[-=]))?"
    r"(?P<line>-{2,}>|-{2,}[ox](?=[\s|]|$)|-{3,}|={2,}>|={2,}[ox](?=[\s|]|$)|={3,}|-\.+->?|-\.+-[ox](?=[\s|]|$)|(?P<hidden>~{3,}))"
)
_PIPE = re.compile(r"\s*\|([^|]*)\|")
_TEXT_OPENINGS = {"--": "--", "==": "==", "-.": ".-"}
_TEXT_TAIL = re.compile(r"-{2,}[>ox]?|={2,}[>ox]?|\.+-[>ox]?")
_SHAPES = (
    ("(((", ")))"),
    ("([", "])"),
    ("((", "))"),
    ("[[", "]]"),
    ("[(", ")]"),
    ("{{", "}}"),
    ("{", "}"),
    ("(", ")"),
    ("[", "]"),
    (">", "]"),
)
_ROUND = ("(((", "((", "([")
_DONE = re.compile(r"(?:已|全部)?完成|done|completed?|finished", re.IGNORECASE)
_ICON = re.compile(r"\bfa[bklrs]?:fa-[\w-]+\s*")
_TAG = re.compile(r"</?(?:b|i|u|strong|em|span|small|sub|sup|p|div|font)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|\\n", re.IGNORECASE)
_MOST_LINES_OF_A_LABEL = 10
_LONGEST_STATEMENT = 20_000
_MOST_ARROWS = 4 * MAX_TRANSITIONS


def is_flowchart(fence: Fence) -> bool:
    """Whether the diagram begins as a flowchart does."""
    return any(_HEADER.match(text) for _line, text in diagram_lines(fence)[:1])


def read_flowchart(fence: Fence) -> Graph:
    """The nodes and arrows of a flowchart; statements that aren't understood become warnings."""
    graph = Graph()
    groups: dict[str, int] = {}
    for line, statement in _statements(fence):
        subgraph = _SUBGRAPH.match(statement)
        if subgraph:
            groups.setdefault(subgraph["id"], line)
        elif not _IGNORED.match(statement) and not statement.startswith("subgraph"):
            _read_statement(graph, statement, line)
    _leave_out_groups(graph, groups)
    return graph


def _leave_out_groups(graph: Graph, groups: dict[str, int]) -> None:
    """A subgraph only groups stages: it is none itself, and arrows to or from it lead to no stage."""
    if groups:
        message = _("The groups (subgraphs) are not taken as stages; what stands in them is.")
        graph.warnings.append(Problem("diagram", message, min(groups.values())))
    for key in groups:
        graph.nodes.pop(key, None)
    arrows, graph.arrows = graph.arrows, []
    for arrow in arrows:
        if arrow.source in groups or arrow.target in groups:
            message = _("The arrow {source} → {target} begins or ends at a group of stages; it is left out.")
            message = message.format(source=arrow.source, target=arrow.target)
            graph.warnings.append(Problem("diagram", message, arrow.line, fix=_("Draw it from stage to stage.")))
        else:
            graph.arrows.append(arrow)


def _statements(fence: Fence) -> Iterator[tuple[int, str]]:
    """The statements with their lines; a label that goes over several lines is put on one."""
    (first, header), *rest = diagram_lines(fence)
    pending: list[str] = []
    for line, text in [(first, _HEADER.sub("", header, count=1)), *rest]:
        pending.append(text)
        joined = " ".join(pending)
        if joined.count('"') % 2 == 0 or len(pending) == _MOST_LINES_OF_A_LABEL:
            for statement in _split_statements(joined):
                yield line + 1 - len(pending), statement
            pending = []
    for statement in pending:
        yield rest[-1][0], statement


def _split_statements(text: str) -> Iterator[str]:
    """Split at semicolons, but not within quotes or brackets, nor after an entity."""
    quoted, depth, start = False, 0, 0
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char in "[({") - (char in "])}" and depth > 0)
            if char == ";" and depth == 0:
                yield from filter(None, [text[start:index].strip()])
                start = index + 1
    yield from filter(None, [text[start:].strip()])


def _read_statement(graph: Graph, statement: str, line: int) -> None:
    scanner = _Scanner(statement, line)
    try:
        if len(statement) > _LONGEST_STATEMENT or len(graph.arrows) > _MOST_ARROWS:
            raise _NotUnderstood
        scanner.read()
    except _NotUnderstood:
        graph.not_understood(line, statement)
        return
    for node in scanner.nodes:
        known = graph.node(node.key, line)
        if node.label:
            known.label, known.shape = node.label, node.shape
    graph.arrows += scanner.arrows


class _NotUnderstood(Exception):
    """The statement is no chain of nodes and arrows."""


class _Scanner:
    """Reads one chain such as ``A[x] & B -->|yes| C{ok?} -- no --> D``."""

    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self.line = line
        self.position = 0
        self.nodes: list[Node] = []
        self.arrows: list[Arrow] = []

    def read(self) -> None:
        sources = self._node_group()
        while not self._at_end():
            both_ways, hidden, condition = self._arrow()
            targets = self._node_group()
            if len(sources) * len(targets) > MAX_TRANSITIONS:
                raise _NotUnderstood
            if not hidden:
                self._connect(sources, targets, condition)
                if both_ways:
                    self._connect(targets, sources, condition)
            sources = targets

    def _connect(self, sources: list[str], targets: list[str], condition: str) -> None:
        self.arrows += [Arrow(source, target, condition, self.line) for source in sources for target in targets]

    def _at_end(self) -> bool:
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1
        return self.position >= len(self.text)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def _node_group(self) -> list[str]:
        keys = [self._node()]
        while not self._at_end() and self.text[self.position] == "&":
            self.position += 1
            keys.append(self._node())
        return keys

    def _node(self) -> str:
        if self._at_end():
            raise _NotUnderstood
        key = self._match(_KEY)
        if not key:
            raise _NotUnderstood
        node = Node(key.group(), self.line)
        data = self._match(_SHAPE_DATA)
        if data:
            _apply_shape_data(node, data[1])
        else:
            self._shape(node)
        self._match(_CLASS)
        self.nodes.append(node)
        return node.key

    def _shape(self, node: Node) -> None:
        for opener, closer in _SHAPES:
            if self.text.startswith(opener, self.position):
                inner = self._inner(opener, closer)
                if inner is not None:
                    node.label = clean_label(inner)
                    node.shape = _shape_of(opener, node.label)
                    return
        if self.text[self.position : self.position + 1] in tuple("[({"):
            raise _NotUnderstood

    def _inner(self, opener: str, closer: str) -> str | None:
        """The text up to the closing bracket; None when this shape's bracket doesn't follow."""
        start = self.position + len(opener)
        search_from = start
        if self.text[start : start + 1] == '"':
            quote = self.text.find('"', start + 1)
            search_from = quote if quote > 0 else start
        end = self.text.find(closer, search_from)
        inner = self.text[start:end]
        if end < 0 or (opener == "[(" and "]" in inner):
            return None
        self.position = end + len(closer)
        return inner

    def _arrow(self) -> tuple[bool, bool, str]:
        """Whether it points both ways, whether it is invisible, and its text."""
        arrow = self._match(_ARROW)
        if arrow:
            both_ways = arrow["back"] == "<" and arrow["line"].endswith(">")
            text = self._match(_PIPE)
            return both_ways, bool(arrow["hidden"]), clean_label(text[1]) if text else ""
        return False, False, self._arrow_with_text()

    def _arrow_with_text(self) -> str:
        ending = _TEXT_OPENINGS.get(self.text[self.position : self.position + 2])
        if not ending:
            raise _NotUnderstood
        start = self.position + 2
        after_quote = self.text.find('"', start + 2) if self.text[start:].lstrip().startswith('"') else start
        self.position = self.text.find(ending, max(after_quote, start))
        if self.position < 0:
            raise _NotUnderstood
        condition = self.text[start : self.position]
        self._match(_TEXT_TAIL)
        return clean_label(condition)


def _shape_of(opener: str, text: str) -> Shape:
    if opener == "{":
        return Shape.RHOMBUS
    return Shape.TERMINATOR if opener in _ROUND and _DONE.fullmatch(text) else Shape.WORK


def _apply_shape_data(node: Node, data: str) -> None:
    """The newer form ``A@{ shape: diam, label: "ok?" }``."""
    label = re.search(r'label\s*:\s*(?:"([^"]*)"|([^,]+))', data)
    shape = re.search(r"shape\s*:\s*([\w-]+)", data)
    node.label = clean_label((label[1] or label[2]) if label else node.key)
    if shape and shape[1] in ("diam", "diamond", "decision", "question"):
        node.shape = Shape.RHOMBUS


def clean_label(text: str) -> str:
    """A label without quotes, icons, tags and entities, on one line."""
    text = text.strip()
    if len(text) > 1 and text[0] in "/\\" and text[-1] in "/\\":
        text = text[1:-1].strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip().strip("`").replace("**", "")
    text = _TAG.sub("", _BREAK.sub(" ", _ICON.sub("", text)))
    return " ".join(html.unescape(re.sub(r"#(\w+);", r"&\1;", text)).split())
