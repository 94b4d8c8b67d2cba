"""Sessions read for the doctor: what is stored of each, and what its events say, some sessions at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from sessions_app.capturing import NAMES, capture_many
from sessions_app.models import FlowSession, Savepoint, SessionEvent
from sessions_app.parts import State
from sessions_app.replay import BrokenHistory, Difference, Replay, differences
from sessions_app.rows import table

AT_ONCE = 100
"""Sessions that are in memory together."""

_EVENTS_AT_ONCE = 2_000


@dataclass(slots=True)
class Log:
    """What a session's events turned out to be; ``state`` is None when they don't add up to one.

    ``gap`` and ``forged`` are the numbers of the first event out of turn, and of the first whose hash is not that
    of its fields and of the event before; ``gaps`` and ``forgeries`` count them.
    """

    count: int = 0
    last_seq: int = 0
    last_hash: str = ""
    first_type: str = ""
    first_changes: Mapping[str, Any] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    gap: int | None = None
    gaps: int = 0
    forged: int | None = None
    forgeries: int = 0
    state: State | None = None
    broken: BrokenHistory | None = None

    @property
    def is_chained(self) -> bool:
        """Whether no event is missing, and each is the one that was written."""
        return self.gap is None and self.forged is None


@dataclass(slots=True)
class Examined:
    """A session's row, its log, and what is stored of it; ``bad_savepoints`` are ids with why they are bad."""

    flow_session: FlowSession
    log: Log
    stored: State
    bad_savepoints: list[tuple[str, str]]

    @property
    def is_sound(self) -> bool:
        """Whether the log is whole and leads to where the session's row says."""
        row = self.flow_session
        return self.log.is_chained and (self.log.last_seq, self.log.last_hash) == (row.version, row.chain_head)

    @property
    def differences(self) -> list[Difference]:
        """Where what is stored isn't what the events say; none where they say nothing."""
        state = self.log.state
        return [] if state is None or not self.is_sound else list(unlike(state, self.stored))


def batches(session_ids: Sequence[str] | None = None) -> Iterator[list[FlowSession]]:
    """All sessions, or those with the ids, in the order of their ids."""
    rows = FlowSession.objects.select_related("owner", "team").order_by("pk")
    rows = rows if session_ids is None else rows.filter(pk__in=session_ids)
    last = ""
    while batch := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield batch
        last = batch[-1].pk


def examine(flow_sessions: Sequence[FlowSession]) -> list[Examined]:
    """Each of them; owner and team should be selected."""
    kept = _savepoints([row.pk for row in flow_sessions])
    logs: dict[str, Log] = {}
    bad: dict[str, list[tuple[str, str]]] = {}
    for session_id, events in groupby(_events([row.pk for row in flow_sessions]), key=lambda event: event.session_id):
        logs[session_id], bad[session_id] = _read(events, kept.pop(session_id, []))
    for session_id, rest in kept.items():
        bad[session_id] = [(savepoint.pk, "ahead") for savepoint in rest]
    stored = capture_many(flow_sessions, thorough=True)
    return [
        Examined(row, logs.get(row.pk) or Log(), state, bad.get(row.pk, []))
        for row, state in zip(flow_sessions, stored, strict=True)
    ]


def unlike(replayed: State, stored: State) -> Iterator[Difference]:
    """Where the two differ; that somebody or a team has another name now is no difference."""
    for found in differences(replayed, stored):
        if not _was_renamed(found):
            yield found


def _was_renamed(found: Difference) -> bool:
    """Events keep the names of their time."""
    if not (isinstance(found.replayed, str) and isinstance(found.stored, str)):
        return False
    if found.path == "session.team":
        return not Group.objects.filter(name=found.replayed).exists()
    is_user = found.path == "session.owner" or (
        found.path.startswith("attempts.") and found.path.count(".") == 3 and found.path.endswith(".assignee")
    )
    return is_user and not get_user_model().objects.filter(username=found.replayed).exists()


def _events(session_ids: Sequence[str]) -> Iterator[SessionEvent]:
    """Their events by session and number, however many there are."""
    places = ", ".join(["%s"] * len(session_ids))
    where = (
        f"session_id IN ({places}) AND (session_id, seq) > (%s, %s) ORDER BY session_id, seq LIMIT {_EVENTS_AT_ONCE}"
    )
    after: tuple[str, int] = ("", -1)
    while page := table(SessionEvent).select(where, [*session_ids, *after]):
        yield from page
        if len(page) < _EVENTS_AT_ONCE:
            return
        after = (page[-1].session_id, page[-1].seq)


def _savepoints(session_ids: Sequence[str]) -> dict[str, list[Savepoint]]:
    found: dict[str, list[Savepoint]] = defaultdict(list)
    for savepoint in Savepoint.objects.filter(session_id__in=session_ids).order_by("session_id", "seq"):
        found[savepoint.session_id].append(savepoint)
    return found


def _read(events: Iterator[SessionEvent], kept: list[Savepoint]) -> tuple[Log, list[tuple[str, str]]]:
    log, replay, bad = Log(), Replay(), []
    waiting = iter(kept)
    savepoint = next(waiting, None)
    for event in events:
        _follow(log, event)
        if log.is_chained and log.broken is None:
            _replay(log, replay, event)
        while savepoint is not None and savepoint.seq <= event.seq:
            if fault := _fault(savepoint, log):
                bad.append((savepoint.pk, fault))
            savepoint = next(waiting, None)
    if savepoint is not None:
        bad.extend((late.pk, "ahead") for late in (savepoint, *waiting))
    return log, bad


def _follow(log: Log, event: SessionEvent) -> None:
    if event.seq != log.last_seq + 1:
        log.gap = log.gap or event.seq
        log.gaps += 1
    if event.hash != event.chained_to(log.last_hash):
        log.forged = log.forged or event.seq
        log.forgeries += 1
    if not log.count:
        log.first_type, log.first_changes, log.first_at = event.type, event.changes, event.created_at
    log.count += 1
    log.last_seq, log.last_hash, log.last_at = event.seq, event.hash, event.created_at
    if not log.is_chained:
        log.state = None


def _replay(log: Log, replay: Replay, event: SessionEvent) -> None:
    try:
        log.state = replay.add(event)
    except BrokenHistory as error:
        log.broken, log.state = error, None


def _fault(savepoint: Savepoint, log: Log) -> str:
    """Why a savepoint of the event that was read last is bad; empty: it isn't."""
    if savepoint.pk != f"{savepoint.session_id}@{savepoint.seq}":
        return "misnamed"
    try:
        state = savepoint.state
    except ValueError:
        return "damaged"
    if log.state is None:
        return ""
    whose = {name: log.state["session"].get(name) for name in NAMES}  # which it doesn't keep
    first = next(unlike(log.state, {**state, "session": {**whose, **state["session"]}}), None)
    return f"differs {first.path}" if first else ""
