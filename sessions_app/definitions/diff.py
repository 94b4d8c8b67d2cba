"""Two definitions of a workflow → what differs between them.  Imports no Django and says nothing in words.

Stages are told apart by their ids; one that is gone and one that is new are the same stage, renamed, when
they have the same name or do much the same.  Nothing differs exactly when both say the same in every language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sessions_app.definitions.pairing import alike_pairs, equal_pairs, moved_ids, text_likeness, with_the_others
from sessions_app.definitions.schema import Definition, StageDefinition, Transition
from sessions_app.language import LocalText, variants

Kind = Literal["added", "removed", "changed", "moved"]

ALIKE = 0.6
"""From this part of what they have in common on, two texts or two stages are the same one, changed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    ``part`` says what it is a value of (``name``, ``item``, ``depends_on`` …), ``subject`` which of several
    it is about, ``language`` in which language (empty: in all).  ``before`` and ``after`` are texts, numbers
    or booleans, of what was moved its places from 1; None where there is nothing.
    """

    kind: Kind
    part: str
    before: Any = None
    after: Any = None
    language: str = ""
    subject: LocalText = ""


@dataclass(frozen=True, slots=True)
class StageDifference:
    """What became of one stage; ``before`` is None for a new one, ``after`` for one that is gone."""

    before: StageDefinition | None
    after: StageDefinition | None
    moved: bool = False
    differences: tuple[Difference, ...] = ()

    @property
    def stage(self) -> StageDefinition:
        """The stage as it is now, or as it was last."""
        stage = self.after or self.before
        assert stage is not None, "it stands on one side at least"
        return stage

    @property
    def renamed(self) -> bool:
        """Whether it has another id now."""
        return self.before is not None and self.after is not None and self.before.id != self.after.id

    @property
    def is_same(self) -> bool:
        """Whether nothing became of it."""
        return None not in (self.before, self.after) and not (self.moved or self.renamed or self.differences)


@dataclass(frozen=True, slots=True)
class DefinitionDifference:
    """All that differs; ``stages`` has every stage of both, also those that are the same."""

    general: tuple[Difference, ...]
    stages: tuple[StageDifference, ...]
    transitions: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not self.general and not self.transitions and all(stage.is_same for stage in self.stages)


def compare(before: Definition, after: Definition) -> DefinitionDifference:
    """What changed from one to the other."""
    pairs = equal_pairs(before.stages, after.stages)
    pairs += alike_pairs(before.stages, after.stages, _likeness, ALIKE)
    now = {old.id: new.id for old, new in pairs}
    moved = moved_ids(pairs, before.stages, after.stages)
    return DefinitionDifference(
        tuple(_general(before, after)),
        tuple(_stage(old, new, now, moved) for old, new in with_the_others(pairs, before.stages, after.stages)),
        tuple(_transitions(before.transitions, after.transitions, now)),
    )


def _general(before: Definition, after: Definition) -> Iterator[Difference]:
    yield from _texts("name", before.name, after.name)
    yield from _value("type", before.type, after.type)
    yield from _texts("description", before.description, after.description)
    yield from _value("source_rule", before.source_rule, after.source_rule)
    yield from _value("parallel", before.parallel, after.parallel)


def _likeness(before: StageDefinition, after: StageDefinition) -> float:
    """How much two stages have in common: 1 with a name in common, else the part of their entries that they share."""
    if set(variants(before.name)) & set(variants(after.name)):
        return 1.0
    old, new = _contents(before), _contents(after)
    return len(old & new) / len(old | new) if old | new else 0.0


def _contents(stage: StageDefinition) -> set[str]:
    texts = (*(item.text for item in stage.checklist), *(each.name for each in stage.deliverables), stage.description)
    return {variant for text in texts for variant in variants(text) if variant}


def _stage(
    before: StageDefinition | None, after: StageDefinition | None, now: Mapping[str, str], moved: set[str]
) -> StageDifference:
    """``now`` maps the stages' former ids to those they have."""
    either = after or before
    assert either is not None, "a pair has one side at least"
    nothing = StageDefinition(id=either.id, name="", order=either.order)
    differences = tuple(_parts(before or nothing, after or nothing, now))
    return StageDifference(before, after, before is not None and either.id in moved, differences)


def _parts(before: StageDefinition, after: StageDefinition, now: Mapping[str, str]) -> Iterator[Difference]:
    yield from _texts("name", before.name, after.name)
    yield from _texts("description", before.description, after.description)
    yield from _value("required", before.required, after.required)
    needed = [now.get(stage_id, stage_id) for stage_id in before.depends_on]
    yield from _listed("depends_on", needed, after.depends_on)
    yield from _entries("item", _items(before), _items(after))
    yield from _entries("deliverable", _deliverables(before), _deliverables(after))
    yield from _texts("exit_condition", before.exit_condition, after.exit_condition)
    yield from _listed("role", before.roles, after.roles)
    yield from _listed("tool", before.tools, after.tools)
    yield from _value("timeout", before.timeout, after.timeout)
    old, new = before.lease, after.lease
    yield from _value("lease_seconds", old and old.seconds, new and new.seconds)
    yield from _value("lease_on_expiry", old and old.on_expiry, new and new.on_expiry)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item, a deliverable or a transition; ``text`` is its condition."""

    id: str
    text: LocalText
    required: bool = True


def _items(stage: StageDefinition) -> list[_Entry]:
    return [_Entry(item.id, item.text, item.required) for item in stage.checklist]


def _deliverables(stage: StageDefinition) -> list[_Entry]:
    return [_Entry(each.id, each.name, each.required) for each in stage.deliverables]


def _entries(part: str, before: Sequence[_Entry], after: Sequence[_Entry]) -> Iterator[Difference]:
    """The same by their ids, which are made of their texts where none was given; so else by a like text."""
    pairs = equal_pairs(before, after)
    pairs += alike_pairs(before, after, _entry_likeness, ALIKE)
    moved = moved_ids(pairs, before, after)
    for old, new in with_the_others(pairs, before, after):
        if old and new:
            yield from _entry(part, old, new)
            if new.id in moved:
                yield _moved(part, before.index(old), after.index(new), new.text)
        else:
            yield _only(part, old.text if old else None, new.text if new else None)


def _entry_likeness(before: _Entry, after: _Entry) -> float:
    return max(
        text_likeness(_in(before.text, language), _in(after.text, language))
        for language in _languages(before.text, after.text)
    )


def _entry(part: str, before: _Entry, after: _Entry) -> Iterator[Difference]:
    texts = list(_texts(part, before.text, after.text))
    yield from texts
    if before.required != after.required:
        yield Difference("changed", "required", before.required, after.required, subject=after.text)
    # Where the text gives the id, its change is told already.
    if before.id != after.id and not texts:
        yield Difference("changed", "id", before.id, after.id, subject=after.text)


def _transitions(
    before: Iterable[Transition], after: Iterable[Transition], now: Mapping[str, str]
) -> Iterator[Difference]:
    """Ways are the same by their ends, and by which of several with these ends they are."""
    old, new = _ways(before, now), _ways(after, {})
    pairs = equal_pairs(old, new)
    moved = moved_ids(pairs, old, new)
    for was, way in with_the_others(pairs, old, new):
        either = way or was
        assert either is not None, "a pair has one side at least"
        ends = either.id.partition("#")[0]
        if was is None or way is None:
            yield _only("transition", was.text if was else None, way.text if way else None, ends)
            continue
        yield from _texts("condition", was.text, way.text, ends)
        if way.id in moved:
            yield _moved("transition", old.index(was), new.index(way), ends)


def _ways(transitions: Iterable[Transition], now: Mapping[str, str]) -> list[_Entry]:
    counts: dict[str, int] = {}
    ways = []
    for way in transitions:
        ends = f"{now.get(way.source, way.source)} → {now.get(way.target, way.target)}"
        counts[ends] = counts.get(ends, 0) + 1
        ways.append(_Entry(f"{ends}#{counts[ends]}", way.condition))
    return ways


def _listed(part: str, before: Sequence[LocalText], after: Sequence[LocalText]) -> Iterator[Difference]:
    """Of a list of texts or ids; when none is gone or new, their order may differ."""
    gone, new = [each for each in before if each not in after], [each for each in after if each not in before]
    yield from (_only(part, each, None) for each in gone)
    yield from (_only(part, None, each) for each in new)
    if not gone and not new and list(before) != list(after):
        yield Difference("moved", part)


def _moved(part: str, before: int, after: int, subject: LocalText) -> Difference:
    """People count places from 1."""
    return Difference("moved", part, before + 1, after + 1, subject=subject)


def _only(part: str, before: LocalText | None, after: LocalText | None, subject: str = "") -> Difference:
    """What stands on one side alone."""
    return Difference("removed" if after is None else "added", part, before, after, subject=subject)


def _texts(part: str, before: LocalText, after: LocalText, subject: str = "") -> Iterator[Difference]:
    for language in _languages(before, after):
        yield from _value(part, _in(before, language), _in(after, language), language, subject)


def _value(part: str, before: Any, after: Any, language: str = "", subject: str = "") -> Iterator[Difference]:
    """None and an empty text are nothing."""
    old, new = (None if value == "" else value for value in (before, after))
    if old != new:
        kind: Kind = "added" if old is None else "removed" if new is None else "changed"
        yield Difference(kind, part, old, new, language, subject)


def _languages(*texts: LocalText) -> list[str]:
    """Those of the texts; one that has none stands for every language."""
    return list(dict.fromkeys(key for text in texts if isinstance(text, Mapping) for key in text)) or [""]


def _in(text: LocalText, language: str) -> str:
    return text if isinstance(text, str) else text.get(language, "")
