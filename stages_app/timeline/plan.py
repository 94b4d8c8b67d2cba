"""What stands where in the picture of a timeline: rows, bands and marks, in pixels; knows nothing of SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple

from sessions_app.language import gettext as _
from sessions_app.words import LOOKS
from stages_app.timeline.axis import Axis, Tick
from stages_app.timeline.bands import Band, Line, Timeline
from stages_app.timeline.reading import Happening

WIDTH = 960
LABEL_WIDTH = 208
EDGE = 22
AXIS_HEIGHT = 40
ROW_HEIGHT = 40
MOST_ROWS = 40
"""The newest attempts are drawn; the table tells of all."""

_NEAR = 18
"""Pixels within which marks become one."""
_THIN = 2.0


class Stretch(NamedTuple):
    """A band: where it begins and how wide it is."""

    band: Band
    left: float
    width: float


class Mark(NamedTuple):
    """One event, or several that stand too close to each other."""

    left: float
    events: Sequence[Happening]


@dataclass(frozen=True)
class Row:
    """The session, or an attempt; ``status`` is its last one, ``ended_at`` where it ended."""

    label: str
    status: str
    stretches: Sequence[Stretch]
    marks: Sequence[Mark]
    ended_at: float | None = None


@dataclass(frozen=True)
class Plan:
    """The whole picture."""

    axis: Axis
    ticks: Sequence[Tick]
    rows: Sequence[Row]
    left_out: int = 0
    height: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "height", AXIS_HEIGHT + ROW_HEIGHT * len(self.rows) + 6)


def stage_of(stage_instance_id: str) -> tuple[str, int]:
    """The stage and the number of the attempt, as the id says them."""
    rest, _dot, number = stage_instance_id.rpartition(".")
    return rest.rpartition(".")[2], int(number)


def attempt_name(stage_instance_id: str, names: Mapping[str, str]) -> str:
    """An attempt by its stage's name, and by its number where it isn't the first."""
    stage_id, number = stage_of(stage_instance_id)
    name = names.get(stage_id, stage_id)
    return name if number == 1 else _("{name}, attempt {number}").format(name=name, number=number)


def plan(found: Timeline, events: Sequence[Happening], status: str, names: Mapping[str, str], zone: tzinfo) -> Plan:
    """Everything in its place; ``status`` is the session's."""
    end = max(found.end, max((event.at for event in events), default=found.end))
    idle = [band for band in found.bands if band.kind != "active"]
    axis = Axis(found.begin, end, idle, LABEL_WIDTH + EDGE, WIDTH - EDGE)
    drawn = found.lines[-MOST_ROWS:]
    of_rows = _by_row(events, {line.stage_instance_id for line in drawn})
    return Plan(
        axis, axis.ticks(zone), list(_rows(axis, found, drawn, of_rows, status, names)), len(found.lines) - len(drawn)
    )


def _by_row(events: Sequence[Happening], drawn: set[str]) -> dict[str, list[Happening]]:
    """The events of each row that is drawn; the others are the session's."""
    rows: dict[str, list[Happening]] = {}
    for event in events:
        key = event.stage_instance_id if event.stage_instance_id in drawn else ""
        rows.setdefault(key, []).append(event)
    return rows


def _rows(
    axis: Axis,
    found: Timeline,
    drawn: Sequence[Line],
    of_rows: Mapping[str, list[Happening]],
    status: str,
    names: Mapping[str, str],
) -> Iterator[Row]:
    marks = _marks(axis, of_rows.get("", []))
    yield Row(_("Session"), status, _stretches(axis, found.bands), marks)
    for line in drawn:
        yield Row(
            f"{LOOKS[line.status].sign} {attempt_name(line.stage_instance_id, names)}",
            line.status,
            _stretches(axis, line.bands),
            _marks(axis, of_rows.get(line.stage_instance_id, [])),
            None if line.end is None else axis.at(line.end),
        )


def _stretches(axis: Axis, bands: Sequence[Band]) -> list[Stretch]:
    """What is too short to be seen is drawn thin."""
    edges = [(band, axis.at(band.begin), axis.at(band.end)) for band in bands]
    return [Stretch(band, left, max(right - left, _THIN)) for band, left, right in edges]


def _marks(axis: Axis, events: Sequence[Happening]) -> list[Mark]:
    marks: list[tuple[float, list[Happening]]] = []
    for event in events:
        left = axis.at(event.at)
        if marks and left - marks[-1][0] < _NEAR:
            marks[-1][1].append(event)
        else:
            marks.append((left, [event]))
    return [Mark(left, group) for left, group in marks]
