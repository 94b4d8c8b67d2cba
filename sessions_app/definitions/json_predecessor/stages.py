"""The stages of one workflow: their order, their ids, and what each holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.definitions import json_source
from sessions_app.definitions.checks import ID_LENGTH, MAX_STAGES, MAX_TIMEOUT
from sessions_app.definitions.ids import unused
from sessions_app.definitions.json_predecessor.entries import checklist, deliverables, flag, names
from sessions_app.definitions.json_predecessor.place import Place, line_of_text, paragraph, plain
from sessions_app.definitions.problems import label
from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import LocalText, variants
from sessions_app.language import gettext as _
from sessions_app.text import slug

STAGE_LISTS = ("stages", "stages_data", "stages_data_raw")
NEXT_KEYS = ("next", "next_stage", "next_stages", "transitions")
DEPENDENCY_KEYS = ("depends_on", "dependencies", "prerequisites")

_ID_KEYS = ("id", "stage_id", "key")
_NAME_KEYS = ("name", "title", "label")
_ORDER_KEYS = ("order", "order_index", "position", "index")
_CHECKLIST_KEYS = ("checklist", "checklist_items", "items")
_DELIVERABLE_KEYS = ("deliverables", "deliverable", "outputs")
_EXIT_KEYS = ("exit_condition", "exit_criteria", "completion_criteria")
_ROLE_KEYS = ("roles", "role")
_TOOL_KEYS = ("tools", "tool")
_KNOWN = {
    *_ID_KEYS, *_NAME_KEYS, *_ORDER_KEYS, *_CHECKLIST_KEYS, *_DELIVERABLE_KEYS, *_EXIT_KEYS, *_ROLE_KEYS,
    *_TOOL_KEYS, *NEXT_KEYS, *DEPENDENCY_KEYS, "description", "required", "optional", "timeout",
    "created_at", "updated_at", "metadata", "status", "type",
}  # fmt: skip

ID = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{ID_LENGTH - 1}}}")


@dataclass(slots=True)
class Draft:
    """A stage on its way: where it stands, what the file calls it, and the id it gets."""

    place: Place
    given: str
    name: LocalText
    order: float | None
    id: str = ""


def drafts(workflow: Place) -> list[Draft]:
    """The stages in their order, each with its id; what makes that impossible is reported."""
    found = workflow.get(*STAGE_LISTS)
    if found is None or not isinstance(found.value, list | dict):
        _refuse(found or workflow)
        return []
    places = list(_stage_places(found))
    if not 1 <= len(places) <= MAX_STAGES:
        message = _("The workflow has {count} stages; it can have 1 to {limit}.")
        found.error(
            "count", message.format(count=len(places), limit=MAX_STAGES), _("Give it at least one, or split it.")
        )
        return []
    ordered = _in_order([draft for draft in map(_draft, places) if draft], found)
    _give_ids(ordered)
    return ordered


def stage(draft: Draft, order: int, depends_on: tuple[str, ...], exit_condition: LocalText) -> StageDefinition:
    """The finished stage; an exit condition of its own wins over the given one."""
    place = draft.place
    if isinstance(place.value, dict):
        place.note_unread(_KNOWN)
    return StageDefinition(
        id=draft.id,
        name=draft.name,
        order=order,
        description=paragraph(place.get("description"), "description"),
        required=flag(place),
        checklist=checklist(place.get(*_CHECKLIST_KEYS)),
        deliverables=deliverables(place.get(*_DELIVERABLE_KEYS)),
        depends_on=depends_on,
        exit_condition=paragraph(place.get(*_EXIT_KEYS), "exit_condition") or exit_condition,
        roles=names(place.get(*_ROLE_KEYS), "role"),
        tools=names(place.get(*_TOOL_KEYS), "tool"),
        timeout=_timeout(place.get("timeout")),
    )


class Names:
    """What the transitions of a file may call its stages."""

    def __init__(self, stages: list[Draft]) -> None:
        self._ids: dict[str, str] = {}
        for called in (
            lambda draft: [draft.id],
            lambda draft: [draft.given],
            lambda draft: variants(draft.name),
            lambda draft: [name.casefold() for name in (draft.given, *variants(draft.name))],
        ):
            for draft in stages:
                for name in called(draft):
                    self._ids.setdefault(name, draft.id)

    def find(self, name: str) -> str | None:
        """The stage's id."""
        name = name.strip()
        return self._ids.get(name) or self._ids.get(name.casefold())

    @property
    def ids(self) -> list[str]:
        """Every stage's id."""
        return list(dict.fromkeys(self._ids.values()))


def _stage_places(found: Place) -> Iterator[Place]:
    if isinstance(found.value, list):
        yield from found.entries()
        return
    for key, value in found.value.items():
        described = {"id": key, **value} if isinstance(value, dict) else {"id": key, "name": value or key}
        yield Place(described, (*found.path, key), found.report)


def _refuse(place: Place) -> None:
    fix = _('Write them as "stages": [{"id": "…", "name": "…"}].')
    encoded = json_source.parse(place.value).problems if isinstance(place.value, str) else []
    if encoded:
        message = _("The stages are JSON inside a text, and that is broken: {what}").format(what=encoded[0].message)
        place.error("syntax", message, encoded[0].fix)
    else:
        place.error("type", _("The stages must be a list."), fix)


def _draft(place: Place) -> Draft | None:
    if isinstance(place.value, str):
        place = Place({"name": place.value}, place.path, place.report)
    if not isinstance(place.value, dict):
        place.error("type", _("A stage must be an object or a name."), _('Write it as {"id": "…", "name": "…"}.'))
        return None
    given = plain(line_of_text(place.get(*_ID_KEYS), "id"))
    name = line_of_text(place.get(*_NAME_KEYS), "name") or given
    if not name:
        if not place.report.has_error(place.path):
            place.error("missing", _("The stage has neither an id nor a name."), _('Give it a "name".'))
        return None
    return Draft(place, given, name, _order(place.get(*_ORDER_KEYS)))


def _order(place: Place | None) -> float | None:
    if place is None:
        return None
    try:
        order = math.nan if isinstance(place.value, bool) else float(place.value)
    except (TypeError, ValueError):
        order = math.nan
    if math.isfinite(order):
        return order
    place.warn("order", _("The order is no number."), _("Write it as 1, 2, 3 …"))
    return None


def _in_order(found: list[Draft], holder: Place) -> list[Draft]:
    orders = [draft.order for draft in found if draft.order is not None]
    if not orders:
        return found
    if len(orders) < len(found):
        holder.warn("order", _("Not every stage has an order; they are taken as they stand."), _("Give each one."))
        return found
    if len(set(orders)) < len(orders):
        holder.warn("order", _("Some stages have the same order; those are taken as they stand."), _("Number them."))
    return sorted(found, key=lambda draft: draft.order or 0)


def _give_ids(stages: list[Draft]) -> None:
    lines: dict[str, Place] = {}
    for draft in stages:
        if draft.given in lines:
            message = _("The stage id '{id}' is used twice.").format(id=label(draft.given))
            draft.place.error("duplicate-id", message, _("Give one of them another id."))
        elif draft.given:
            lines[draft.given] = draft.place
    taken = {given for given in lines if ID.fullmatch(given)}
    for number, draft in enumerate(stages, 1):
        if draft.given in taken:
            draft.id = draft.given
            continue
        draft.id = unused(slug(draft.given or plain(draft.name), ID_LENGTH - 5) or f"stage-{number}", taken)
        taken.add(draft.id)
        if draft.given:
            message = _("'{given}' can't be a stage's id; it becomes '{id}'.").format(
                given=label(draft.given), id=draft.id
            )
            draft.place.warn("id", message, _("Write ids with a to z, 0 to 9, '-' and '_'."))


def _timeout(place: Place | None) -> int | None:
    if place is None:
        return None
    if isinstance(place.value, int) and not isinstance(place.value, bool) and 1 <= place.value <= MAX_TIMEOUT:
        return place.value
    place.warn("ignored", _("The timeout is left out."), _("Give a whole number of seconds, at least 1."))
    return None
