"""What the rest of a file says about the stages that were found in one part of it."""

from __future__ import annotations

from collections.abc import Iterator

from sessions_app.definitions.rules.document import Document
from sessions_app.definitions.rules.labels import label
from sessions_app.definitions.rules.names import Names
from sessions_app.definitions.rules.outline import Heading
from sessions_app.definitions.rules.plan import Noted, Plan, closure, main_path_end
from sessions_app.definitions.rules.sections import checklist_texts, stage_of
from sessions_app.definitions.rules.stage_headings import checkpoints
from sessions_app.definitions.rules.wording import plain
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _
from sessions_app.language import ngettext


def add_details(document: Document, plan: Plan) -> None:
    """Add the descriptions and sections elsewhere in the file that name a stage."""
    names = Names(plan.stages)
    _add_descriptions(document, plan, names)
    if not plan.used:
        _add_sections(document, plan, names)


def add_loose_items(document: Document, plan: Plan) -> None:
    """Add the mandatory checkpoints and checkboxes outside the stages; needs the plan's transitions."""
    taken = {stage.line for stage in plan.stages} | {note.line for stage in plan.stages for note in stage.checklist}
    used = closure(plan.used)
    for heading in document.headings:
        if heading not in used:
            plan.warnings += _nameless(heading)
            _add_checkpoints(plan, heading)
            _add_tasks(plan, heading, taken)
    plan.warnings += _unread(document, used)


def _unread(document: Document, used: set[Heading]) -> Iterator[Problem]:
    """What stands within a stage but can't be part of one."""
    code = [fence.line for fence in document.fences if fence.language != "mermaid"]
    places = [(line, _("code block")) for line in code if document.heading_at(line) in used]
    places += [(line, _("table")) for heading in used for line in heading.tables]
    for line, what in places:
        message = _("The {what} here is not taken; a stage holds text, items and deliverables.").format(what=what)
        yield Problem("not-taken", message, line)


def _nameless(heading: Heading) -> Iterator[Problem]:
    """A heading without text takes what stands under it away from the stage above."""
    if heading.level and not heading.text and heading.blocks:
        message = _("The heading has no text; what stands under it is not taken.")
        yield Problem("empty", message, heading.line, fix=_("Remove the heading, or write the stage's name into it."))


def _add_descriptions(document: Document, plan: Plan, names: Names) -> None:
    """``- **X阶段**：…`` in an overview describes the stage X."""
    used = closure(plan.used)
    described: set[int] = set()
    lines = {stage.line for stage in plan.stages}
    for heading in document.headings:
        if heading in used:
            continue
        for item in (item for listing in heading.lists for item in listing.items):
            found = label(item.raw)
            place = names.exact(found.text) if found and found.value and item.line not in lines else None
            if found and place is not None and place not in described:
                described.add(place)
                plan.stages[place].description.insert(0, plain(found.value))


def _add_sections(document: Document, plan: Plan, names: Names) -> None:
    """A heading that is the name of a stage of a diagram or list holds that stage's details."""
    used: set[Heading] = set()
    for heading in document.headings:
        place = names.exact(heading.text) if heading.level > 1 else None
        if place is None or not used.isdisjoint(heading.ancestry()):
            continue
        used.add(heading)
        draft, _warnings = stage_of(heading)
        stage = plan.stages[place]
        for attribute in ("description", "checklist", "deliverables", "roles", "tools", "exit_condition", "pointers"):
            getattr(stage, attribute).extend(getattr(draft, attribute))
        plan.used.append(heading)


def _add_checkpoints(plan: Plan, heading: Heading) -> None:
    """Mandatory checkpoints outside the stages belong to the current one, or to the end of the main path."""
    notes = checkpoints(heading)
    if not notes:
        return
    stage = plan.stages[main_path_end(plan) if plan.current is None else plan.current]
    stage.checklist += notes
    message = _("The mandatory checkpoints here belong to no stage; they became items of “{stage}”.")
    fix = _("Put them under the heading of their stage.")
    plan.warnings.append(Problem("checkpoints", message.format(stage=stage.name), notes[0].line, fix=fix))


def _add_tasks(plan: Plan, heading: Heading, taken: set[int]) -> None:
    """Checkboxes outside the stages belong to the stage that the file marks as current, else to none."""
    notes = [note for note in _loose_tasks(heading) if note.line not in taken]
    if not notes:
        return
    if plan.current is not None:
        plan.stages[plan.current].checklist += notes
        return
    message = ngettext(
        "The {count} checkbox here stands outside the stages and is not taken.",
        "The {count} checkboxes here stand outside the stages and are not taken.",
        len(notes),
    ).format(count=len(notes))
    fix = _("Put them under the heading of their stage.")
    plan.warnings.append(Problem("not-taken", message, notes[0].line, fix=fix))


def _loose_tasks(heading: Heading) -> Iterator[Noted]:
    checkpoint_lines = {note.line for note in checkpoints(heading)}
    for listing in heading.lists:
        yield from (note for note in checklist_texts(listing.walk()) if note.line not in checkpoint_lines)
