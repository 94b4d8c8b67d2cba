"""What definitions say and in what they differ, as pages show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from django.utils import translation

from sessions_app import durations
from sessions_app.definitions.diff import DefinitionDifference, Difference, StageDifference
from sessions_app.definitions.schema import Definition
from sessions_app.language import current, localised, ngettext, noop
from sessions_app.language import gettext as _
from sessions_app.listing import MOST_NAMED, more_than
from sessions_app.representation import definition_json
from sessions_app.text import visible

_WORDS = re.compile(r"[^\W\u3040-\u9fff\uac00-\ud7af]+|\s+|.", re.DOTALL)

_MOST_WORDS = 600
"""Of texts with more, the differing words are not looked for."""

_MOST_ROWS = 600
"""How many differences of stages are shown, and of transitions."""

_FEWEST_ROWS = 3
"""How many of each stage are shown, however many stages differ."""

_PARTS = {
    "name": noop("Name"),
    "type": noop("Type"),
    "description": noop("Description"),
    "source_rule": noop("Source"),
    "parallel": noop("Order"),
    "required": noop("Needed"),
    "id": noop("Id"),
    "depends_on": noop("Comes after"),
    "item": noop("Item"),
    "deliverable": noop("Deliverable"),
    "exit_condition": noop("Exit condition"),
    "role": noop("Role"),
    "tool": noop("Tool"),
    "timeout": noop("Time limit"),
    "lease_seconds": noop("Claims last"),
    "lease_on_expiry": noop("After a lost claim"),
    "transition": noop("Transition"),
    "condition": noop("Condition"),
}

AFTER_EXPIRY = {
    "keep": noop("the stage stays as it is"),
    "pause": noop("the stage is paused"),
    "fail": noop("the stage fails"),
}

_KINDS = {
    "added": ("+", noop("new here")),
    "removed": ("−", noop("gone")),
    "changed": ("~", noop("changed")),
    "moved": ("↕", noop("moved")),
    "renamed": ("~", noop("renamed")),
}


class Segment(NamedTuple):
    """A part of a text; ``differs``: the other side has something else there, or nothing."""

    text: str
    differs: bool


class Row(NamedTuple):
    """One difference in words: a sign and its word, what it is about, and both sides."""

    kind: str
    sign: str
    word: str
    what: str
    subject: str
    before: list[Segment]
    after: list[Segment]


class Section(NamedTuple):
    """One stage: its name and id, what became of it in words, and the differences; ``more`` tells of others."""

    kind: str
    title: str
    id: str
    told: list[str]
    rows: list[Row]
    more: str


class Comparison(NamedTuple):
    """Two definitions side by side; ``unchanged`` names the stages that are the same."""

    summary: list[str]
    general: list[Row]
    stages: list[Section]
    transitions: list[Row]
    more_transitions: str
    unchanged: list[str]


def lines_visible(value: Any) -> Any:
    """JSON data with every text safe to show; texts keep their lines."""
    if isinstance(value, str):
        return "\n".join(map(visible, value.split("\n")))
    if isinstance(value, Mapping):
        return {key: lines_visible(each) for key, each in value.items()}
    return [lines_visible(each) for each in value] if isinstance(value, list) else value


def described(definition: Definition, stage_lines: dict[str, int] | None = None) -> dict[str, Any]:
    """A definition for its page: each stage with the ways that leave it, and names of the stages it comes after."""
    told: dict[str, Any] = lines_visible(definition_json(definition, stage_lines))
    names = {stage["id"]: stage["name"] for stage in told["stages"]}
    leaving: dict[str, list[dict[str, Any]]] = {}
    for way in told["transitions"]:
        leaving.setdefault(way["from"], []).append(way)
    for stage in told["stages"]:
        needed, ways = stage["depends_on"], leaving.get(stage["id"], [])
        stage["after"] = [{"id": each, "name": names[each]} for each in needed[:MOST_NAMED]]
        stage["more_after"] = more_than(len(needed))
        stage["ways"] = [{**way, "name": names[way["to"]]} for way in ways[:MOST_NAMED]]
        stage["more_ways"] = more_than(len(ways))
        ending = stage["lease"] and stage["lease"]["on_expiry"]
        stage["after_lease"] = _(AFTER_EXPIRY[ending]) if ending else ""
    return told


def compared(found: DefinitionDifference) -> Comparison:
    """The differences in words."""
    changed = [stage for stage in found.stages if not stage.is_same]
    most = max(_FEWEST_ROWS, _MOST_ROWS // max(len(changed), 1))
    return Comparison(
        summary=list(_summary(found)),
        general=[_row(each) for each in found.general],
        stages=[_section(stage, found.stages, most) for stage in changed],
        transitions=[_row(each) for each in found.transitions[:_MOST_ROWS]],
        more_transitions=more_than(len(found.transitions), _MOST_ROWS),
        unchanged=[_name(stage) for stage in found.stages if stage.is_same],
    )


def _summary(found: DefinitionDifference) -> Iterator[str]:
    new = sum(stage.before is None for stage in found.stages)
    gone = sum(stage.after is None for stage in found.stages)
    changed = sum(not stage.is_same for stage in found.stages) - new - gone
    if new:
        yield ngettext("{count} new stage", "{count} new stages", new).format(count=new)
    if gone:
        yield ngettext("{count} stage removed", "{count} stages removed", gone).format(count=gone)
    if changed:
        yield ngettext("{count} stage changed", "{count} stages changed", changed).format(count=changed)
    ways = len(found.transitions)
    if ways:
        yield ngettext("{count} transition differs", "{count} transitions differ", ways).format(count=ways)
    if found.general:
        yield _("general facts changed")


def _section(stage: StageDifference, every: Iterable[StageDifference], most: int) -> Section:
    kind = "added" if stage.before is None else "removed" if stage.after is None else "changed"
    told = list(stage.differences if kind == "changed" else _in_one_language(stage.differences))
    rows = [_row(each) for each in told[:most]]
    return Section(kind, _name(stage), stage.stage.id, list(_fate(stage, every)), rows, more_than(len(told), most))


def _in_one_language(differences: Iterable[Difference]) -> Iterator[Difference]:
    """What is new or gone as a whole is shown in the reader's language, or in the first that it has."""
    every = list(differences)
    chosen = {each.part: each for each in reversed(every) if each.language}
    chosen |= {each.part: each for each in every if each.language == current()}
    return (each for each in every if not each.language or each is chosen[each.part])


def _fate(stage: StageDifference, every: Iterable[StageDifference]) -> Iterator[str]:
    """What became of the stage itself, each with its sign."""
    if stage.before is None or stage.after is None:
        sign, word = _KINDS["added" if stage.after else "removed"]
        yield f"{sign} {_(word)}"
        return
    if stage.renamed:
        yield "~ " + _("renamed: its id was {id}").format(id=visible(stage.before.id))
    if stage.moved:
        places = _("moved from place {before} to {after}").format(before=stage.before.order, after=stage.after.order)
        yield f"↕ {places}"


def _name(stage: StageDifference) -> str:
    return visible(localised(stage.stage.name))


def _row(difference: Difference) -> Row:
    sign, word = _KINDS[difference.kind]
    what = _(_PARTS[difference.part])
    if difference.language:
        what = _("{what} ({language})").format(what=what, language=_language(difference.language))
    sides = (difference.before, difference.after)
    if difference.kind == "moved":
        before, after = (_whole(_place(place), differs=False) for place in sides)
    else:
        before, after = segments(*(_value(difference.part, side) for side in sides))
    return Row(difference.kind, sign, _(word), what, visible(localised(difference.subject)), before, after)


def _place(number: int | None) -> str:
    return "" if number is None else _("place {number}").format(number=number)


def _language(code: str) -> str:
    try:
        return str(translation.get_language_info(code)["name_local"])
    except KeyError:
        return visible(code)


def _value(part: str, value: Any) -> str:
    """One side of a difference as people read it; empty where there is nothing."""
    if value is None:
        return ""
    if part == "required":
        return _("required") if value else _("optional")
    if part == "parallel":
        return _("parallel") if value else _("one stage after the other")
    if part in ("timeout", "lease_seconds"):
        return durations.in_words(value)
    if part == "lease_on_expiry":
        return _(AFTER_EXPIRY[value])
    return str(lines_visible(localised(value)))


def segments(before: str, after: str) -> tuple[list[Segment], list[Segment]]:
    """Both texts in parts, so that what differs can be marked; a text without a counterpart is one part."""
    if not before or not after:
        return _whole(before), _whole(after)
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return _whole(before), _whole(after)
    left: list[Segment] = []
    right: list[Segment] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left += _whole("".join(old[i1:i2]), differs=kind != "equal")
        right += _whole("".join(new[j1:j2]), differs=kind != "equal")
    return left, right


def _whole(text: str, *, differs: bool = True) -> list[Segment]:
    return [Segment(text, differs)] if text else []
