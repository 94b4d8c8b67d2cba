"""Sessions read for the doctor: what is stored of each, and what its events say, some sessions at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
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


@dataclass
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
        """Where what is stored isn't what the events say, names apart; none where they say nothing."""
        return [found for found in self._differences if not _is_other_name(found)]

    @property
    def other_names(self) -> list[Difference]:
        """Where somebody else is named than in the events, whose name is still, or again, somebody's."""
        return [found for found in self._differences if _is_other_name(found) and _is_taken(found)]

    @property
    def row_faults(self) -> list[tuple[str, Any, Any]]:
        """Of the row's columns beside its state those that the first and the last event contradict: stored, told."""
        row, log = self.flow_session, self.log
        if not self.is_sound:
            return []
        told = {
            "workflow": (row.workflow_id, self._told_first("workflow_id", row.workflow_id)),
            "forked_from": (row.forked_from, self._told_first("forked_from", row.forked_from)),
            "pinned_version": (row.pinned_version_id.rpartition("@")[0], row.workflow_id),
            "created_at": (row.created_at, log.first_at),
            "updated_at": (row.updated_at, log.last_at),
        }
        return [(name, *pair) for name, pair in told.items() if pair[0] != pair[1]]

    def _told_first(self, name: str, otherwise: str) -> Any:
        """What the first event says of a column, if it says anything."""
        pair = self.log.first_changes.get(name)
        return pair["after"] if isinstance(pair, dict) else otherwise

    @cached_property
    def _differences(self) -> list[Difference]:
        state = self.log.state
        return [] if state is None or not self.is_sound else differences(state, self.stored)


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


def _is_other_name(found: Difference) -> bool:
    """Whether it is only that events keep the names of their time: people and teams are renamed."""
    if not (isinstance(found.replayed, str) and isinstance(found.stored, str)):
        return False
    is_assignee = found.path.startswith("attempts.") and found.path.count(".") == 3
    return found.path in ("session.owner", "session.team") or (is_assignee and found.path.endswith(".assignee"))


def _is_taken(found: Difference) -> bool:
    """Whether somebody, or a team, has the name that the events say."""
    if found.path == "session.team":
        return Group.objects.filter(name=found.replayed).exists()
    return get_user_model().objects.filter(username=found.replayed).exists()


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
    found = differences(log.state, {**state, "session": {**whose, **state["session"]}})
    first = next((each for each in found if not _is_other_name(each)), None)
    return f"differs {first.path}" if first else ""
