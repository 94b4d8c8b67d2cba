"""How much gets done, and how long it takes from the session's beginning to its end."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.models import SessionEvent
from stages_app.stats.moments import PRECISION, Epoch
from stages_app.stats.percentiles import Spread, spread_of

DAYS = 30
MOST = 50_000
"""So many completions are looked at, the newest."""


class Completion(NamedTuple):
    """A session that was completed, in seconds since 1970."""

    workflow_id: str
    session_id: str
    created: float
    completed: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return round(self.completed - self.created, PRECISION)


@dataclass(frozen=True, slots=True)
class Completions:
    """The last completion of each session; ``reach`` is the first moment that they tell of when there were too many."""

    found: Sequence[Completion]
    reach: datetime | None = None


@dataclass(frozen=True, slots=True)
class Throughput:
    """A workflow's completions: ``per_day`` of the last 30 days, the oldest first, and the 30 days before.

    ``cycle`` and ``cycle_before`` are the spreads from a session's creation to its completion.
    ``before`` is None when not all of those days are known.
    """

    per_day: Sequence[int]
    before: int | None = None
    cycle: Spread | None = None
    cycle_before: Spread | None = None

    @property
    def total(self) -> int:
        """How many in the last 30 days."""
        return sum(self.per_day)


def day_starts(now: datetime) -> list[datetime]:
    """When the last 60 days begin in the current time zone, the oldest first; the last one is today."""
    today = timezone.localtime(now).date()
    return [day_start(today - timedelta(days=back)) for back in range(2 * DAYS - 1, -1, -1)]


def day_start(day: date) -> datetime:
    """When a day begins in the current time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def completions(actor: Actor, since: datetime, *conditions: Q) -> Completions:
    """The last completion since then of each session seen that is completed now; the newest 50,000: one query.

    ``conditions`` narrow the events.
    """
    # Written out, for SQLite finds the index of completions by these very words.
    is_completion = RawSQL("session_events.type = 'session.completed'", (), output_field=BooleanField())
    rows = (
        SessionEvent.objects.visible_to(actor)
        .filter(is_completion, *conditions, created_at__gte=since)
        .order_by("-created_at", "-session")
        # The state is looked at below: as a condition it would lead SQLite to walk all completed sessions.
        .values_list(
            "session__status", "session__workflow", "session", Epoch("session__created_at"), Epoch("created_at")
        )
    )
    found = list(rows[:MOST])
    latest: dict[str, Completion] = {}
    for status, *row in found:
        if status == machine.COMPLETED:
            latest.setdefault(row[1], Completion(*row))
    reach = datetime.fromtimestamp(found[-1][-1], UTC) if len(found) == MOST else None
    return Completions(list(latest.values()), reach)


def by_workflow(completed: Completions, starts: Sequence[datetime]) -> Mapping[str, Throughput]:
    """The completions of each workflow; ``starts`` are the beginnings of 60 days."""
    edges = [start.timestamp() for start in starts]
    split: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _day in edges])
    for completion in completed.found:
        day = bisect_right(edges, completion.completed) - 1
        if day >= 0:
            split[completion.workflow_id][day].append(completion.seconds)
    return {workflow_id: _throughput(days, is_cut=completed.reach is not None) for workflow_id, days in split.items()}


def _throughput(days: Sequence[Sequence[float]], *, is_cut: bool) -> Throughput:
    before, recent = days[:-DAYS], days[-DAYS:]
    per_day, cycle = [len(day) for day in recent], spread_of(length for day in recent for length in day)
    if is_cut:
        return Throughput(per_day, cycle=cycle)
    return Throughput(per_day, sum(map(len, before)), cycle, spread_of(length for day in before for length in day))
