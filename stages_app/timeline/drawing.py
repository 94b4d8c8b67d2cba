"""A timeline as an SVG picture for a page: no style of its own (``sessions_app/drawing.css``), signs beside colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any
from xml.etree.ElementTree import Element

from wcwidth import wrap

from sessions_app.cli.words import event_name
from sessions_app.drawing.elements import add, written
from sessions_app.durations import in_words
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.masking import shown
from sessions_app.states import Level
from sessions_app.words import LOOKS
from stages_app.timeline.axis import Piece
from stages_app.timeline.bands import Kind
from stages_app.timeline.plan import (
    AXIS_HEIGHT,
    ROW_HEIGHT,
    WIDTH,
    Mark,
    Plan,
    Row,
    Stretch,
)
from stages_app.timeline.reading import Happening

KIND_WORDS: dict[Kind, str] = {
    "active": noop("Active"),
    "waiting": noop("Idle"),
    "paused": noop("Paused"),
    "failed": noop("Failed"),
    "ended": noop("Ended"),
}
KIND_SIGNS: dict[Kind, str] = {"active": "▶", "waiting": "○", "paused": "‖", "failed": "✕", "ended": "■"}

_BAND_TOP, _BAND_HEIGHT, _MARK_TOP = 4, 15, 29
_SIGN_ROOM = 18
_HALF_CAPTION = 32
"""Pixels from the middle of the longest caption below the axis to its end, such as ``2026-11-21``."""
_LABEL_COLUMNS = 28
_TOLD = 6
"""How many of several events a mark tells."""
_HATCHED: dict[Kind, str] = {"paused": "url(#vct-paused)", "waiting": "url(#vct-waiting)", "failed": "url(#vct-failed)"}
_PATTERNS = {"paused": "M0 6 L6 0", "waiting": "M0 3 H1.5", "failed": "M0 0 L6 6 M0 6 L6 0"}

Address = Callable[[int], str]


def draw(plan: Plan, address: Address, zone: tzinfo, *, label: str) -> str:
    """The picture; each mark is a link to what ``address`` says of its newest event."""
    root = Element(
        "svg",
        {"viewBox": f"0 0 {WIDTH} {plan.height}", "width": str(WIDTH), "height": str(plan.height), "class": "vct",
         "role": "group", "aria-label": label},
    )  # fmt: skip
    _patterns(root)
    for piece in plan.axis.pieces:
        if piece.is_folded:
            _fold(root, piece, plan.height)
    for tick in plan.ticks:
        add(root, "line", x1=tick.left, x2=tick.left, y1=AXIS_HEIGHT - 6, y2=plan.height, class_="vct-grid")
        middle = min(tick.left, WIDTH - _HALF_CAPTION)
        add(root, "text", tick.caption, x=middle, y=14, class_="vct-tick")
        add(root, "text", tick.day, x=middle, y=29, class_="vct-day")
    for number, row in enumerate(plan.rows):
        _row(root, row, AXIS_HEIGHT + ROW_HEIGHT * number, address, zone)
    return written(root)


def _patterns(root: Element) -> None:
    definitions = add(root, "defs")
    for kind, path in _PATTERNS.items():
        pattern = add(definitions, "pattern", id=f"vct-{kind}", width=6, height=6, patternUnits="userSpaceOnUse")
        add(pattern, "path", d=path, class_=f"vct-hatch vct-{kind}")


def _fold(root: Element, piece: Piece, height: int) -> None:
    length = in_words(piece.end - piece.begin)
    group = add(root, "g", class_="vct-fold")
    add(group, "title", _("Drawn shorter than it was: {time}").format(time=length))
    add(group, "rect", x=round(piece.left, 1), y=0, width=round(piece.right - piece.left, 1), height=height)
    add(group, "text", f"⋯ {length}", x=round((piece.left + piece.right) / 2, 1), y=14, class_="vct-day")


def _row(root: Element, row: Row, top: int, address: Address, zone: tzinfo) -> None:
    add(root, "line", x1=0, x2=WIDTH, y1=top - 2, y2=top - 2, class_="vct-line")
    label = add(root, "text", _cut(row.label), x=4, y=top + 16, class_="vct-label")
    add(label, "title", row.label)
    for stretch in row.stretches:
        _stretch(root, stretch, top, zone)
    if row.ended_at is not None:
        sign = add(root, "text", LOOKS[row.status].sign, x=row.ended_at + 3, y=top + 16)
        sign.set("class", f"vct-end vct-{row.status.lower()}")
    for mark in row.marks:
        _mark(root, mark, top, address, zone)


def _cut(label: str) -> str:
    lines = wrap(label, _LABEL_COLUMNS, max_lines=1, placeholder="…")
    return lines[0] if lines else label


def _stretch(root: Element, stretch: Stretch, top: int, zone: tzinfo) -> None:
    band = stretch.band
    group = add(root, "g", class_=f"vct-band vct-{band.kind}")
    told = _("{what}: {time}, from {begin} to {end}").format(
        what=_(KIND_WORDS[band.kind]), time=in_words(band.length), begin=_moment(band.begin, zone),
        end=_moment(band.end, zone),
    )  # fmt: skip
    add(group, "title", told)
    place: dict[str, Any] = {
        "x": stretch.left, "y": top + _BAND_TOP, "width": round(stretch.width, 1), "height": _BAND_HEIGHT, "rx": 2,
    }  # fmt: skip
    add(group, "rect", **place, class_="vct-box")
    if band.kind in _HATCHED:
        add(group, "rect", **place, fill=_HATCHED[band.kind])
    if stretch.width >= _SIGN_ROOM:
        x = round(stretch.left + stretch.width / 2, 1)
        add(group, "rect", x=x - 8, y=top + _BAND_TOP + 1, width=16, height=_BAND_HEIGHT - 2, class_="vct-box vct-bare")
        add(group, "text", KIND_SIGNS[band.kind], x=x, y=top + _BAND_TOP + 11.5, class_="vct-sign")


def _mark(root: Element, mark: Mark, top: int, address: Address, zone: tzinfo) -> None:
    newest, count = mark.events[-1], len(mark.events)
    worst = max(event.level for event in mark.events)
    told = _told_of_several(mark.events, zone) if count > 1 else told_of(newest, zone)
    kind = "error" if worst >= Level.ERROR else "warning" if worst >= Level.WARNING else "info"
    link = add(root, "a", href=address(newest.seq), class_=f"vct-mark vct-{kind}", aria_label=told)
    add(link, "title", told)
    y = top + _MARK_TOP
    sign = str(count) if 1 < count < 100 else "∗" if count > 1 else "!" if worst >= Level.WARNING else ""
    add(link, "circle", cx=mark.left, cy=y, r=6.5 if sign else 4, class_="vct-dot")
    if sign:
        add(link, "text", sign, x=mark.left, y=y + 3, class_="vct-count")


def told_of(event: Happening, zone: tzinfo) -> str:
    """An event in one line: number, time, what, who, why."""
    why = _("Why: {reason}").format(reason=shown(event.reason)) if event.reason else ""
    who = shown(f"{event.actor} ({event.door})")
    parts = [f"#{event.seq} {_moment(event.at, zone)} {shown(event_name(event.type))}", who, why]
    return " · ".join(filter(None, parts))


def _told_of_several(events: Sequence[Happening], zone: tzinfo) -> str:
    count = len(events)
    head = ngettext("{count} event", "{count} events", count).format(count=count)
    more = ["…"] if count > _TOLD else []
    return "\n".join([head, *(told_of(event, zone) for event in events[-_TOLD:][::-1]), *more])


def _moment(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
