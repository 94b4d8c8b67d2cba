"""From years to months to days by the calendar: of the rows only the first and the last are looked up.

A stretch of time stands in the address as two days of the reader's zone, the second one not
included: ``created_at__gte=2026-03-01&created_at__lt=2026-04-01``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format

DAY, MONTH, YEAR = "day", "month", "year"

MOST = 31
"""How many choices there are at once; of longer histories the newest years."""


@dataclass(frozen=True)
class Stretch:
    """Whole days: from ``first`` on, until before ``end``."""

    first: date
    end: date

    @property
    def kind(self) -> str | None:
        """``day``, ``month`` or ``year`` when it is exactly one of these."""
        return next((kind for kind in (DAY, MONTH, YEAR) if self == _around(self.first, kind)), None)

    @property
    def title(self) -> str:
        """What people call it."""
        if self.kind is None:
            return f"{self.first:%Y-%m-%d} – {self.end - timedelta(days=1):%Y-%m-%d}"
        return _title(self, self.kind)


class Choice(NamedTuple):
    """A stretch that can be chosen, and its address."""

    title: str
    href: str


class Drill(NamedTuple):
    """What leads back up, outermost first; what stands chosen; and what leads further down."""

    up: list[Choice]
    here: str
    down: list[Choice]


Link = Callable[[Stretch | None], str]
"""The address of the list narrowed to a stretch; None: to none."""


def drill(
    oldest: datetime | None, newest: datetime | None, chosen: Stretch | None, link: Link, everything: str
) -> Drill:
    """Where the reader stands between the oldest and the newest row; ``everything`` names the whole time."""
    kind = chosen.kind if chosen else None
    up = [Choice(everything, link(None))] if chosen else []
    if chosen and kind in (MONTH, DAY):
        up += [_choice(_around(chosen.first, outer), link) for outer in (YEAR, MONTH)[: 1 if kind == MONTH else 2]]
    here = chosen.title if chosen else ""
    if oldest is None or newest is None or (chosen and kind in (None, DAY)):
        return Drill(up, here, [])
    whole = Stretch(_day(oldest), _day(newest) + timedelta(days=1))
    within = _overlap(whole, chosen) if chosen else whole
    inner = {None: YEAR, YEAR: MONTH, MONTH: DAY}[kind]
    return Drill(up, here, [_choice(each, link) for each in _stretches(within, inner)][-MOST:])


def _choice(stretch: Stretch, link: Link) -> Choice:
    return Choice(stretch.title, link(stretch))


def _stretches(within: Stretch, kind: str) -> Iterator[Stretch]:
    at = within.first
    while at < within.end:
        each = _around(at, kind)
        yield each
        at = each.end


def _around(at: date, kind: str) -> Stretch:
    """The day, month or year that a day is in."""
    if kind == DAY:
        return Stretch(at, at + timedelta(days=1))
    if kind == MONTH:
        first = at.replace(day=1)
        return Stretch(first, (first + timedelta(days=31)).replace(day=1))
    return Stretch(date(at.year, 1, 1), date(at.year + 1, 1, 1))


def _overlap(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(max(one.first, other.first), min(one.end, other.end))


def _title(stretch: Stretch, kind: str) -> str:
    formats = {DAY: "MONTH_DAY_FORMAT", MONTH: "YEAR_MONTH_FORMAT"}
    return str(stretch.first.year) if kind == YEAR else date_format(stretch.first, formats[kind])


def _day(time: datetime) -> date:
    return timezone.localtime(time).date()


def read_bound(text: str) -> datetime:
    """A bound as it stands in an address: a day of the reader's zone, or an exact time; raises ValueError."""
    written = text.strip().replace(" ", "+")  # what an address that was written by hand makes of a plus
    found = datetime.fromisoformat(written)
    if not 1970 <= found.year < 3000:
        raise ValueError(text)
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def stretch_between(start: datetime, end: datetime) -> Stretch | None:
    """The whole days of the reader's zone between two bounds; None when they are no midnights, or none are between."""
    local = [timezone.localtime(bound) for bound in (start, end)]
    is_whole = all(bound.time() == time.min for bound in local)
    return Stretch(local[0].date(), local[1].date()) if is_whole and start < end else None
