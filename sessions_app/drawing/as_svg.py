"""A workflow as an SVG picture: self-contained, readable on light and dark ground, with signs beside the colours."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from sessions_app.definitions.schema import Definition
from sessions_app.drawing import elements
from sessions_app.drawing.graph import Arrow, Path, States, numbers, shown
from sessions_app.drawing.layout import (
    BOX_WIDTH,
    HEADING_HEIGHT,
    LANE_WIDTH,
    LINE_HEIGHT,
    MARGIN,
    PADDING,
    SIGN_WIDTH,
    TITLE_HEIGHT,
    Box,
    Lane,
    Layout,
    layout,
)
from sessions_app.words import LOOKS

_ROUND = 7

STYLE = """
.vcf { font-family: system-ui, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
.vcf-ground { fill: #ffffff }
.vcf-heading { font-size: 19px; font-weight: 600; fill: #1f2328 }
.vcf-title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.vcf-text { font-size: 12.5px; fill: #59636e }
.vcf-sign { font-size: 12px; font-weight: 700; fill: #ffffff; text-anchor: middle }
.vcf-box { fill: #f6f8fa; stroke: #c4ccd4; stroke-width: 1.2 }
.vcf-dot { fill: #8c959f }
.vcf-arrow { fill: none; stroke: #6e7781; stroke-width: 1.6 }
.vcf-needs { stroke-dasharray: 2 4; stroke-linecap: round }
.vcf-back { stroke: #8250df; stroke-dasharray: 6 4 }
.vcf-point { fill: #6e7781 }
.vcf-back-point { fill: #8250df }
.vcf-taken { stroke: #1f2328; stroke-width: 3 }
.vcf-taken-point, .vcf-step { fill: #1f2328 }
.vcf-step-number { font-size: 11px; font-weight: 700; fill: #ffffff; text-anchor: middle }
.vcf-visits { font-size: 12.5px; font-weight: 600; fill: #1f2328; text-anchor: end }
.vcf-active .vcf-box { fill: #ddf4ff; stroke: #0969da; stroke-width: 2.4 }
.vcf-active .vcf-dot { fill: #0969da }
.vcf-paused .vcf-box { fill: #fff8c5; stroke: #bf8700 }
.vcf-paused .vcf-dot { fill: #9a6700 }
.vcf-completed .vcf-box { fill: #dafbe1; stroke: #4ac26b }
.vcf-completed .vcf-dot { fill: #1a7f37 }
.vcf-failed .vcf-box { fill: #ffebe9; stroke: #cf222e }
.vcf-failed .vcf-dot { fill: #cf222e }
.vcf-skipped .vcf-box { stroke-dasharray: 5 4 }
.vcf-aborted .vcf-box { fill: #eaeef2; stroke: #57606a }
.vcf-aborted .vcf-dot { fill: #424a53 }
@media (prefers-color-scheme: dark) {
.vcf-ground { fill: #0d1117 }
.vcf-heading, .vcf-title { fill: #e6edf3 }
.vcf-text { fill: #9da7b1 }
.vcf-box { fill: #161b22; stroke: #3d444d }
.vcf-arrow { stroke: #8b949e }
.vcf-back { stroke: #a371f7 }
.vcf-point { fill: #8b949e }
.vcf-back-point { fill: #a371f7 }
.vcf-taken { stroke: #e6edf3 }
.vcf-taken-point, .vcf-step, .vcf-visits { fill: #e6edf3 }
.vcf-step-number { fill: #0d1117 }
.vcf-active .vcf-box { fill: #0c2d6b; stroke: #58a6ff }
.vcf-paused .vcf-box { fill: #341a00; stroke: #bb8009 }
.vcf-completed .vcf-box { fill: #04260f; stroke: #2ea043 }
.vcf-failed .vcf-box { fill: #490202; stroke: #f85149 }
.vcf-aborted .vcf-box { fill: #21262d; stroke: #6e7681 }
}
"""
"""The one style sheet, the same in every picture: a page's policy can allow it by its hash."""


def svg(definition: Definition, states: States | None = None, *, path: Path = (), style: bool = True) -> str:
    """An SVG document, ending in a newline.

    ``path`` are the stages that a session began, in their order: the ways it took are drawn strongly, with
    the numbers of the visits they led to.  ``style`` False leaves out the style sheet, for a page that has its own.
    """
    plan = layout(definition, states, path)
    name = shown(definition.name)
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {plan.width} {plan.height}",
            "width": str(plan.width),
            "height": str(plan.height),
            "class": "vcf",
            "role": "img",
            "aria-label": name,
        },
    )
    _add(root, "title", name)
    if style:
        _add(root, "style", STYLE)
    _points(root)
    _add(root, "rect", width="100%", height="100%", rx=8, kind="ground")
    _lines(root, plan.heading, plan.box_left, MARGIN, HEADING_HEIGHT, "heading")
    _lines(root, plan.note, plan.box_left, MARGIN + HEADING_HEIGHT * len(plan.heading), LINE_HEIGHT, "text")
    for number, box in enumerate(plan.boxes, 1):
        _box(root, box, plan.box_left, number)
    _straight(root, plan)
    for lane in plan.left:
        _beside(root, lane, plan.box_left, -1)
    for lane in plan.right:
        _beside(root, lane, plan.box_right, 1)
    return elements.written(root)


def _add(parent: Element, tag: str, text: str = "", *, kind: str = "", **attributes: object) -> Element:
    """A child; ``kind`` is its class."""
    named = {"class_": f"vcf-{kind}"} if kind else {}
    return elements.add(parent, tag, text, **named, **attributes)


def _points(root: Element) -> None:
    definitions = _add(root, "defs")
    for kind in ("point", "back-point", "taken-point"):
        marker = _add(
            definitions, "marker", id=f"vcf-{kind}", viewBox="0 0 8 8", refX=7, refY=4, markerWidth=8, markerHeight=8,
            markerUnits="userSpaceOnUse", orient="auto",
        )  # fmt: skip
        _add(marker, "path", d="M0 0 L8 4 L0 8 Z", kind=kind)


def _box(root: Element, box: Box, left: int, number: int) -> None:
    group = _add(root, "g", kind=box.state.lower() or "stage")
    _add(group, "rect", x=left, y=box.top, width=BOX_WIDTH, height=box.height, rx=9, kind="box")
    middle = left + PADDING + 10
    _add(group, "circle", cx=middle, cy=box.top + PADDING + 8, r=11, kind="dot")
    sign = LOOKS[box.state].sign if box.state else str(number)
    _add(group, "text", sign, x=middle, y=box.top + PADDING + 12, kind="sign")
    if box.visits:
        _add(group, "text", f"→ {box.visits}", x=left + BOX_WIDTH - PADDING, y=box.top + PADDING + 13, kind="visits")
    text_left, top = left + PADDING + SIGN_WIDTH, box.top + PADDING - 3
    _lines(group, box.title, text_left, top, TITLE_HEIGHT, "title")
    _lines(group, box.lines, text_left, top + TITLE_HEIGHT * len(box.title), LINE_HEIGHT, "text")


def _lines(parent: Element, lines: list[str], left: float, top: float, height: int, kind: str) -> None:
    for number, line in enumerate(lines):
        _add(parent, "text", line, x=left, y=round(top + height * number + height * 0.76), kind=kind)


def _straight(root: Element, plan: Layout) -> None:
    x = plan.box_left + BOX_WIDTH // 2
    for arrow, label in plan.straight:
        top, bottom = plan.boxes[arrow.source].bottom, plan.boxes[arrow.target].top
        kind, point = _look(arrow)
        _add(root, "path", d=f"M{x} {top} V{bottom - 1}", marker_end=f"url(#vcf-{point})", kind=kind)
        label_top = (top + bottom - LINE_HEIGHT * len(label)) / 2
        _lines(root, label, x + 10, label_top, LINE_HEIGHT, "text")
        _taken(root, arrow, x - 7 - _step_width(arrow) / 2, (top + bottom) / 2)


def _beside(root: Element, lane: Lane, edge: int, side: int) -> None:
    """An arrow that leaves the box, runs along its lane and comes back; ``side`` is 1 for right, -1 for left."""
    out = edge + side * (LANE_WIDTH + LANE_WIDTH * lane.number)
    start, end = round(lane.start), round(lane.end)
    bend = min(_ROUND, abs(end - start) // 2) * (1 if end > start else -1)
    inner = out - side * _ROUND
    path = (
        f"M{edge} {start} H{inner} Q{out} {start} {out} {start + bend}"
        f" V{end - bend} Q{out} {end} {inner} {end} H{edge + side}"
    )
    kind, point = _look(lane.arrow)
    _add(root, "path", d=path, marker_end=f"url(#vcf-{point})", kind=kind)
    # The outermost lane has little room beside it.
    inwards = side * max(0, _step_width(lane.arrow) / 2 - MARGIN - LANE_WIDTH + 2)
    _taken(root, lane.arrow, out - inwards, (start + end) / 2)


def _look(arrow: Arrow) -> tuple[str, str]:
    """The classes of its line, and its point."""
    kinds = ["arrow", *(["vcf-needs"] if arrow.kind == "needs" else []), *(["vcf-back"] if arrow.back else [])]
    if arrow.taken:
        return " ".join([*kinds, "vcf-taken"]), "taken-point"
    return " ".join(kinds), "back-point" if arrow.back else "point"


def _taken(root: Element, arrow: Arrow, x: float, y: float) -> None:
    """The numbers of the visits that a way led to, in a box of their own on it."""
    if not arrow.taken:
        return
    width = _step_width(arrow)
    _add(root, "rect", x=x - width / 2, y=y - 9, width=width, height=18, rx=9, kind="step")
    _add(root, "text", numbers(arrow.taken, 2), x=x, y=y + 4.5, kind="step-number")


def _step_width(arrow: Arrow) -> int:
    return 10 + 7 * len(numbers(arrow.taken, 2))
