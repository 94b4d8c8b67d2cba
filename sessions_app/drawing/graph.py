"""What every picture shows: the arrows between stages, the states and the words for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.language import LocalText, localised, ngettext
from sessions_app.language import gettext as _
from sessions_app.text import visible

States = Mapping[str, str]
Path = Sequence[str]
"""The stages that a session began, in the order in which it did: one again for each further attempt."""
Kind = Literal["order", "needs", "way", "jump"]

MOST_ARROWS = 300
"""More in one picture would hide one another, and make it large."""

# Two characters that no XML, and so no SVG, may hold.
_NO_CHARACTER = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one stage to another, by their places from 0; ``label`` is the condition.

    ``taken`` are the visits of a session's path that it led to, from 1.  A ``jump`` is in the path alone.
    """

    source: int
    target: int
    kind: Kind
    label: str = ""
    taken: tuple[int, ...] = ()

    @property
    def back(self) -> bool:
        """Whether it leads to an earlier stage, or to the same one."""
        return self.target <= self.source

    @property
    def point(self) -> str:
        """Where it points in a picture that is read from top to bottom."""
        if self.target == self.source:
            return "↻"
        return "↑" if self.back else "↓"


def arrows(definition: Definition) -> list[Arrow]:
    """A transition or a dependency for each pair of stages; the order where neither leads on to a stage."""
    places = {stage.id: place for place, stage in enumerate(definition.stages)}
    labels: dict[tuple[int, int], list[str]] = {}
    for transition in definition.transitions:
        pair = places[transition.source], places[transition.target]
        labels.setdefault(pair, []).append(shown(transition.condition))
    found = {pair: Arrow(*pair, "way", " / ".join(filter(None, texts))) for pair, texts in labels.items()}
    for place, stage in enumerate(definition.stages):
        for needed in stage.depends_on:
            pair = places[needed], place
            found.setdefault(pair, Arrow(*pair, "needs"))
    if not definition.parallel:
        entered = {arrow.target for arrow in found.values() if not arrow.back}
        for place in range(1, len(places)):
            if place not in entered:
                found[place - 1, place] = Arrow(place - 1, place, "order")
    return sorted(found.values(), key=lambda arrow: (arrow.source, arrow.target))


def with_path(definition: Definition, path: Path) -> list[Arrow]:
    """The arrows, with those that the path took; where several stages are done at once, none is added."""
    found = {(arrow.source, arrow.target): arrow for arrow in arrows(definition)}
    places = {stage.id: place for place, stage in enumerate(definition.stages)}
    visited = [(number, places[stage_id]) for number, stage_id in enumerate(path, 1) if stage_id in places]
    for (_number, source), (number, target) in pairwise(visited):
        if definition.parallel and (source, target) not in found:
            continue
        arrow = found.get((source, target)) or Arrow(source, target, "jump")
        found[source, target] = replace(arrow, taken=(*arrow.taken, number))
    return sorted(found.values(), key=lambda arrow: (arrow.source, arrow.target))


def most_telling(found: Sequence[Arrow], most: int = MOST_ARROWS) -> list[Arrow]:
    """As many as a picture bears: those that were taken, then ways and order before dependencies, the short first."""
    ordered = sorted(
        found, key=lambda arrow: (not arrow.taken, arrow.kind == "needs", abs(arrow.target - arrow.source))
    )
    return sorted(ordered[:most], key=lambda arrow: (arrow.source, arrow.target))


def numbers(visits: Sequence[int], most: int = 3) -> str:
    """«1, 4»; of many the first and the last."""
    told = [str(number) for number in visits]
    return ", ".join(told if len(told) <= most else [*told[: most - 1], "…", told[-1]])


def status(states: States | None, stage: StageDefinition) -> str:
    """The stage's status; empty when no session is shown."""
    return "" if not states else states.get(stage.id) or "PENDING"


def shown(text: LocalText) -> str:
    """A text in the current language, on one line, with nothing in it that could do harm."""
    return _NO_CHARACTER.sub("�", visible(" ".join(localised(text).split())))


def contents(stage: StageDefinition) -> str:
    """«6 items · 1 deliverable»; empty for a stage that has neither."""
    items, deliverables = len(stage.checklist), len(stage.deliverables)
    counts = [
        ngettext("{count} item", "{count} items", items).format(count=items) if items else "",
        ngettext("{count} deliverable", "{count} deliverables", deliverables).format(count=deliverables)
        if deliverables
        else "",
        "" if stage.required else _("optional"),
    ]
    return " · ".join(filter(None, counts))
