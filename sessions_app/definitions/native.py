"""vcflow's own format → :class:`Definition`.

The published JSON Schema, the texts and what must hold between the parts all report
into one list; only a file without errors becomes a definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sessions_app.definitions import checks
from sessions_app.definitions.ids import deliverable_id, item_ids, source_of
from sessions_app.definitions.positions import Document, Path
from sessions_app.definitions.problems import Report
from sessions_app.definitions.schema import (
    KEEP,
    LEASE_SECONDS,
    ChecklistItem,
    Definition,
    Deliverable,
    Lease,
    Reading,
    StageDefinition,
    Transition,
)
from sessions_app.definitions.structure import sound_part
from sessions_app.language import gettext as _

Object = dict[str, Any]


def read(document: Document, file: str) -> Reading:
    """The workflow of a document, or every error in it; a file without ``vcflow`` and ``stages`` is none."""
    report = Report(document)
    if document.data is None and report.errors:
        return report.reading(file)
    if not isinstance(document.data, dict) or not {"vcflow", "stages"} & document.data.keys():
        message = _("The file holds no workflow.")
        report.warn((), "no-workflow", message, _("A workflow has the keys vcflow, id, name and stages."))
        return report.reading(file)
    data = sound_part(report, document.data)
    _check_order(report, data)
    _check_ids(report, data)
    _check_references(report, data)
    if report.errors:
        return report.reading(file)
    lines = {stage["id"]: report.line(("stages", place)) or 1 for place, stage in _entries(data, "stages")}
    return report.reading(file, _definition(data, file), lines)


def _entries(holder: Object, key: str) -> Iterator[tuple[int, Any]]:
    """The sound entries of a list, with their places in the file."""
    return ((place, entry) for place, entry in enumerate(holder.get(key, [])) if entry is not None)


def _objects(holder: Object, key: str) -> Iterator[tuple[int, Object]]:
    return ((place, entry) for place, entry in _entries(holder, key) if isinstance(entry, dict))


def _check_order(report: Report, data: Object) -> None:
    stages = list(_objects(data, "stages"))
    ordered = [(place, stage["order"]) for place, stage in stages if "order" in stage]
    without = [place for place, stage in stages if "order" not in stage]
    if ordered and without:
        message = _("This stage has no order, but others have one.")
        report.error(("stages", without[0]), "order", message, _("Give every stage an order, or none."))
    first: dict[int, int] = {}
    for place, order in ordered:
        if first.setdefault(order, place) != place:
            message = _("The order {order} is given twice; first on line {line}.").format(
                order=order, line=report.line(("stages", first[order], "order"))
            )
            report.error(("stages", place, "order"), "order", message, _("Give every stage an order of its own."))


def _check_ids(report: Report, data: Object) -> None:
    checks.check_unique(
        report, [(stage["id"], ("stages", place, "id")) for place, stage in _objects(data, "stages") if "id" in stage]
    )
    for place, stage in _objects(data, "stages"):
        path: Path = ("stages", place)
        items = [
            (item["id"], (*path, "checklist", number, "id"))
            for number, item in _objects(stage, "checklist")
            if "id" in item
        ]
        checks.check_unique(report, items)
        deliverables = [
            (_deliverable(entry, number).id, (*path, "deliverables", number))
            for number, entry in _entries(stage, "deliverables")
            if entry != "" and (isinstance(entry, str) or "name" in entry)
        ]
        checks.check_unique(report, deliverables)


def _check_references(report: Report, data: Object) -> None:
    stages = [(place, stage) for place, stage in _objects(data, "stages") if "id" in stage]
    known = list(dict.fromkeys(stage["id"] for _place, stage in stages))
    dependencies: dict[str, list[tuple[str, Path]]] = {stage_id: [] for stage_id in known}
    for place, stage in stages:
        dependencies[stage["id"]].extend(
            (target, ("stages", place, "depends_on", number)) for number, target in _entries(stage, "depends_on")
        )
        _check_transitions(report, stage, ("stages", place), known)
    checks.check_dependencies(report, dependencies)
    _check_transitions(report, data, (), known)


def _check_transitions(report: Report, holder: Object, path: Path, known: list[str]) -> None:
    for place, transition in _objects(holder, "transitions"):
        for end in ("from", "to"):
            if end in transition and transition[end] not in known:
                checks.unknown_stage(report, (*path, "transitions", place, end), transition[end], known)


def _definition(data: Object, file: str) -> Definition:
    """Only for data without errors."""
    stages = sorted(data["stages"], key=lambda stage: stage.get("order", 0))
    own = [_transition(stage["id"], entry) for stage in stages for entry in stage.get("transitions", [])]
    return Definition(
        id=data["id"],
        name=data["name"],
        type=data.get("type", ""),
        description=data.get("description", ""),
        source_rule=data.get("source_rule", source_of(file)),
        parallel=data.get("parallel", False),
        stages=tuple(_stage(stage, order) for order, stage in enumerate(stages, 1)),
        transitions=(*(_transition(entry["from"], entry) for entry in data.get("transitions", [])), *own),
    )


def _transition(source: str, entry: Object) -> Transition:
    return Transition(source, entry["to"], entry.get("condition", ""))


def _stage(stage: Object, order: int) -> StageDefinition:
    return StageDefinition(
        id=stage["id"],
        name=stage.get("name") or stage["id"],
        order=order,
        description=stage.get("description", ""),
        required=stage.get("required", True),
        checklist=_checklist(stage.get("checklist", [])),
        deliverables=tuple(_deliverable(entry, place) for place, entry in enumerate(stage.get("deliverables", []))),
        depends_on=tuple(stage.get("depends_on", ())),
        exit_condition=stage.get("exit_condition", ""),
        roles=tuple(stage.get("roles", ())),
        tools=tuple(stage.get("tools", ())),
        timeout=stage.get("timeout"),
        lease=_lease(stage["lease"]) if "lease" in stage else None,
    )


def _lease(entry: Object) -> Lease:
    return Lease(int(entry.get("seconds", LEASE_SECONDS)), entry.get("on_expiry", KEEP))


def _checklist(entries: list[str | Object]) -> tuple[ChecklistItem, ...]:
    objects: list[Object] = [{"text": entry} if isinstance(entry, str) else entry for entry in entries]
    ids = item_ids([(entry.get("id"), entry["text"]) for entry in objects])
    return tuple(
        ChecklistItem(identifier, entry["text"], entry.get("required", True))
        for identifier, entry in zip(ids, objects, strict=True)
    )


def _deliverable(entry: str | Object, place: int) -> Deliverable:
    if isinstance(entry, str):
        return Deliverable(entry, entry)
    identifier = entry.get("id") or deliverable_id(entry["name"], place + 1)
    return Deliverable(identifier, entry["name"], entry.get("required", True))
