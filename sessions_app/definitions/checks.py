"""What must hold between the parts of a workflow, whatever file it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from sessions_app.definitions.positions import Path
from sessions_app.definitions.problems import Report, label, near
from sessions_app.language import gettext as _

MAX_STAGES = 500
MAX_ENTRIES = 500
MAX_TRANSITIONS = 2_000
MAX_TIMEOUT = 10 * 365 * 86_400

ID_LENGTH = 64
ITEM_LENGTH = 2_000


def check_unique(report: Report, ids: Iterable[tuple[str, Path]]) -> None:
    """Every id once; the error stands at the later one and names the line of the first."""
    seen: dict[str, Path] = {}
    for identifier, path in ids:
        if identifier in seen:
            message = _("The id '{id}' is used twice; first on line {line}.").format(
                id=label(identifier), line=report.line(seen[identifier])
            )
            report.error(path, "duplicate-id", message, _("Give one of them another id."))
        seen.setdefault(identifier, path)


def check_dependencies(report: Report, dependencies: Mapping[str, Sequence[tuple[str, Path]]]) -> None:
    """``depends_on`` names other stages of the workflow and never leads back."""
    graph: dict[str, list[str]] = {}
    places: dict[tuple[str, str], Path] = {}
    for stage_id, targets in dependencies.items():
        graph[stage_id] = []
        for target, path in targets:
            if target not in dependencies:
                unknown_stage(report, path, target, list(dependencies))
            elif target == stage_id:
                message = _("The stage '{id}' depends on itself.").format(id=stage_id)
                report.error(path, "cycle", message, _("Remove it from its depends_on."))
            else:
                graph[stage_id].append(target)
                places[stage_id, target] = path
    for cycle in _cycles(graph):
        message = _("These stages wait for each other: {cycle}.").format(cycle=" → ".join([*cycle, cycle[0]]))
        fix = _("Remove one of these from depends_on; a way back is a transition.")
        report.error(places[cycle[0], cycle[1]], "cycle", message, fix)


def unknown_stage(report: Report, path: Path, name: str, known: Sequence[str]) -> None:
    """The error for a reference to a stage that the workflow doesn't have."""
    message = _("There is no stage '{name}'.").format(name=label(name))
    report.error(path, "unknown-stage", message, near(name, known, stages_listed(known)))


def stages_listed(known: Sequence[str]) -> str:
    """«The stages are: …», for a fix."""
    shown = ", ".join(known[:10]) + ("…" if len(known) > 10 else "")
    return _("The stages are: {stages}.").format(stages=shown)


def _cycles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """Cycles without a stage in common, each from its first stage on, in the direction of waiting."""
    order = {stage_id: place for place, stage_id in enumerate(graph)}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1][:0:-1]
        else:
            return
        start = cycle.index(min(cycle, key=order.__getitem__))
        yield cycle[start:] + cycle[:start]
        graph = {
            stage_id: [target for target in targets if target not in cycle]
            for stage_id, targets in graph.items()
            if stage_id not in cycle
        }
