"""Ticking items, adding items, handing in deliverables: work inside one attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sessions_app import verbs as session_verbs
from sessions_app.change import Change, NothingToDo
from sessions_app.exceptions import Ambiguous, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import variants
from sessions_app.masking import mask_text, shown, unmask
from sessions_app.rows import table
from sessions_app.states import Level
from sessions_app.text import clean_json_object, clean_name, is_reference, slug, visible
from stages_app import leases
from stages_app.machine import OPEN
from stages_app.models import StageInstance, StageItem
from stages_app.refusals import illegal_stage_verb
from stages_app.states import StageStatus
from stages_app.verbs import column_changes

ITEM_LENGTH = 1_000
ITEMS_AT_MOST = 500


def set_done(change: Change, stage_instance: StageInstance, references: Sequence[str], *, done: bool) -> None:
    """Tick items (or take the ticks back); those that stand so already are left alone."""
    leases.admit(change, stage_instance)
    refuse_unless_worked_on(change, stage_instance, "tick")
    wanted = {item.pk: item for item in _find_items(stage_instance, references)}
    moving = [item for item in wanted.values() if item.is_done != done]
    if not moving:
        raise NothingToDo
    for item in moving:
        item.is_done = done
        item.done_at = change.now if done else None
        item.done_by = change.actor.username if done else ""
        table(StageItem).update(item, ["is_done", "done_at", "done_by"], {})
        change.record(
            "item.done" if done else "item.reopened",
            {f"items.{item.item_id}.done": (not done, done)},
            stage_instance_id=stage_instance.pk,
            level=Level.DEBUG,
        )


def _find_items(stage_instance: StageInstance, references: Sequence[str]) -> list[StageItem]:
    """The items that are meant; programs name one by its id, which spares reading them all."""
    if len(references) == 1 and is_reference(references[0]):
        exact = table(StageItem).select("stage_instance_id = %s AND item_id = %s", [stage_instance.pk, references[0]])
        if exact:
            return exact
    items = table(StageItem).select("stage_instance_id = %s ORDER BY number", [stage_instance.pk])
    return [find_item(stage_instance, items, reference) for reference in references]


def find_item(stage_instance: StageInstance, items: Sequence[StageItem], reference: object) -> StageItem:
    """The item that is meant: its id, its number, or a unique beginning of its text."""
    text = str(reference).strip()
    exact = [item for item in items if item.item_id == text] or [item for item in items if str(item.number) == text]
    found = exact or [item for item in items if _begins(item, text)]
    if len(found) == 1:
        return found[0]
    known = [{"id": item.item_id, "number": item.number, "text": item.display_text} for item in found or items]
    listed = "; ".join(f"{item['number']}. {item['text']}" for item in known)
    if found:
        raise Ambiguous(
            _("{reference} fits several items: {items}.").format(reference=text, items=listed),
            fix=_("Use the number or the id."),
            kind="item",
            candidates=known,
        )
    raise NotFound(
        _("The stage {stage} has no item {reference}.").format(stage=stage_instance.stage_id, reference=text or "''"),
        fix=_("Its items: {items}.").format(items=listed) if known else _("It has no items; add one."),
        kind="item",
        stage_instance_id=stage_instance.pk,
        items=known,
    )


def add(change: Change, stage_instance: StageInstance, text: str, *, required: bool) -> StageItem:
    """Add an item to this attempt; later attempts get it too, the definition doesn't."""
    leases.admit(change, stage_instance)
    if stage_instance.status not in OPEN:
        raise illegal_stage_verb(stage_instance, "add")
    session_verbs.refuse_if_ended(change.flow_session, "add")
    text = unmask(clean_name(text, _("item"), limit=ITEM_LENGTH), "", "text")
    taken = list(
        StageItem.objects.filter(stage_instance=stage_instance).order_by("number").values_list("number", "item_id")
    )
    if len(taken) >= ITEMS_AT_MOST:
        raise InvalidInput(
            _("The stage {stage} has {count} items already; that is the most.").format(
                stage=stage_instance.stage_id, count=len(taken)
            ),
            fix=_("Put the rest into another stage."),
        )
    number = taken[-1][0] + 1 if taken else 1
    item = StageItem(
        stage_instance=stage_instance,
        item_id=_new_item_id(text, number, {item_id for _number, item_id in taken}),
        number=number,
        text=text,
        is_required=required,
        is_added=True,
    )
    table(StageItem).insert([item])
    change.record(
        "item.added",
        {f"items.{item.item_id}": (None, {"number": number, "text": text, "required": required})},
        stage_instance_id=stage_instance.pk,
        level=Level.DEBUG,
    )
    return item


def warn_unknown(change: Change, stage_instance: StageInstance, given: Mapping[str, Any]) -> None:
    """A deliverable that the stage's definition doesn't name may be mistyped; one without a list takes any."""
    definition = stage_instance.definition
    known = [deliverable.id for deliverable in definition.deliverables] if definition else []
    unknown = [key for key in given if _deliverable_id(stage_instance, key) not in known]
    if known and unknown:
        change.warnings.append(
            _("The stage {stage} doesn't ask for {names}; it asks for: {known}.").format(
                stage=stage_instance.stage_id, names=", ".join(map(shown, unknown)), known=", ".join(known)
            )
        )


def merged_deliverables(stage_instance: StageInstance, given: Mapping[str, Any]) -> dict[str, Any]:
    """The stage's deliverables with ``given`` added, each under the id that its name means."""
    if not isinstance(given, Mapping):
        raise InvalidInput(_("The deliverables must be a mapping."), fix=_('Give them as {"name": …}.'))
    named = _named(stage_instance, given)
    empty = [key for key, value in named.items() if value in (None, "")]
    if empty:
        raise InvalidInput(
            _("These deliverables are empty: {names}.").format(names=", ".join(empty)),
            fix=_("Give each a value, such as a link, a path or a text."),
            names=empty,
        )
    before, what = stage_instance.deliverables, _("deliverables")
    return clean_json_object({**before, **unmask(clean_json_object(named, what), before)}, what)


def _named(stage_instance: StageInstance, given: Mapping[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for key, value in given.items():
        deliverable_id = _deliverable_id(stage_instance, key)
        if deliverable_id in named:
            raise InvalidInput(
                _("The deliverable {name} is given twice.").format(name=visible(mask_text(deliverable_id))),
                fix=_("Give it once: its id and its names mean the same."),
            )
        named[deliverable_id] = value
    return named


def add_deliverables(change: Change, stage_instance: StageInstance, given: Mapping[str, Any]) -> None:
    """Hand in deliverables; a value given before is replaced."""
    leases.admit(change, stage_instance)
    refuse_unless_worked_on(change, stage_instance, "deliver")
    before = stage_instance.deliverables
    after = merged_deliverables(stage_instance, given)
    if after == before:
        raise NothingToDo
    warn_unknown(change, stage_instance, given)
    stage_instance.deliverables = after
    table(StageInstance).update(stage_instance, ["deliverables"], {"status": stage_instance.status})
    changes = column_changes({"deliverables": before}, stage_instance)
    change.record("deliverable.added", changes, stage_instance_id=stage_instance.pk)


def refuse_unless_worked_on(change: Change, stage_instance: StageInstance, verb: str) -> None:
    """Items and deliverables belong to an active stage of an active session."""
    session_verbs.refuse_unless_active(change.flow_session, verb)
    if stage_instance.status != StageStatus.ACTIVE:
        raise illegal_stage_verb(stage_instance, verb)


def _begins(item: StageItem, text: str) -> bool:
    """Whether the text begins so as it is shown: an answer to a guess must not give away what is masked in it."""
    wanted = text.casefold()
    return bool(wanted) and any(mask_text(shown).casefold().startswith(wanted) for shown in variants(item.text))


def _new_item_id(text: str, number: int, taken: set[str]) -> str:
    shown = mask_text(text)
    base = (slug(shown) if shown.isascii() else "") or f"item-{number}"
    candidate, tail = base, 2
    while candidate in taken:
        candidate, tail = f"{base}-{tail}", tail + 1
    return candidate


def _deliverable_id(stage_instance: StageInstance, key: object) -> str:
    """The id of the deliverable that ``key`` names, in any language; else ``key`` itself."""
    text = clean_name(key, _("deliverable"))
    definition = stage_instance.definition
    known = definition.deliverables if definition else ()
    exact = [d.id for d in known if text == d.id or text in variants(d.name)]
    return exact[0] if exact else text
