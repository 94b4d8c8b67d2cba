"""The time axis of the picture: where a moment stands, and which moments are named, in the reader's zone.

A stretch in which nothing was worked on and that would leave no room for the rest is folded: it gets
the width of its caption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from stages_app.timeline.bands import Band

FOLDED_WIDTH = 84
MOST_FOLDS = 5
MUCH = 3
TICK_ROOM = 76
"""Pixels between two ticks, for the caption of one."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SECONDS = (1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
_HOURS = (2, 3, 6, 12)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_MONTH = 30.44 * _DAY


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the axis with one scale."""

    begin: datetime
    end: datetime
    left: float
    right: float
    is_folded: bool = False

    def at(self, moment: datetime) -> float:
        """Where a moment of this piece stands."""
        length = self.end - self.begin
        share = (moment - self.begin) / length if length else 0.0
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)


class Tick(NamedTuple):
    """A named moment: its caption, and the day below it where that is another than before."""

    left: float
    caption: str
    day: str


class Axis:
    """From ``begin`` to ``end`` between two edges of the picture; ``idle`` are the stretches that may be folded."""

    def __init__(self, begin: datetime, end: datetime, idle: Iterable[Band], left: float, right: float) -> None:
        self.begin, self.end = begin, max(end, begin + timedelta(seconds=1))
        self.pieces = list(_pieces(self.begin, self.end, _folded(self.begin, self.end, idle), left, right))

    def at(self, moment: datetime) -> float:
        """Where a moment stands; what is beyond an edge, at the edge."""
        piece = next((piece for piece in self.pieces if moment < piece.end), self.pieces[-1])
        return round(piece.at(moment), 1)

    def ticks(self, zone: tzinfo) -> list[Tick]:
        """Round moments with room for their captions, as many as there is room for."""
        shown = [piece for piece in self.pieces if not piece.is_folded]
        seconds = sum((piece.end - piece.begin).total_seconds() for piece in shown)
        step = _step(seconds * TICK_ROOM / max(sum(piece.right - piece.left for piece in shown), 1))
        ticks: list[Tick] = []
        day = ""
        for piece in shown:
            for moment in step.moments(piece.begin, piece.end, zone):
                left = round(piece.at(moment), 1)
                if ticks and left - ticks[-1].left < TICK_ROOM * 0.8:
                    continue
                caption, above = step.captions(moment)
                ticks.append(Tick(left, caption, "" if above == day else above))
                day = above
        return ticks


def _folded(begin: datetime, end: datetime, idle: Iterable[Band]) -> list[Band]:
    """The stretches that are much longer than all that is not folded."""
    folded: list[Band] = []
    left = end - begin
    for band in sorted(idle, key=lambda band: band.length, reverse=True)[:MOST_FOLDS]:
        rest = left - band.length
        if band.length <= MUCH * rest or rest <= timedelta():
            break
        folded.append(band)
        left = rest
    return sorted(folded, key=lambda band: band.begin)


def _pieces(begin: datetime, end: datetime, folded: list[Band], left: float, right: float) -> Iterator[Piece]:
    shown = (end - begin) - sum((band.length for band in folded), timedelta())
    per_second = (right - left - FOLDED_WIDTH * len(folded)) / shown.total_seconds()
    at, x = begin, left
    for band in folded:
        if band.begin > at:
            width = (band.begin - at).total_seconds() * per_second
            yield Piece(at, band.begin, x, x + width)
            x += width
        yield Piece(band.begin, band.end, x, x + FOLDED_WIDTH, is_folded=True)
        at, x = band.end, x + FOLDED_WIDTH
    if at < end:
        yield Piece(at, end, x, right)


class _Step:
    """How far two ticks are from each other, in wall time beyond an hour."""

    def __init__(self, *, seconds: int = 0, hours: int = 0, days: int = 0, months: int = 0) -> None:
        self._seconds, self._hours, self._days, self._months = seconds, hours, days, months

    def moments(self, begin: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
        """The round moments from ``begin`` to ``end``, in the zone."""
        for moment in self._elapsed(begin, zone) if self._seconds else self._on_the_wall(begin, zone):
            if moment > end:
                return
            if moment >= begin:
                yield moment

    def _elapsed(self, begin: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Up to an hour a day with a leap of the clock has as many as any other."""
        local = begin.astimezone(zone)
        into_day = local.hour * _HOUR + local.minute * _MINUTE + local.second
        moment = begin.replace(microsecond=0) - timedelta(seconds=into_day % self._seconds)
        while True:
            yield moment.astimezone(zone)
            moment += timedelta(seconds=self._seconds)

    def _on_the_wall(self, begin: datetime, zone: tzinfo) -> Iterator[datetime]:
        wall = begin.astimezone(zone).replace(tzinfo=None)
        if self._months:
            month = (wall.year * 12 + wall.month - 1) // self._months * self._months
            while True:
                yield datetime(month // 12, month % 12 + 1, 1, tzinfo=zone)
                month += self._months
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight if self._hours else midnight - timedelta(days=midnight.toordinal() % (self._days or 1))
        # Monday is day 1 of the first week there was.
        moment = first + timedelta(days=1) if self._days % 7 == 0 and self._days else first
        moment = moment - timedelta(days=self._days) if moment > wall else moment
        while True:
            yield moment.replace(tzinfo=zone)
            moment += timedelta(hours=self._hours, days=self._days)

    def captions(self, moment: datetime) -> tuple[str, str]:
        """The caption, and what is told below it when it changes."""
        if self._seconds:
            return moment.strftime("%H:%M:%S" if self._seconds < _MINUTE else "%H:%M"), moment.strftime("%Y-%m-%d")
        if self._hours:
            return moment.strftime("%H:%M"), moment.strftime("%Y-%m-%d")
        if self._days:
            return moment.strftime("%m-%d"), moment.strftime("%Y")
        return (moment.strftime("%Y"), "") if self._months % 12 == 0 else (moment.strftime("%Y-%m"), "")


def _step(least: float) -> _Step:
    """The smallest step of at least so many seconds."""
    for seconds in _SECONDS:
        if seconds >= least:
            return _Step(seconds=seconds)
    for hours in _HOURS:
        if hours * _HOUR >= least:
            return _Step(hours=hours)
    for days in _DAYS:
        if days * _DAY >= least:
            return _Step(days=days)
    return _Step(months=next((months for months in _MONTHS if months * _MONTH >= least), _MONTHS[-1]))
