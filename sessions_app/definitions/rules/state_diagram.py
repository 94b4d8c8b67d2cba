"""Mermaid's ``stateDiagram``: states and transitions → nodes and arrows."""

from __future__ import annotations

import re
from itertools import pairwise

from sessions_app.definitions.rules.flowchart import clean_label
from sessions_app.definitions.rules.graph import Arrow, Graph, Node, Shape, diagram_lines
from sessions_app.definitions.rules.masking import Fence
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_HEADER = re.compile(r"stateDiagram(?:-v2)?\b", re.IGNORECASE)
_IGNORED = re.compile(r"(?:direction|classDef|class|style|hide|scale|accTitle|accDescr|title)\s(?!\s*-->)")
_NOTE = re.compile(r"note\s+(?:left|right)\s+of\s+[^:]*(?P<text>:.*)?$", re.IGNORECASE)
_NOTE_END = re.compile(r"end\s*note$", re.IGNORECASE)
_ALIAS = re.compile(r'state\s+"(?P<label>[^"]*)"\s+as\s+(?P<key>[^\s{]+)\s*(?P<open>\{)?$')
_STATE = re.compile(r'state\s+"?(?P<key>[^\s{"<]+)"?\s*(?:(?:<<|\[\[)(?P<kind>\w+)(?:>>|\]\]))?\s*(?P<open>\{)?$')
_CLASS = re.compile(r":::[\w-]+")
_BORDER = "[*]"
_START, _END = "[*] start", "[*] end"


def is_state_diagram(fence: Fence) -> bool:
    """Whether the diagram begins as a state diagram does."""
    return any(_HEADER.match(text) for _line, text in diagram_lines(fence)[:1])


def read_state_diagram(fence: Fence) -> Graph:
    """The states of the outermost level and the transitions between them."""
    reader = _Reader(Graph())
    for line, text in diagram_lines(fence)[1:]:
        statement = text.rstrip(";").strip()
        if statement:
            reader.read(statement, line)
    return reader.ordered()


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.depth = 0
        self.in_note = False

    def read(self, statement: str, line: int) -> None:
        if self.in_note or _NOTE.match(statement):
            self._read_note(statement)
        elif statement == "}":
            self.depth = max(self.depth - 1, 0)
        elif self.depth:
            self.depth += statement.endswith("{")
        elif not _IGNORED.match(statement) and statement != "--":
            self._read_outer(_CLASS.sub("", statement), line)

    def ordered(self) -> Graph:
        """The graph with the state that the first ``[*] -->`` leads to in the first place."""
        first = next((arrow.target for arrow in self.graph.arrows if arrow.source == _START), None)
        if first:
            self.graph.nodes = {first: self.graph.nodes[first], **self.graph.nodes}
        return self.graph

    def _read_note(self, statement: str) -> None:
        one_line = _NOTE.match(statement)
        self.in_note = not (_NOTE_END.match(statement) or (one_line and one_line["text"]))

    def _read_outer(self, statement: str, line: int) -> None:
        declared = _ALIAS.match(statement) or _STATE.match(statement)
        if "-->" in statement:
            self._read_transition(statement, line)
        elif declared:
            self._declare(declared.groupdict(), line)
        elif ":" in statement:
            key, _colon, text = statement.partition(":")
            self._describe(key.strip(), clean_label(text), line)
        elif re.fullmatch(r"\S+", statement):
            self._state(statement, line)
        else:
            self.graph.not_understood(line, statement)

    def _read_transition(self, statement: str, line: int) -> None:
        *chain, last = (part.strip() for part in statement.split("-->"))
        target, condition, *_rest = [*re.split("[:：]", last, maxsplit=1), ""]
        keys = [*chain, target.strip()]
        if not all(keys):
            self.graph.not_understood(line, statement)
            return
        for place, (source, following) in enumerate(pairwise(keys)):
            text = clean_label(condition) if place == len(keys) - 2 else ""
            source, following = self._end(source, _START, line), self._end(following, _END, line)
            self.graph.arrows.append(Arrow(source, following, text, line))

    def _end(self, key: str, border: str, line: int) -> str:
        """The key of one end of a transition; ``[*]`` is the start or the end of the diagram."""
        if key == _BORDER:
            self.graph.node(border, line).shape = Shape.TERMINATOR
            return border
        return self._state(key.strip('"'), line).key

    def _state(self, key: str, line: int) -> Node:
        node = self.graph.node(key, line)
        node.keyed = True
        return node

    def _declare(self, declared: dict[str, str | None], line: int) -> None:
        node = self._state(declared["key"] or "", line)
        node.label = clean_label(declared.get("label") or node.label)
        if declared.get("kind"):
            node.shape = Shape.PASSAGE
        if declared["open"]:
            self.depth = 1
            message = _("The states inside “{name}” are not taken as stages.").format(name=node.label or node.key)
            self.graph.warnings.append(Problem("inner-states", message, line))

    def _describe(self, key: str, text: str, line: int) -> None:
        node = self._state(key, line)
        if node.label:
            node.more.append(text)
        else:
            node.label = text
