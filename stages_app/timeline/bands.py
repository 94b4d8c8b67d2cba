"""The bands of a session and of its attempts: from when to when which of them was what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from sessions_app import machine
from stages_app.machine import ENDED

Kind = Literal["active", "waiting", "paused", "failed", "ended"]
"""What a stretch of time was.

Of an attempt: it was worked on, it was ready and not begun, or on hold; it had ended and was
opened again by restoring its session.  Of a session: a stage was
worked on; nothing was, though something could be (before the start, or between the end of one stage
and the beginning of the next); it or all begun stages were on hold; it had failed; it had ended and
was reopened later.
"""


GONE = ""
"""The status of an attempt that is no longer there: its session was put back to a time before it."""


class Step(NamedTuple):
    """An event that moved a status; ``stage_instance_id`` is empty when it is the session's.

    ``status`` is ``GONE`` for an attempt that a restored session no longer has.
    """

    at: datetime
    stage_instance_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time of one kind."""

    kind: Kind
    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """From its beginning to its end."""
        return self.end - self.begin


class Spent(NamedTuple):
    """How long each kind was, all together; the sum of them is the wall time."""

    active: timedelta
    waiting: timedelta
    paused: timedelta
    failed: timedelta
    ended: timedelta

    @property
    def total(self) -> timedelta:
        """The wall time."""
        return sum(self, timedelta())


def spent(bands: Iterable[Band]) -> Spent:
    """The bands added up by kind."""
    totals = dict.fromkeys(Spent._fields, timedelta())
    for band in bands:
        totals[band.kind] += band.length
    return Spent(**totals)


@dataclass(slots=True)
class Line:
    """One attempt: its bands without a gap, and its status at the end of the log.

    ``end`` is None while the attempt goes on.  One that a restoring made open again had ended between.
    """

    stage_instance_id: str
    begin: datetime
    status: str
    end: datetime | None = None
    bands: list[Band] = field(default_factory=list)

    @property
    def spent(self) -> Spent:
        """How long it was worked on, on hold and waiting."""
        return spent(self.bands)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A session's time: the bands from its first event to its end, or to now, and those of each attempt.

    The lines stand in the order in which the attempts came to be.
    """

    begin: datetime
    end: datetime
    bands: list[Band]
    lines: list[Line]

    @property
    def spent(self) -> Spent:
        """The session's own time."""
        return spent(self.bands)


def timeline(steps: Iterable[Step], now: datetime) -> Timeline:
    """The bands that the steps of one session lead to, in the order of their numbers; open ones go on until ``now``.

    A clock that was set back makes no time: a step counts as no earlier than the one before it.
    """
    walk = _Walk()
    for step in steps:
        walk.go(step)
    return walk.finish(now)


class _Walk:
    """A walk along the log: the states so far, and the bands that ended."""

    def __init__(self) -> None:
        self._begin: datetime | None = None
        self._at: datetime | None = None
        self._status = machine.PENDING
        self._lines: dict[str, Line] = {}
        self._session: list[Band] = []

    def go(self, step: Step) -> None:
        """Up to the step's time all was as before; then it is as the step says."""
        self._pass(step.at)
        assert self._at is not None
        if not step.stage_instance_id:
            self._status = step.status
            return
        line = self._lines.setdefault(step.stage_instance_id, Line(step.stage_instance_id, self._at, step.status))
        # For who looks at the log, an attempt that was taken back came to nothing.
        line.status = step.status or machine.ABORTED
        if line.status not in ENDED:
            self._open_again(line)
        elif line.end is None:
            line.end = self._at

    def _open_again(self, line: Line) -> None:
        """An attempt goes on; if it had ended, the time since then is of its own kind."""
        assert self._at is not None
        if line.end is not None and line.end < self._at:
            line.bands.append(Band("ended", line.end, self._at))
        line.end = None

    def finish(self, now: datetime) -> Timeline:
        """All bands, those that go on until now."""
        if self._begin is None:
            return Timeline(now, now, [], [])
        if self._status not in machine.ENDED:
            self._pass(now)
        assert self._at is not None
        lines = list(self._lines.values())
        for line in lines:
            line.bands = _joined(line.bands)
        return Timeline(self._begin, self._at, _joined(self._session), lines)

    def _pass(self, until: datetime) -> None:
        """Let the time pass: each state that holds gets its band."""
        if self._at is None or self._begin is None:
            self._begin = self._at = until
            return
        begin, end = self._at, max(self._at, until)
        if begin == end:
            return
        self._session.append(Band(self._kind(), begin, end))
        for line in self._lines.values():
            if line.end is None:
                line.bands.append(Band(_KINDS[line.status], begin, end))
        self._at = end

    def _kind(self) -> Kind:
        """What the session's time is now."""
        if self._status != machine.ACTIVE:
            return _SESSION_KINDS[self._status]
        going = {line.status for line in self._lines.values() if line.end is None}
        if machine.ACTIVE in going:
            return "active"
        return "paused" if machine.PAUSED in going else "waiting"


_KINDS: dict[str, Kind] = {machine.PENDING: "waiting", machine.ACTIVE: "active", machine.PAUSED: "paused"}
"""Of an attempt that has not ended."""

_SESSION_KINDS: dict[str, Kind] = {
    machine.PENDING: "waiting",
    machine.PAUSED: "paused",
    machine.FAILED: "failed",
    machine.COMPLETED: "ended",
    machine.ABORTED: "ended",
}
"""Of a session in which no stage can be worked on."""


def _joined(bands: list[Band]) -> list[Band]:
    """Neighbours of one kind as one band."""
    joined = []
    for kind, group in groupby(bands, lambda band: band.kind):
        same = list(group)
        joined.append(Band(kind, same[0].begin, same[-1].end))
    return joined
