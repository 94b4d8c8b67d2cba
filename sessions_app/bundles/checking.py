"""Whether the sessions of a bundle can have come to be as they say: their history is added up and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ObjectDoesNotExist

from sessions_app.bundles.definitions import BundledVersions
from sessions_app.bundles.lines import Line
from sessions_app.bundles.reading import SessionLines
from sessions_app.canonical import digest
from sessions_app.capturing import NAMES
from sessions_app.companions import bearers, derived_many
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.models.definitions import offering
from sessions_app.parts import State
from sessions_app.replay import BrokenHistory, Difference, differences, replay
from sessions_app.text import clean_json_object


class Checked(NamedTuple):
    """A session that holds: its row, the versions its history speaks of, and the hash of the event asked about."""

    row: Line
    version_ids: frozenset[str]
    hash_asked: str


def check_session(session: SessionLines, bundled: BundledVersions, *, asked_seq: int = 0) -> Checked:
    """Read a session's lines to their end and check all that can be; raises BundleRefused.

    ``asked_seq`` is the number of the event whose hash is wanted.
    """
    history = _History(session, bundled, asked_seq)
    with offering(bundled.published):
        history.check_row()
        try:
            replayed = replay(history.events())
        except (BrokenHistory, ObjectDoesNotExist, OverflowError, RecursionError) as error:
            raise session.refused(_("The history can't be: {error}.").format(error=str(error)[:300])) from error
        history.check_end(replayed)
        _check_savepoints(session, bundled)
    session.finish()
    return Checked(session.row, frozenset(history.version_ids), history.hash_asked)


class _History:
    """A session's events while they are read: numbers, chain, and which versions they name."""

    def __init__(self, session: SessionLines, bundled: BundledVersions, asked_seq: int) -> None:
        self._session = session
        self._bundled = bundled
        self._asked_seq = asked_seq
        self._seq = 0
        self._head = ""
        self._first: Line | None = None
        self.version_ids = {session.row["state"]["session"]["pinned_version_id"]}
        self.hash_asked = ""

    def check_row(self) -> None:
        """What can be said before the events are read."""
        row = self._session.row
        if not row["id"].startswith(f"{row['workflow_id']}-"):
            raise self._session.refused(_("The session's id does not begin with that of its workflow."))
        self._refuse_version(row["state"]["session"]["pinned_version_id"])
        refuse_state(self._session, row["state"])
        if row["derived"] != derived_many([unstored(row, row["state"])])[0]:
            raise self._session.refused(_("What is derived from the session is not what follows from it."))

    def events(self) -> Iterator[SessionEvent]:
        """The events as rows, not stored."""
        for line in self._session.events():
            event = event_of(self._session.row["id"], line)
            self._refuse_event(event)
            self._seq, self._head = event.seq, event.hash
            self._first = self._first or line
            if event.seq == self._asked_seq:
                self.hash_asked = event.hash
            for key in named_versions(event.changes):
                self._refuse_version(key)
                self.version_ids.add(key)
            yield event

    def check_end(self, replayed: State) -> None:
        """The events must lead to the head, to the row and to the state."""
        row, refused = self._session.row, self._session.refused
        if self._first is None or (row["version"], row["chain_head"]) != (self._seq, self._head):
            raise refused(_("The events are not those that the session's version and chain head speak of."))
        first = self._first["changes"]
        made_of = (_after(first, "workflow_id"), _after(first, "forked_from") or "", self._first["created_at"])
        if made_of != (row["workflow_id"], row["forked_from"], row["created_at"]):
            raise refused(_("The first event tells of another workflow, origin or time than the session."))
        for difference in _state_differences(replayed, row["state"]):
            raise refused(_("The events don't lead to the state at {path}.").format(path=difference[:200]))

    def _refuse_event(self, event: SessionEvent) -> None:
        refused = self._session.refused
        if event.seq != self._seq + 1:
            raise refused(_("Event {seq} follows on event {last}.").format(seq=event.seq, last=self._seq))
        if event.cause is not None and event.cause >= event.seq:
            raise refused(_("Event {seq} follows from a later one.").format(seq=event.seq))
        if event.hash != event.chained_to(self._head):
            raise refused(_("The chain of hashes breaks at event {seq}.").format(seq=event.seq))
        if event.stage_instance_id and not event.stage_instance_id.startswith(f"{event.session_id}."):
            raise refused(_("Event {seq} is about a stage of another session.").format(seq=event.seq))

    def _refuse_version(self, key: str) -> None:
        version = self._bundled.versions.get(key)
        if version is None or version["workflow_id"] != self._session.row["workflow_id"]:
            raise self._session.refused(_("The version {id} is not in the bundle.").format(id=key[:100]))


def refuse_state(session: SessionLines, state: State) -> None:
    """Raise when a state can't be: too much in one object, or what a floor above says."""
    for name in ("context", "metadata"):
        try:
            clean_json_object(state["session"][name], name)
        except InvalidInput as error:
            raise session.refused(error.message) from error
    for bearer in bearers():
        for fault in bearer.faults(state[bearer.name]):
            raise session.refused(fault)


def _check_savepoints(session: SessionLines, bundled: BundledVersions) -> None:
    last = 0
    for line in session.savepoints():
        if not last < line["seq"] <= session.row["version"]:
            raise session.refused(_("The savepoint {seq} stands at a wrong place.").format(seq=line["seq"]))
        last = line["seq"]
        if digest(line["state"]) != line["digest"]:
            raise session.refused(_("The savepoint {seq} is not what its checksum says.").format(seq=line["seq"]))
        version = bundled.versions.get(line["state"]["session"]["pinned_version_id"])
        if version is None or version["workflow_id"] != session.row["workflow_id"]:
            raise session.refused(_("The savepoint {seq} is of an unknown version.").format(seq=line["seq"]))
        refuse_state(session, line["state"])


def _state_differences(replayed: State, stored: State) -> Iterator[str]:
    """Places where they differ, other names apart; each attempt by itself, whatever its stage is called."""
    for name in sorted({*replayed, *stored}):
        one, other = replayed.get(name, {}), stored.get(name, {})
        if name == "session":
            yield from (f"{name}.{found.path}" for found in differences(one, other) if not _is_other_name(found, NAMES))
            continue
        for key in sorted({*one, *other}):
            if key not in one or key not in other or not isinstance(one[key], dict):
                yield f"{name}.{key}"
            else:
                found = differences(one[key], other[key])
                yield from (f"{name}.{key}.{each.path}" for each in found if not _is_other_name(each, ("assignee",)))


def _is_other_name(found: Difference, whose: Sequence[str]) -> bool:
    """Events keep the names of their time, and which of them are names of today only their own place can tell."""
    return found.path in whose and isinstance(found.replayed, str) and isinstance(found.stored, str)


def named_versions(changes: Mapping[str, Any]) -> Iterator[str]:
    """The versions that an event speaks of."""
    pair = changes.get("pinned_version_id", {})
    yield from (str(key) for key in pair.values() if key is not None)


def _after(changes: Mapping[str, Any], name: str) -> Any:
    return changes.get(name, {}).get("after")


def event_of(session_id: str, line: Line) -> SessionEvent:
    """The event of a line, of the session with that id; not stored."""
    columns = {name: value for name, value in line.items() if name not in ("kind", "created_at")}
    return SessionEvent(session_id=session_id, created_at=moment(line["created_at"]), **columns)


def unstored(row: Line, state: State) -> FlowSession:
    """The session of a line as a row, without whose it is; not stored."""
    own = state["session"]
    newest = sorted(state["attempts"].values(), key=lambda attempt: attempt["attempt"])
    return FlowSession(
        id=row["id"],
        workflow_id=row["workflow_id"],
        pinned_version_id=own["pinned_version_id"],
        name=own["name"],
        status=own["status"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        current_stage_id=own["current_stage_id"],
        stage_states={attempt["stage_id"]: attempt["status"] for attempt in newest},
        context=own["context"],
        metadata=own["metadata"],
        tags=own["tags"],
        version=row["version"],
        chain_head=row["chain_head"],
        forked_from=row["forked_from"],
    )


def moment(text: str) -> datetime:
    """A time of a line, which the schema held to one form; InvalidInput for a day that there isn't."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(_("There is no time {time}.").format(time=text[:40]), code="invalid-bundle") from error
