"""A document of the predecessor's → one reading for each workflow in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha1

from sessions_app.definitions.checks import ID_LENGTH
from sessions_app.definitions.ids import SOURCE_LENGTH, source_of
from sessions_app.definitions.json_predecessor import stages as stage_reader
from sessions_app.definitions.json_predecessor.place import Place, line_of_text, paragraph, plain
from sessions_app.definitions.json_predecessor.stages import ID, STAGE_LISTS
from sessions_app.definitions.json_predecessor.template import has_placeholder, unfilled, unwrapped
from sessions_app.definitions.json_predecessor.transitions import dependencies, ways
from sessions_app.definitions.positions import Document, Path
from sessions_app.definitions.problems import Report, label
from sessions_app.definitions.schema import Definition, Reading
from sessions_app.language import gettext as _
from sessions_app.text import NAME_LENGTH, slug

MAX_WORKFLOWS = 100

_READ = {"id", "name", "title", "type", "description", "source_rule", "parallel", "transitions", *STAGE_LISTS}
_ASIDE = {
    "$schema", "author", "created_at", "is_active", "metadata", "schema_version", "status", "tags", "template",
    "updated_at", "variables", "version",
}  # fmt: skip


def read(document: Document, file: str) -> list[Reading]:
    """A reading per workflow; a file that holds none gives one reading that says so."""
    if document.problems:
        return [Report(document).reading(file)]
    found = list(_workflows(document.data, ()))
    if not found:
        return [_no_workflow(document, file)]
    if len(found) > MAX_WORKFLOWS:
        report = Report(document)
        message = _("The file holds {count} workflows; {limit} is the most.")
        report.error((), "count", message.format(count=len(found), limit=MAX_WORKFLOWS), _("Split the file."))
        return [report.reading(file)]
    readings = []
    taken: set[str] = set()
    for value, path in found:
        report = Report(document)
        readings.append(_read_one(Place(value, path, report), file, taken, alone=len(found) == 1))
    return readings


def _workflows(value: object, path: Path) -> Iterator[tuple[object, Path]]:
    """Every object that has stages, with its path; lists and the usual wrappers are looked into."""
    if isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _workflows(entry, (*path, place))
    elif isinstance(value, dict):
        if any(key in value for key in STAGE_LISTS) or _template(value):
            yield value, path
            return
        for key in ("workflows", "workflow", "definitions"):
            yield from _workflows(value.get(key), (*path, key))


def _template(value: dict[str, object]) -> bool:
    template = value.get("template")
    return isinstance(template, dict) and any(key in template for key in STAGE_LISTS)


def _no_workflow(document: Document, file: str) -> Reading:
    report = Report(document)
    message = _("The file holds no workflow: nothing in it has stages.")
    report.warn((), "no-workflow", message, _('A workflow is an object with an "id", a "name" and "stages".'))
    return report.reading(file)


def _read_one(place: Place, file: str, taken: set[str], *, alone: bool) -> Reading:
    stem = os.path.splitext(source_of(file))[0][:NAME_LENGTH]
    fallback = _id_from(stem)
    template = place.get("template") if _template(place.value) else None
    place.note_unread(_READ | _ASIDE)
    if template:
        template.note_unread(_READ | _ASIDE)
    workflow = unwrapped(place, template, fallback) if template else unfilled(place)
    drafts = stage_reader.drafts(workflow)
    names = stage_reader.Names(drafts)
    found = ways(workflow, drafts, names)
    waiting = dependencies(drafts, names)
    name = line_of_text(workflow.get("name", "title"), "name") or stem
    definition = Definition(
        id=_workflow_id(workflow, fallback if alone else _id_from(plain(name)), taken),
        name=name,
        type=plain(line_of_text(workflow.get("type"), "type", ID_LENGTH)),
        description=paragraph(workflow.get("description"), "description"),
        source_rule=plain(line_of_text(workflow.get("source_rule"), "source_rule", SOURCE_LENGTH)) or source_of(file),
        parallel=workflow.value.get("parallel") is True,
        stages=tuple(
            stage_reader.stage(draft, order, waiting[draft.id], found.exits.get(draft.id, ""))
            for order, draft in enumerate(drafts, 1)
        ),
        transitions=tuple(found.transitions),
    )
    lines = {draft.id: place.report.line(draft.place.path) or 1 for draft in drafts}
    return place.report.reading(file, definition, lines)


def _workflow_id(workflow: Place, fallback: str, taken: set[str]) -> str:
    place = workflow.get("id")
    given = plain(line_of_text(place, "id")) if place else ""
    identifier = given
    if place is None or not given or has_placeholder(given):
        identifier = fallback
    elif not ID.fullmatch(given):
        identifier = slug(given, ID_LENGTH) or fallback
        message = _("'{given}' can't be a workflow's id; it becomes '{id}'.").format(given=label(given), id=identifier)
        place.warn("id", message, _("Write ids with a to z, 0 to 9, '-' and '_'."))
    if identifier in taken:
        message = _("Two workflows of this file have the id '{id}'.").format(id=identifier)
        (place or workflow).error("duplicate-id", message, _("Give one of them another id."))
    taken.add(identifier)
    return identifier


def _id_from(text: str) -> str:
    """A slug of any text: of a wholly Chinese one, a short digest that is always the same."""
    return slug(text, ID_LENGTH) or f"workflow-{sha1(text.encode(), usedforsecurity=False).hexdigest()[:6]}"
