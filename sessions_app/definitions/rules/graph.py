"""A diagram as nodes and arrows → stages and transitions, its questions folded into conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from sessions_app.definitions.checks import MAX_TRANSITIONS
from sessions_app.definitions.rules.masking import Fence
from sessions_app.definitions.rules.plan import Link, Plan, draft_named
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_TERMINATOR = re.compile(r"(?:流程)?(?:开始|结束|起点|终点)|start|begin|end|stop|finish", re.IGNORECASE)
_QUESTION = re.compile(r"[?？吗]\s*$|^是否")

_MOST_QUESTIONS = 50
"""How many questions in a row are followed."""


class Shape(Enum):
    """How a node is drawn, as far as it matters; a passage only joins or parts ways."""

    WORK = "work"
    RHOMBUS = "rhombus"
    PASSAGE = "passage"
    TERMINATOR = "terminator"


@dataclass(slots=True)
class Node:
    """``label`` is what is written in it; ``keyed`` says that people know it by its key, as they do states."""

    key: str
    line: int
    label: str = ""
    shape: Shape = Shape.WORK
    more: list[str] = field(default_factory=list)
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    source: str
    target: str
    condition: str
    line: int


@dataclass(slots=True)
class Graph:
    """A diagram; ``nodes`` in the order of their first appearance."""

    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def node(self, key: str, line: int) -> Node:
        """The node of that key, made at its first appearance."""
        return self.nodes.setdefault(key, Node(key, line))

    def not_understood(self, line: int, text: str) -> None:
        message = _("This line of the diagram is not understood: {text}").format(text=text[:80])
        self.warnings.append(Problem("diagram", message, line, fix=_("Write it as Mermaid has it.")))


def diagram_lines(fence: Fence) -> list[tuple[int, str]]:
    """The lines of a diagram that say something, with their numbers: no comments, no front matter of its own."""
    lines = [(fence.line + 1 + offset, " ".join(text.split())) for offset, text in enumerate(fence.lines)]
    said = [(line, text) for line, text in lines if text and not text.startswith("%%")]
    if said and said[0][1] == "---":
        closing = next((place for place, (_line, text) in enumerate(said[1:], 1) if text == "---"), 0)
        return said[closing + 1 :]
    return said


def plan_of_graph(graph: Graph, what: str, line: int) -> Plan:
    """The nodes that are work as stages; the ways between them as transitions."""
    ways = _Ways(graph)
    plan = Plan(what, line, [], drawn=True, warnings=graph.warnings)
    places: dict[str, int] = {}
    for node in graph.nodes.values():
        if ways.is_work(node):
            places[node.key] = len(plan.stages)
            draft = draft_named(node.label or node.key, node.line)
            draft.key = node.key if node.keyed else ""
            draft.description += node.more
            plan.stages.append(draft)
    for arrow in graph.arrows:
        if arrow.source in places:
            _take_arrow(plan, places, ways, arrow)
    plan.warnings += _losses(ways)
    plan.clear = len(places) == 1 and ways.has_start_and_end(*places)
    return plan


def _take_arrow(plan: Plan, places: dict[str, int], ways: _Ways, arrow: Arrow) -> None:
    source = places[arrow.source]
    for target, condition in ways.from_arrow(arrow):
        if target in places:
            plan.links.append(Link(source, places[target], condition, arrow.line))
        elif condition:
            plan.stages[source].exit_condition.append(condition)


def _losses(ways: _Ways) -> Iterator[Problem]:
    """A question that no arrow leads to is in no condition; ways beyond the budget are not followed."""
    targets = {arrow.target for arrow in ways.graph.arrows}
    for node in ways.graph.nodes.values():
        if node.shape is Shape.RHOMBUS and node.key not in targets and not ways.is_work(node):
            message = _("No arrow leads to the question “{text}”; it is left out.").format(text=node.label)
            yield Problem("diagram", message, node.line)
    if ways.budget <= 0:
        message = _("The diagram's questions branch too often; not all of its ways are followed.")
        yield Problem("diagram", message, fix=_("Draw fewer questions."))


def _is_border(node: Node) -> bool:
    return node.shape is Shape.TERMINATOR or bool(_TERMINATOR.fullmatch(node.label or node.key))


class _Ways:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.outgoing: dict[str, list[Arrow]] = {}
        for arrow in graph.arrows:
            self.outgoing.setdefault(arrow.source, []).append(arrow)
        self.budget = 4 * MAX_TRANSITIONS + len(graph.arrows)

    def is_work(self, node: Node) -> bool:
        """Not a start or an end, and no question: a rhombus that asks, or that several arrows leave."""
        if node.shape is Shape.RHOMBUS:
            leaving = len(self.outgoing.get(node.key, ()))
            return not leaving or (leaving == 1 and not _QUESTION.search(node.label))
        return node.shape is Shape.WORK and not _is_border(node)

    def has_start_and_end(self, key: str) -> bool:
        """Whether an arrow from a start leads to the node, and one to an end leaves it."""
        nodes = self.graph.nodes
        starts = [arrow for arrow in self.graph.arrows if arrow.target == key and _is_border(nodes[arrow.source])]
        ends = [arrow for arrow in self.outgoing.get(key, ()) if _is_border(nodes[arrow.target])]
        return bool(starts and ends)

    def from_arrow(self, first: Arrow) -> Iterator[tuple[str, str]]:
        """Where an arrow leads when questions are passed through, each with all conditions on the way."""
        pending: list[tuple[Arrow, tuple[str, ...], frozenset[str]]] = [(first, (), frozenset())]
        while pending and self.budget > 0:
            arrow, conditions, passed = pending.pop()
            self.budget -= 1
            conditions = (*conditions, arrow.condition)
            node = self.graph.nodes[arrow.target]
            if self.is_work(node) or not self.outgoing.get(node.key) or node.shape is Shape.TERMINATOR:
                yield node.key, " ".join(filter(None, conditions))
            elif len(passed) == _MOST_QUESTIONS:
                self.budget = 0
            elif node.key not in passed:
                asked = (*conditions, node.label if node.shape is Shape.RHOMBUS else "")
                leaving = reversed(self.outgoing[node.key])
                pending.extend((arrow, asked, passed | {node.key}) for arrow in leaving)
