"""A plan → a definition: ids, cleaned texts, limits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sessions_app.definitions.checks import ID_LENGTH, ITEM_LENGTH, MAX_ENTRIES, MAX_STAGES, MAX_TRANSITIONS
from sessions_app.definitions.ids import item_ids, unused
from sessions_app.definitions.problems import label
from sessions_app.definitions.rules.document import Document
from sessions_app.definitions.rules.plan import Draft, Noted, Plan
from sessions_app.definitions.rules.wording import optional, plain
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    Problem,
    Reading,
    StageDefinition,
    Transition,
)
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import clean_name, clean_text, slug

_TYPE = "rule"


def assemble(reading: Reading, plan: Plan, document: Document, values: Mapping[str, str], basename: str) -> None:
    """Put the definition, its lines and its problems into ``reading``."""
    reading.errors += limit_errors(plan)
    if reading.errors:
        return
    definition = _Assembler(reading).definition(plan, document, values, basename)
    if not reading.errors:
        reading.definition = definition
        lines = [draft.line for draft in plan.stages]
        reading.stage_lines = {stage.id: line for stage, line in zip(definition.stages, lines, strict=True)}


def limit_errors(plan: Plan) -> list[Problem]:
    """An error for each thing that there are too many of."""
    found = _excess(len(plan.stages), MAX_STAGES, _("stages"), plan.line)
    found += _excess(len(plan.links), MAX_TRANSITIONS, _("transitions"), plan.line)
    for draft in plan.stages:
        found += _excess(len(draft.checklist), MAX_ENTRIES, _("items"), draft.line)
        found += _excess(len(draft.deliverables), MAX_ENTRIES, _("deliverables"), draft.line)
    return found


def _excess(count: int, most: int, what: str, line: int) -> list[Problem]:
    if count <= most:
        return []
    message = _("There are {count} {what}; {most} are the most.").format(count=count, what=what, most=most)
    return [Problem("too-many", message, line, fix=_("Split the workflow."))]


class _Assembler:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def definition(self, plan: Plan, document: Document, values: Mapping[str, str], basename: str) -> Definition:
        ids = stage_ids(plan.stages)
        self._warn_same_names(plan.stages)
        stages = tuple(self._stage(draft, ids[place], place + 1) for place, draft in enumerate(plan.stages))
        return Definition(
            id=_workflow_id(document.stem, values.get("id", "")),
            name=self._name(values.get("name") or _title(document, plan) or document.stem, _("name"), 1),
            stages=stages,
            type=self._name(values.get("type") or _TYPE, _("type"), 1),
            description=self._text(values.get("description", ""), _("description"), 1),
            source_rule=self._name(basename, _("file name"), 1),
            transitions=self._transitions(plan, ids),
        )

    def _stage(self, draft: Draft, stage_id: str, order: int) -> StageDefinition:
        line = draft.line
        return StageDefinition(
            id=stage_id,
            name=self._name(draft.name, _("stage's name"), line),
            order=order,
            description=self._text("\n".join(draft.description), _("stage's description"), line),
            required=draft.required,
            checklist=self._items(draft.checklist),
            deliverables=self._deliverables(draft.deliverables),
            exit_condition=self._text("；".join(draft.exit_condition), _("exit condition"), line),
            roles=self._names(draft.roles, _("role")),
            tools=self._names(draft.tools, _("tool")),
        )

    def _items(self, notes: Sequence[Noted]) -> tuple[ChecklistItem, ...]:
        texts = [(*optional(note.text), note.line) for note in notes if note.text]
        ids = item_ids([(None, text) for text, _optional, _line in texts])
        return tuple(
            ChecklistItem(item_id, self._name(text, _("item"), line, ITEM_LENGTH), not is_optional)
            for item_id, (text, is_optional, line) in zip(ids, texts, strict=True)
        )

    def _deliverables(self, notes: Sequence[Noted]) -> tuple[Deliverable, ...]:
        found: dict[str, Deliverable] = {}
        for note in notes:
            text, is_optional = optional(note.text)
            name = self._name(text, _("deliverable"), note.line)
            if name in found:
                message = _("The deliverable “{name}” is named twice; it is taken once.").format(name=label(name))
                self.reading.warnings.append(Problem("duplicate", message, note.line))
            found.setdefault(name, Deliverable(name, name, not is_optional))
        return tuple(found.values())

    def _transitions(self, plan: Plan, ids: Sequence[str]) -> tuple[Transition, ...]:
        made = [
            Transition(ids[link.source], ids[link.target], self._text(link.condition, _("condition"), link.line))
            for link in plan.links
        ]
        return tuple(dict.fromkeys(made))

    def _names(self, notes: Sequence[Noted], what: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._name(note.text, what, note.line) for note in notes))

    def _name(self, text: str, what: str, line: int, limit: int = 200) -> str:
        return self._cleaned(lambda: clean_name(text, what, limit=limit), line)

    def _text(self, text: str, what: str, line: int) -> str:
        return self._cleaned(lambda: clean_text(text, what), line)

    def _cleaned(self, clean: Callable[[], str], line: int) -> str:
        try:
            return clean()
        except InvalidInput as error:
            self.reading.errors.append(Problem("text", error.message, line, fix=error.fix))
            return ""

    def _warn_same_names(self, drafts: Sequence[Draft]) -> None:
        counts = Counter(draft.name for draft in drafts)
        for draft in drafts:
            if counts.pop(draft.name, 1) > 1:
                message = _("Several stages have the name “{name}”.").format(name=label(draft.name))
                self.reading.warnings.append(Problem("duplicate-name", message, draft.line, fix=_("Rename them.")))


def stage_ids(drafts: Sequence[Draft]) -> list[str]:
    """One id per stage: the ASCII part of its key or name as a slug, else ``stage-<n>``."""
    taken: set[str] = set()
    ids = []
    for number, draft in enumerate(drafts, 1):
        own = slug(draft.key) or ("" if draft.key and not draft.name else slug(draft.name))
        ids.append(unused(own or f"stage-{number}", taken))
        taken.add(ids[-1])
    return ids


def _workflow_id(stem: str, given: str) -> str:
    """The front matter's id, else the file's stem, as a slug; a wholly Chinese stem gives a stable number."""
    digest = hashlib.sha1(stem.encode(), usedforsecurity=False).hexdigest()[:6]
    return slug(given, ID_LENGTH) or slug(stem, ID_LENGTH) or f"workflow-{digest}"


def _title(document: Document, plan: Plan) -> str:
    title = document.title
    return plain(title.raw) if title and title.line not in {draft.line for draft in plan.stages} else ""
