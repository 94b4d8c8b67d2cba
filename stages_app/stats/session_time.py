"""Where the time of one session went, by its stages and in all: pure, from the steps of its log.

All lengths are ``timedelta``, which counts whole microseconds: the parts of a length add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sessions_app import machine
from stages_app.machine import SKIPPED
from stages_app.timeline import GONE, Band, Kind, Spent, Step, spent, timeline

_KINDS: Mapping[str, Kind] = {
    machine.PENDING: "waiting",
    machine.ACTIVE: "active",
    machine.PAUSED: "paused",
    machine.FAILED: "failed",
    machine.COMPLETED: "ended",
    machine.ABORTED: "ended",
    SKIPPED: "ended",
    GONE: "ended",
}
"""What a stage's time is, by the status of its highest attempt.  Unlike an attempt, a stage that failed goes on."""

_AT_WORK = (machine.ACTIVE, machine.PAUSED)
_BEGUN = (*_AT_WORK, machine.FAILED)


@dataclass(frozen=True, slots=True)
class StageTime:
    """A stage of a session that was begun.

    ``spent`` is its time from its first start to its end, or to the session's end or now.  ``attempts`` says
    how often it was taken up, ``failures`` how often it failed.
    """

    stage_id: str
    begin: datetime
    end: datetime
    spent: Spent
    attempts: int
    failures: int

    @property
    def under_way(self) -> timedelta:
        """Its time without that between an end and a new attempt."""
        return self.spent.total - self.spent.ended


@dataclass(frozen=True, slots=True)
class SessionTime:
    """A session: ``spent`` is its time from its first start to its end, ``before`` what it waited for that start.

    ``spent`` is None when it was never started.
    """

    status: str
    before: timedelta
    spent: Spent | None
    stages: Sequence[StageTime]
    is_taken_up_again: bool
    """Whether it failed or was reopened."""

    @property
    def passed_at_once(self) -> bool:
        """Whether it was completed with one attempt at each stage and without a failure."""
        smooth = all(stage.attempts == 1 and not stage.failures for stage in self.stages)
        return self.status == machine.COMPLETED and smooth and not self.is_taken_up_again


def session_time(steps: Sequence[Step], now: datetime) -> SessionTime:
    """Where the time went that the steps of one session tell of, in the order of their numbers."""
    found = timeline(steps, now)
    walk = _Walk()
    for step in _without_setbacks(steps):
        walk.go(step)
    before = (walk.started or found.end) - found.begin
    statuses = [step.status for step in steps if not step.stage_instance_id]
    return SessionTime(
        status=statuses[-1] if statuses else machine.PENDING,
        before=before,
        spent=None if walk.started is None else spent(_clipped(found.bands, walk.started)),
        stages=[time for stage in walk.stages.values() if (time := stage.time(found.end)) is not None],
        is_taken_up_again=machine.FAILED in statuses or _is_reopened(statuses),
    )


def _without_setbacks(steps: Iterable[Step]) -> Iterable[Step]:
    """The same steps, none of them earlier than the one before it: a clock that was set back makes no time."""
    latest: datetime | None = None
    for step in steps:
        latest = step.at if latest is None else max(latest, step.at)
        yield step._replace(at=latest)


def _is_reopened(statuses: Sequence[str]) -> bool:
    return any(status in machine.ENDED for status in statuses[:-1])


def _clipped(bands: Iterable[Band], begin: datetime) -> list[Band]:
    """What of the bands is after ``begin``."""
    return [Band(band.kind, max(band.begin, begin), band.end) for band in bands if band.end > begin]


class _Walk:
    """A walk along the log: the stages so far."""

    def __init__(self) -> None:
        self.started: datetime | None = None
        self.stages: dict[str, _Stage] = {}

    def go(self, step: Step) -> None:
        """One step further."""
        if not step.stage_instance_id:
            if step.status not in (machine.PENDING, machine.ABORTED) and self.started is None:
                self.started = step.at
            return
        rest, _dot, number = step.stage_instance_id.rpartition(".")
        stage_id = rest.rpartition(".")[2]
        self.stages.setdefault(stage_id, _Stage(stage_id)).go(int(number), step)


@dataclass(slots=True)
class _Stage:
    """One stage on the way: the status of each attempt, and the bands since it was begun."""

    stage_id: str
    begin: datetime | None = None
    at: datetime | None = None
    """Up to when the bands reach."""
    attempts: int = 0
    failures: int = 0
    statuses: dict[int, str] = field(default_factory=dict)
    bands: list[Band] = field(default_factory=list)

    @property
    def status(self) -> str:
        """That of the highest attempt that there is."""
        return self.statuses[max(self.statuses)] if self.statuses else GONE

    def go(self, number: int, step: Step) -> None:
        """An attempt is as the step says."""
        self._pass(step.at)
        earlier = self.statuses.get(number, GONE)
        if step.status == GONE:
            self.statuses.pop(number, None)
        else:
            self.statuses[number] = step.status
        self.attempts += step.status in _AT_WORK and earlier not in _AT_WORK
        self.failures += step.status == machine.FAILED != earlier
        if self.begin is None and step.status in _BEGUN:
            self.begin = self.at = step.at

    def time(self, end: datetime) -> StageTime | None:
        """Its time when the log ends at ``end``; None when it was never begun."""
        if self.begin is None:
            return None
        self._pass(end)
        while self.bands and self.bands[-1].kind == "ended":
            self.bands.pop()
        last = self.bands[-1].end if self.bands else self.begin
        return StageTime(self.stage_id, self.begin, last, spent(self.bands), self.attempts, self.failures)

    def _pass(self, until: datetime) -> None:
        if self.at is not None and until > self.at:
            self.bands.append(Band(_KINDS[self.status], self.at, until))
            self.at = until
