"""A bundle's session as rows that can be written here: as it is, or under another id, its events chained anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sessions_app.admitting import Arrival
from sessions_app.bundles.checking import event_of, moment, unstored
from sessions_app.bundles.lines import Line
from sessions_app.bundles.reading import SessionLines
from sessions_app.models import Savepoint, SessionEvent
from sessions_app.parts import State

_PINNED = "pinned_version_id"


class Rewriting:
    """What becomes another thing here: the session's id, and the ids of versions whose numbers were taken."""

    def __init__(self, session: SessionLines, new_id: str, versions: Mapping[str, str]) -> None:
        self._session = session
        self._old_id: str = session.row["id"]
        self._new_id = new_id
        self._versions = versions
        self._is_same = new_id == self._old_id

    def arrival(self, finish: Callable[[], None]) -> Arrival:
        """The rows; events and savepoints are read from the bundle while they are written."""
        row = self._session.row
        state = self._state(row["state"])
        origin = {name: row[name] for name in ("id", "version", "chain_head")}
        return Arrival(
            unstored({**row, "id": self._new_id}, state), state, self._events(), self._savepoints(), finish, origin
        )

    def _events(self) -> Iterator[SessionEvent]:
        head = ""
        for line in self._session.events():
            event = event_of(self._new_id, line if self._is_same else self._event(line))
            if not self._is_same:
                event.hash = event.chained_to(head)
            head = event.hash
            yield event

    def _event(self, line: Line) -> Line:
        stage = line["stage_instance_id"]
        moved = f"{self._new_id}{stage.removeprefix(self._old_id)}" if stage else ""
        return {**line, "stage_instance_id": moved, "changes": self._changes(line["changes"])}

    def _changes(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        rewritten = dict(changes)
        for name, rewrite in ((_PINNED, self._version), ("savepoint", self._savepoint_id)):
            if name in rewritten:
                rewritten[name] = {side: rewrite(value) for side, value in rewritten[name].items()}
        return rewritten

    def _version(self, key: Any) -> Any:
        return self._versions.get(key, key) if isinstance(key, str) else key

    def _savepoint_id(self, key: Any) -> Any:
        if isinstance(key, str) and key.startswith(f"{self._old_id}@"):
            return f"{self._new_id}{key.removeprefix(self._old_id)}"
        return key

    def _state(self, state: State) -> State:
        own = state["session"]
        return {**state, "session": {**own, _PINNED: self._version(own[_PINNED])}}

    def _savepoints(self) -> Iterator[Savepoint]:
        for line in self._session.savepoints():
            yield Savepoint.of(
                self._new_id,
                line["seq"],
                self._state(line["state"]),
                kind=line["taken"],
                created_at=moment(line["created_at"]),
                **{name: line[name] for name in ("verb", "stage_id", "note", "actor")},
            )
