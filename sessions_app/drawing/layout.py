"""Where everything stands in the SVG, in pixels; knows nothing of SVG itself."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from wcwidth import wrap

from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.drawing.graph import Arrow, Path, States, contents, most_telling, numbers, shown, status, with_path
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.listing import more_than, some_of
from sessions_app.words import LOOKS

MARGIN = 20
BOX_WIDTH = 400
PADDING = 14
SIGN_WIDTH = 34
VISITS_WIDTH = 70
TITLE_HEIGHT = 21
LINE_HEIGHT = 18
HEADING_HEIGHT = 28
GAP = 34
LANE_WIDTH = 16
MOST_LANES = 12
MOST_WAYS = 8
"""How many of the ways that leave a stage its box names."""

Span = tuple[float, float]

# A column is half a Chinese character; Latin letters are narrower on average.
_HEADING_COLUMN, _TITLE_COLUMN, _TEXT_COLUMN = 11.5, 9.2, 6.9
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A stage: its title and the lines under it, already wrapped; ``visits`` are the numbers of those of a path."""

    title: list[str]
    lines: list[str]
    state: str
    top: int
    visits: str = ""

    @property
    def height(self) -> int:
        """From the upper edge to the lower."""
        return 2 * PADDING + TITLE_HEIGHT * len(self.title) + LINE_HEIGHT * len(self.lines) - 4

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Lane:
    """An arrow beside the boxes: on which side, how far out, and the heights where it leaves and arrives."""

    arrow: Arrow
    number: int
    start: float
    end: float


@dataclass(frozen=True)
class Layout:
    """A whole picture: boxes from top to bottom, arrows between neighbours, lanes at both sides."""

    heading: list[str]
    note: list[str]
    boxes: list[Box]
    straight: list[tuple[Arrow, list[str]]]
    left: list[Lane]
    right: list[Lane]

    @cached_property
    def box_left(self) -> int:
        """The left edge of every box."""
        return MARGIN + _lanes_width(self.left)

    @property
    def box_right(self) -> int:
        """The right edge of every box."""
        return self.box_left + BOX_WIDTH

    @property
    def width(self) -> int:
        """Of the picture."""
        return self.box_right + _lanes_width(self.right) + MARGIN

    @property
    def height(self) -> int:
        """Of the picture."""
        return self.boxes[-1].bottom + MARGIN


def layout(definition: Definition, states: States | None, path: Path = ()) -> Layout:
    """Everything in its place."""
    heading = _wrap(shown(definition.name), BOX_WIDTH, _HEADING_COLUMN)
    every = with_path(definition, path)
    drawn = most_telling(every)
    note = _wrap(_not_drawn(len(every) - len(drawn)), BOX_WIDTH, _TEXT_COLUMN)
    straight = {arrow.source: arrow for arrow in drawn if arrow.target == arrow.source + 1}
    labels = {place: _wrap(arrow.label, BOX_WIDTH // 2, _TEXT_COLUMN) for place, arrow in straight.items()}
    leaving = {source: list(group) for source, group in groupby(every, lambda arrow: arrow.source)}
    boxes: list[Box] = []
    top = MARGIN + HEADING_HEIGHT * len(heading) + LINE_HEIGHT * len(note) + 10
    for place, stage in enumerate(definition.stages):
        beyond = [arrow for arrow in leaving.get(place, []) if arrow.target != place + 1]
        visits = [number for number, stage_id in enumerate(path, 1) if stage_id == stage.id]
        boxes.append(_box(definition, stage, beyond, status(states, stage), visits, top))
        top = boxes[-1].bottom + GAP + LINE_HEIGHT * max(0, len(labels.get(place, [])) - 1)
    beside = [arrow for arrow in drawn if arrow.target != arrow.source + 1]
    return Layout(
        heading=heading,
        note=note,
        boxes=boxes,
        straight=[(arrow, labels[place]) for place, arrow in straight.items()],
        left=_lanes([arrow for arrow in beside if not arrow.back], boxes),
        right=_lanes([arrow for arrow in beside if arrow.back], boxes),
    )


def _box(
    definition: Definition, stage: StageDefinition, leaving: list[Arrow], state: str, visits: list[int], top: int
) -> Box:
    room = BOX_WIDTH - 2 * PADDING - SIGN_WIDTH
    facts = [stage.id, _(LOOKS[state].word) if state else "", contents(stage), _attempts(len(visits))]
    lines = _wrap(" · ".join(filter(None, facts)), room, _TEXT_COLUMN)
    ways = [arrow for arrow in leaving if arrow.kind == "way"]
    for arrow in ways[:MOST_WAYS]:
        condition = f": {arrow.label}" if arrow.label else ""
        way = f"{arrow.point} {shown(definition.stages[arrow.target].name)}{condition}"
        lines += _wrap(way, room, _TEXT_COLUMN)
    lines += _wrap(more_than(len(ways), MOST_WAYS), room, _TEXT_COLUMN)
    if stage.depends_on:
        lines += _wrap(_("after: {stages}").format(stages=some_of(stage.depends_on)), room, _TEXT_COLUMN)
    title = _wrap(shown(stage.name), room - VISITS_WIDTH * bool(visits), _TITLE_COLUMN)
    return Box(title, lines, state, top, numbers(visits))


def _not_drawn(count: int) -> str:
    return (
        ngettext("{count} arrow is not drawn.", "{count} arrows are not drawn.", count).format(count=count)
        if count
        else ""
    )


def _attempts(count: int) -> str:
    return "" if count < 2 else ngettext("{count} attempt", "{count} attempts", count).format(count=count)


def _wrap(text: str, room: int, column: float) -> list[str]:
    return wrap(text, int(room / column), max_lines=_MOST_LINES, placeholder="…")


def _lanes(beside: list[Arrow], boxes: list[Box]) -> list[Lane]:
    """The shortest innermost, and each in the first lane that is free along its way; the last takes all the others."""
    starts, ends = _ports(beside, boxes)
    lanes: list[Lane] = []
    taken: list[list[Span]] = [[] for _lane in range(MOST_LANES - 1)]
    for arrow in sorted(beside, key=lambda arrow: abs(arrow.source - arrow.target)):
        low, high = sorted((starts[arrow], ends[arrow]))
        number = next((number for number, spans in enumerate(taken) if _take(spans, (low, high))), MOST_LANES - 1)
        lanes.append(Lane(arrow, number, starts[arrow], ends[arrow]))
    return lanes


def _take(spans: list[Span], span: Span) -> bool:
    """Put a span among those of a lane, which lie in order and apart, if it touches none of them."""
    place = bisect(spans, span)
    touches_before = place > 0 and spans[place - 1][1] >= span[0]
    touches_after = place < len(spans) and spans[place][0] <= span[1]
    if touches_before or touches_after:
        return False
    spans.insert(place, span)
    return True


def _ports(beside: list[Arrow], boxes: list[Box]) -> tuple[dict[Arrow, float], dict[Arrow, float]]:
    """The heights at which arrows leave and reach their boxes, spread so that as few as possible cross."""
    at: dict[int, list[tuple[bool, int, Arrow]]] = {}
    for arrow in beside:
        # Arrows to above are the upper ones of their box, and of several the nearest is the innermost.
        at.setdefault(arrow.source, []).append((not arrow.back, -arrow.target, arrow))
        at.setdefault(arrow.target, []).append((arrow.back, -arrow.source, arrow))
    starts: dict[Arrow, float] = {}
    ends: dict[Arrow, float] = {}
    for place, ports in at.items():
        for number, (below, _other, arrow) in enumerate(sorted(ports, key=lambda port: port[:2]), 1):
            height = boxes[place].top + boxes[place].height * number / (len(ports) + 1)
            (starts if below != arrow.back else ends)[arrow] = height
    return starts, ends


def _lanes_width(lanes: list[Lane]) -> int:
    return LANE_WIDTH * (1 + max((lane.number + 1 for lane in lanes), default=-1))
