"""A workflow as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from wcwidth import wrap

from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.drawing.graph import Arrow, States, arrows, contents, shown, status
from sessions_app.language import gettext as _
from sessions_app.words import LOOKS

WIDTH = 80


def text(definition: Definition, states: States | None = None, *, width: int = WIDTH) -> str:
    """Stage under stage with the ways between them, at most ``width`` columns wide, ending in a newline."""
    lines = wrap(f"{shown(definition.name)} ({definition.id})", width)
    ways = [arrow for arrow in arrows(definition) if arrow.kind == "way"]
    for place, stage in enumerate(definition.stages):
        leaving = [arrow for arrow in ways if arrow.source == place]
        ends = place == len(definition.stages) - 1
        lines.append(" │" if place else "")
        lines += _stage(stage, place, status(states, stage), "   " if ends and not leaving else " │ ", width)
        lines += _ways(definition, leaving, ends, width)
    return "\n".join(lines) + "\n"


def _stage(stage: StageDefinition, place: int, state: str, rail: str, width: int) -> Iterator[str]:
    mark = LOOKS[state].mark if state else "●"
    word = f" — {_(LOOKS[state].word)}" if state else ""
    under = partial(wrap, width=width, subsequent_indent=f"{rail}      ")
    yield from under(f"{place + 1}. {shown(stage.name)} [{stage.id}]{word}", initial_indent=f"{mark} ")
    for line in _details(stage):
        yield from under(line, initial_indent=f"{rail}    ")


def _details(stage: StageDefinition) -> Iterator[str]:
    if counts := contents(stage):
        yield counts
    if stage.depends_on:
        yield _("after: {stages}").format(stages=", ".join(stage.depends_on))
    if condition := shown(stage.exit_condition):
        yield _("done when: {condition}").format(condition=condition)


def _ways(definition: Definition, leaving: list[Arrow], ends: bool, width: int) -> Iterator[str]:
    for arrow in leaving:
        final = ends and arrow is leaving[-1]
        corner, rail = (" └─", "   ") if final else (" ├─", " │ ")
        condition = f": {arrow.label}" if arrow.label else ""
        way = f"{shown(definition.stages[arrow.target].name)}{condition}"
        yield from wrap(way, width, initial_indent=f"{corner}{arrow.point} ", subsequent_indent=f"{rail}    ")
