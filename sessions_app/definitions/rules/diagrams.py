"""Which of a file's Mermaid diagrams is its workflow."""

from __future__ import annotations

from sessions_app.definitions.rules.document import Document, speaks_of_process, speaks_of_structure
from sessions_app.definitions.rules.flowchart import is_flowchart, read_flowchart
from sessions_app.definitions.rules.graph import diagram_lines, plan_of_graph
from sessions_app.definitions.rules.masking import Fence
from sessions_app.definitions.rules.plan import Plan
from sessions_app.definitions.rules.state_diagram import is_state_diagram, read_state_diagram
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _


def diagram_plans(document: Document) -> list[Plan]:
    """The flowcharts and state diagrams; those under a heading that announces a process first.

    There, a single stage between a start and an end is enough.
    """
    plans = []
    for fence, rank in sorted(_placed(document), key=lambda pair: pair[1]):
        plan = _plan(fence)
        if plan:
            plan.clear = plan.clear and rank == 0
            plans.append(plan)
    return plans


def other_diagrams(document: Document) -> list[Problem]:
    """A warning for each diagram of another kind: it shows messages, times or parts, and no stages."""
    others = [fence for fence, _rank in _placed(document) if not (is_flowchart(fence) or is_state_diagram(fence))]
    message = _("The Mermaid diagram here ({kind}) is not read; stages are taken from flowchart and stateDiagram.")
    return [
        Problem("diagram", message.format(kind=said[0][1].split()[0][:40]), fence.line)
        for fence in others
        if (said := diagram_lines(fence))
    ]


def _placed(document: Document) -> list[tuple[Fence, int]]:
    placed = [(fence, _announced(document, fence)) for fence in document.fences if fence.language == "mermaid"]
    return [(fence, rank) for fence, rank in placed if rank is not None]


def _plan(fence: Fence) -> Plan | None:
    if is_flowchart(fence):
        return plan_of_graph(read_flowchart(fence), _("a Mermaid flowchart"), fence.line)
    if is_state_diagram(fence):
        return plan_of_graph(read_state_diagram(fence), _("a Mermaid state diagram"), fence.line)
    return None


def _announced(document: Document, fence: Fence) -> int | None:
    """0 under a heading that speaks of a process, 1 under others, None among examples and drawings of structure."""
    heading = document.heading_at(fence.line)
    if heading is None or speaks_of_structure(heading.text):
        return None
    sections = [above for above in heading.ancestry() if above.level > 1] or [heading]
    return 0 if any(speaks_of_process(above.text) for above in sections) else 1
