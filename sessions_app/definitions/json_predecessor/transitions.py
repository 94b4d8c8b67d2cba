"""How the stages of one workflow lead to each other and wait for each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from sessions_app.definitions.checks import MAX_TRANSITIONS, check_dependencies, stages_listed
from sessions_app.definitions.json_predecessor.place import Place, as_text, paragraph
from sessions_app.definitions.json_predecessor.stages import DEPENDENCY_KEYS, NEXT_KEYS, Draft, Names
from sessions_app.definitions.positions import Path
from sessions_app.definitions.problems import label, near
from sessions_app.definitions.schema import Transition
from sessions_app.language import LocalText
from sessions_app.language import gettext as _

_FROM_KEYS = ("from", "from_stage", "from_stage_id", "source")
_TO_KEYS = ("to", "to_stage", "to_stage_id", "target", "next", "stage", "stage_id")
_KNOWN = {*_FROM_KEYS, *_TO_KEYS, "id", "name", "condition", "description", "metadata"}
_ENDS = {"complete", "completed", "completion", "done", "end", "finish", "finished"}


@dataclass(slots=True)
class Ways:
    """The transitions, and the conditions of those that lead out of the workflow, by stage."""

    transitions: list[Transition] = field(default_factory=list)
    exits: dict[str, LocalText] = field(default_factory=dict)


def ways(workflow: Place, stages: list[Draft], names: Names) -> Ways:
    """The workflow's transitions, then those that single stages add with a ``next``."""
    found = Ways()
    listed = workflow.get("transitions")
    for place in listed.entries() if listed else ():
        _add_listed(found, place, names)
    for draft in stages:
        next_ = draft.place.get(*NEXT_KEYS)
        for place in next_.entries() if next_ else ():
            _add_next(found, draft, place, names)
    if len(found.transitions) > MAX_TRANSITIONS:
        message = _("The workflow has {count} transitions; {limit} is the most.")
        workflow.error(
            "count", message.format(count=len(found.transitions), limit=MAX_TRANSITIONS), _("Split the workflow.")
        )
    _check_first(found.transitions, stages)
    return found


def dependencies(stages: list[Draft], names: Names) -> dict[str, tuple[str, ...]]:
    """What each stage waits for; a wrong one is an error, since leaving it out would let the stage start early."""
    found: dict[str, list[tuple[str, Path]]] = {draft.id: [] for draft in stages}
    for draft in stages:
        listed = draft.place.get(*DEPENDENCY_KEYS)
        for place in listed.entries() if listed else ():
            name = as_text(place.value)
            found[draft.id].append((names.find(name) or name, place.path))
    if stages:
        check_dependencies(stages[0].place.report, found)
    return {stage_id: tuple(dict.fromkeys(target for target, _path in each)) for stage_id, each in found.items()}


def _add_listed(found: Ways, place: Place, names: Names) -> None:
    if not isinstance(place.value, dict):
        place.warn("transition", _("This is no transition; it is left out."), _('Write {"from": "…", "to": "…"}.'))
        return
    place.note_unread(_KNOWN)
    source, target = place.get(*_FROM_KEYS), place.get(*_TO_KEYS)
    if source is None or target is None:
        message = _("The transition lacks its from or its to; it is left out.")
        place.warn("transition", message, _('Write {"from": "…", "to": "…"}.'))
        return
    source_id = _stage_id(source, names)
    if source_id:
        _add(found, source_id, target, _condition(place), names)


def _add_next(found: Ways, draft: Draft, place: Place, names: Names) -> None:
    target: Place | None = place
    condition: LocalText = ""
    if isinstance(place.value, dict):
        place.note_unread(_KNOWN)
        target, condition = place.get(*_TO_KEYS, "id"), _condition(place)
    known = {(each.source, each.target) for each in found.transitions}
    if target is not None and target.value is not None and (draft.id, names.find(as_text(target.value))) not in known:
        _add(found, draft.id, target, condition, names)


def _add(found: Ways, source_id: str, targets: Place, condition: LocalText, names: Names) -> None:
    for target in targets.entries():
        name = as_text(target.value)
        if names.find(name) is None and name.strip().lower() in _ENDS:
            _end(found, source_id, target, condition)
            continue
        target_id = _stage_id(target, names)
        if target_id:
            found.transitions.append(Transition(source_id, target_id, condition))


def _end(found: Ways, source_id: str, target: Place, condition: LocalText) -> None:
    message = _("No stage is called '{name}': it is read as the end of the workflow.").format(
        name=as_text(target.value)
    )
    fix = _("Nothing need be done; the condition became the exit condition of '{stage}'.").format(stage=source_id)
    target.warn("end-transition", message, fix)
    found.exits.setdefault(source_id, condition)


def _stage_id(place: Place, names: Names) -> str | None:
    name = as_text(place.value)
    stage_id = names.find(name)
    if stage_id is None:
        message = _("There is no stage '{name}'; the transition is left out.").format(name=label(name))
        place.warn("unknown-stage", message, near(name, names.ids, stages_listed(names.ids)))
    return stage_id


def _condition(place: Place) -> LocalText:
    condition = place.get("condition", "description")
    if condition and isinstance(condition.value, list):
        condition = Place(as_text(condition.value), condition.path, condition.report)
    return paragraph(condition, "condition")


def _check_first(transitions: list[Transition], stages: list[Draft]) -> None:
    """A stage that ways lead from, but none to, is where the work begins: it should stand first."""
    reached = {transition.target for transition in transitions}
    leaving = {transition.source for transition in transitions}
    starts = [draft for draft in stages if draft.id in leaving - reached]
    if starts and stages[0].id in reached:
        message = _("No transition leads to '{start}', but '{first}' stands first.").format(
            start=starts[0].id, first=stages[0].id
        )
        starts[0].place.warn("order", message, _("Check the order of the stages; it is kept as the file has it."))
