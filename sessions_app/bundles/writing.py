"""Sessions as the lines of a bundle, a few at a time: equal sessions give equal bytes, on every database."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.bundles.lines import FORMAT, KIND, Line, encoded
from sessions_app.bundles.taking import Taken, sessions_taken
from sessions_app.canonical import digest
from sessions_app.companions import derived_many
from sessions_app.exceptions import InvalidInput
from sessions_app.masking import mask
from sessions_app.models import FlowSession, Savepoint, SessionEvent, WorkflowDefinition, WorkflowVersion
from sessions_app.parts import State
from sessions_app.savepoints import state_of
from sessions_app.text import NAME_LENGTH

MOVED = ("session.restored", "session.migrated", "session.mended")
"""Events after which a session may be pinned to another version."""

IDS_AT_ONCE = 500

_LOG = logging.getLogger("workflow.session.operations")


class Writer:
    """The lines of one bundle.  ``counts`` and the checksum are those of what was written so far.

    Without ``with_secrets`` secrets are masked, in states and savepoints; events were masked when they were recorded.
    """

    def __init__(self, actor: Actor, *, with_secrets: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._actor = actor
        self._with_secrets = with_secrets
        self._sha256 = hashlib.sha256()

    def lines(self, session_ids: Sequence[str], workflow_ids: Iterable[str] = ()) -> Iterator[bytes]:
        """All lines: of the sessions with those ids, the versions that they use, and the newest of the workflows.

        A session that is deleted meanwhile is left out; one that the actor may not export raises NotAllowed.
        """
        ids = sorted(session_ids)
        yield self._line(kind=KIND, format=FORMAT, vcflow=version("vcflow"), secrets=self._secrets)
        yield from self._definitions(used_versions(ids) | _newest(workflow_ids))
        if self._with_secrets and ids:
            _LOG.info(
                "secrets of %d sessions written actor=%s door=%s", len(ids), self._actor.username, self._actor.door
            )
        for taken in sessions_taken(ids):
            yield from self._session(taken)
        kinds = ("workflows", "versions", "sessions", "events", "savepoints")
        yield self._line(kind="end", **{name: self.counts[name] for name in kinds}, sha256=self._sha256.hexdigest())

    @property
    def _secrets(self) -> str:
        return "included" if self._with_secrets else "masked"

    def _line(self, **line: Any) -> bytes:
        raw = encoded(line)
        self._sha256.update(raw)
        return raw

    def _line_of(self, flow_session: FlowSession, line: Line) -> bytes:
        try:
            return self._line(**line)
        except InvalidInput as error:
            error.details["session_id"] = flow_session.pk
            raise

    def _definitions(self, version_ids: set[str]) -> Iterator[bytes]:
        found = {key: row for part in _parts(sorted(version_ids)) for key, row in _versions(part).items()}
        workflow_ids = sorted({row.workflow_id for row in found.values()})
        for workflow in WorkflowDefinition.objects.filter(pk__in=workflow_ids):
            self.counts["workflows"] += 1
            retired_at = workflow.retired_at and workflow.retired_at.isoformat()
            yield self._line(
                kind="workflow", id=workflow.pk, created_at=workflow.created_at.isoformat(), retired_at=retired_at
            )
        for key in sorted(found):
            self.counts["versions"] += 1
            yield self._line(**_version_line(found[key]))

    def _session(self, taken: Taken) -> Iterator[bytes]:
        flow_session = taken.flow_session
        for right in ("export", "reveal") if self._with_secrets else ("export",):
            access.require(self._actor, right, flow_session)
        own = hashlib.sha256()
        counts: Counter[str] = Counter()
        for line in self._session_lines(taken):
            counts[line["kind"]] += 1
            raw = self._line_of(flow_session, line)
            own.update(raw)
            yield raw
        self.counts += Counter(sessions=1, events=counts["event"], savepoints=counts["savepoint"])
        yield self._line(
            kind="session-end",
            id=flow_session.pk,
            events=counts["event"],
            savepoints=counts["savepoint"],
            sha256=own.hexdigest(),
        )

    def _session_lines(self, taken: Taken) -> Iterator[Line]:
        flow_session = taken.flow_session
        yield {
            "kind": "session",
            "id": flow_session.pk,
            "workflow_id": flow_session.workflow_id,
            "version": flow_session.version,
            "chain_head": flow_session.chain_head,
            "forked_from": flow_session.forked_from,
            "created_at": flow_session.created_at.isoformat(),
            "updated_at": flow_session.updated_at.isoformat(),
            "state": self._shown(taken.state),
            "derived": derived_many([flow_session])[0],
        }
        for event in taken.events():
            yield event_line(event)
        for savepoint in taken.savepoints():
            yield self._savepoint_line(savepoint)

    def _savepoint_line(self, savepoint: Savepoint) -> Line:
        state = self._shown(state_of(savepoint))
        return {
            "kind": "savepoint",
            "seq": savepoint.seq,
            "taken": str(savepoint.kind),
            "verb": savepoint.verb,
            "stage_id": savepoint.stage_id,
            "note": savepoint.note,
            "actor": savepoint.actor,
            "created_at": savepoint.created_at.isoformat(),
            "digest": digest(state),
            "state": state,
        }

    def _shown(self, state: State) -> State:
        return state if self._with_secrets else masked(state)


def masked(state: State) -> State:
    """A state without its secrets; a stage whose id names a secret is none itself."""
    shown: State = {
        name: mask(share) if name == "session" else {key: mask(value) for key, value in share.items()}
        for name, share in state.items()
    }
    named = [shown["session"], *shown.get("attempts", {}).values()]
    for holder in named:
        holder["name"] = holder["name"][:NAME_LENGTH]  # a masked name may be longer than the name was
    return shown


def event_line(event: SessionEvent) -> Line:
    """An event as it stands in the log."""
    return {
        "kind": "event",
        "seq": event.seq,
        "type": event.type,
        "level": int(event.level),
        "stage_instance_id": event.stage_instance_id,
        "actor": event.actor,
        "door": event.door,
        "submitted_by": event.submitted_by,
        "reason": event.reason,
        "changes": event.changes,
        "cause": event.cause,
        "created_at": event.created_at.isoformat(),
        "hash": event.hash,
    }


def used_versions(session_ids: Sequence[str]) -> set[str]:
    """The ids of the versions that these sessions are pinned to, and were before."""
    return {key for part in _parts(session_ids) for key in _pinned(part)}


def _pinned(ids: Sequence[str]) -> Iterator[str]:
    # Whose sessions these are was asked when their ids were looked for, and is asked again for each that is written.
    yield from FlowSession.objects.filter(pk__in=ids).order_by().values_list("pinned_version_id", flat=True).distinct()
    moves = SessionEvent.objects.filter(session__in=ids, type__in=MOVED, changes__has_key="pinned_version_id")
    for changes in moves.order_by().values_list("changes", flat=True):
        yield from (key for key in changes["pinned_version_id"].values() if isinstance(key, str))


def _newest(workflow_ids: Iterable[str]) -> set[str]:
    newest = (WorkflowVersion.objects.filter(workflow=key).order_by("-number")[:1] for key in workflow_ids)
    return {row.pk for found in newest for row in found}


def _versions(ids: Sequence[str]) -> dict[str, WorkflowVersion]:
    return WorkflowVersion.objects.in_bulk(list(ids))


def _version_line(row: WorkflowVersion) -> Line:
    return {
        "kind": "version",
        "id": row.pk,
        "workflow_id": row.workflow_id,
        "number": row.number,
        "digest": row.digest,
        "created_at": row.created_at.isoformat(),
        "content": row.content,
    }


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))
