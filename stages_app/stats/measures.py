"""What many sessions have in common: spreads, shares and the bottleneck; pure, from the times of single sessions.

Lengths are whole microseconds; shares are from 0 to 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from sessions_app import machine
from stages_app.stats.percentiles import percentile
from stages_app.stats.reasons import Event, Reason, top_reasons
from stages_app.stats.session_time import SessionTime, StageTime
from stages_app.timeline import Spent

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Many lengths: half are at most ``p50``, nine of ten at most ``p90``; ``total`` is all of them together."""

    count: int
    p50: int
    p90: int
    total: int


class Share(NamedTuple):
    """``part`` of ``whole``; ``value`` is None when there is nothing to share."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The part for a whole of 1, to four digits."""
        return round(self.part / self.whole, 4) if self.whole else None


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took from its first start to its end, and what that time was."""

    cycle: Lengths
    parts: Mapping[str, Lengths]
    """By kind; the totals of all kinds are the total of ``cycle``."""


@dataclass(frozen=True, slots=True)
class StageMeasures:
    """A stage in the sessions in which it was begun."""

    stage_id: str
    times: Times
    share: Share
    """Its microseconds under way, of those of the sessions."""
    repeated: Share
    """How often it took more than one attempt."""
    attempts: int
    failures: int


@dataclass(frozen=True, slots=True)
class Measures:
    """Completed sessions, and why others failed or were aborted; ``times`` is None when none was completed."""

    sessions: int
    times: Times | None
    before_start: Lengths | None
    stages: Sequence[StageMeasures]
    repeated: Share
    attempts: int
    first_pass: Share
    failures: Sequence[Reason]
    aborts: Sequence[Reason]

    @property
    def bottleneck(self) -> StageMeasures | None:
        """The stage with the largest share of the sessions' time."""
        shares = [stage for stage in self.stages if stage.share.part]
        return max(shares, key=lambda stage: stage.share.part, default=None)


def lengths_of(lengths: Iterable[timedelta]) -> Lengths | None:
    """Their spread and sum; None when there are none."""
    ordered = sorted(length // MICROSECOND for length in lengths)
    if not ordered:
        return None
    return Lengths(len(ordered), percentile(ordered, 50), percentile(ordered, 90), sum(ordered))


def times_of(many: Sequence[Spent]) -> Times | None:
    """The spreads of the wall times and of their parts."""
    cycle = lengths_of(spent.total for spent in many)
    if cycle is None:
        return None
    parts = {kind: lengths_of(getattr(spent, kind) for spent in many) for kind in Spent._fields}
    return Times(cycle, {kind: found for kind, found in parts.items() if found is not None})


def measures(sessions: Iterable[SessionTime], events: Iterable[Event]) -> Measures:
    """Of the completed ones of the sessions; the events tell of all."""
    done = [session for session in sessions if session.status == machine.COMPLETED and session.spent is not None]
    spent = [session.spent for session in done if session.spent is not None]
    times = times_of(spent)
    stages = list(_by_stage(done, times.cycle.total if times else 0))
    events = list(events)
    return Measures(
        sessions=len(done),
        times=times,
        before_start=lengths_of(session.before for session in done),
        stages=stages,
        repeated=Share(sum(stage.repeated.part for stage in stages), sum(stage.repeated.whole for stage in stages)),
        attempts=sum(stage.attempts for stage in stages),
        first_pass=Share(sum(session.passed_at_once for session in done), len(done)),
        failures=top_reasons(event for event in events if event.type.endswith(".failed")),
        aborts=top_reasons(event for event in events if event.type.endswith(".aborted")),
    )


def _by_stage(sessions: Iterable[SessionTime], total: int) -> Iterable[StageMeasures]:
    found: dict[str, list[StageTime]] = defaultdict(list)
    for session in sessions:
        for stage in session.stages:
            found[stage.stage_id].append(stage)
    return (_stage(stage_id, times, total) for stage_id, times in found.items())


def _stage(stage_id: str, found: Sequence[StageTime], total: int) -> StageMeasures:
    times = times_of([stage.spent for stage in found])
    assert times is not None, "it was found somewhere"
    taken_up = Counter(stage.attempts > 1 for stage in found)
    return StageMeasures(
        stage_id=stage_id,
        times=times,
        share=Share(sum(stage.under_way // MICROSECOND for stage in found), total),
        repeated=Share(taken_up[True], len(found)),
        attempts=sum(stage.attempts for stage in found),
        failures=sum(stage.failures for stage in found),
    )
