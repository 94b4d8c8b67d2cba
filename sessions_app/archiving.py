"""Sessions that ended long ago go into bundles: written, read back and checked, and only then deleted here.

Whenever it is killed: a session is in the database, or in a whole and checked file that its tombstone names.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone

from sessions_app import machine, storage
from sessions_app.actors import Actor, local_actor
from sessions_app.bundles.checking import check_session
from sessions_app.bundles.definitions import read_definitions
from sessions_app.bundles.files import PART, write_file
from sessions_app.bundles.reading import Reader
from sessions_app.bundles.writing import Writer
from sessions_app.change import Change, NothingToDo, lock_session, open_change
from sessions_app.companions import companions
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.services import bury

SESSIONS_PER_FILE = 1_000
EVENTS_PER_FILE = 100_000
LEFT_BEHIND = timedelta(days=1)
"""What a killed process was writing is removed after this long."""

ARCHIVED = "archived"
"""What a tombstone gives as the reason."""

_PREFIX = "vcflow-archive-"
_LOG = logging.getLogger("workflow.session.operations")

End = tuple[int, str]
"""A session's last number and the chain's head."""


class Order(NamedTuple):
    """What is to go: sessions that ended and to which nothing has happened for that long, of one workflow or of all."""

    folder: Path
    older_than: timedelta
    workflow_id: str | None = None


@dataclass
class Archived:
    """What went (or would go, in a dry run), into which files, and what stays, each with the reason in words."""

    sessions: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        left = [{"session_id": key, "reason": reason} for key, reason in sorted(self.left.items())]
        return {"sessions": self.sessions, "files": self.files, "left": left}


def archive_sessions(
    order: Order, *, dry_run: bool = False, tell: Callable[[int], None] = lambda _count: None
) -> Archived:
    """Put them into files of the folder, at most some thousands each, and delete them."""
    archived = Archived()
    actor = local_actor(door="archive")
    if not dry_run:
        _make_folder(order.folder)
    for part in _parts(order):
        archived.left |= reasons_to_stay(part)
        leaving = [key for key in part if key not in archived.left]
        if dry_run:
            archived.sessions += leaving
        elif leaving:
            _archive_part(actor, order.folder, leaving, archived)
        tell(len(archived.sessions))
    return archived


def reasons_to_stay(session_ids: Sequence[str]) -> dict[str, str]:
    """By session, in words: why it can't go yet."""
    going_on = FlowSession.objects.open().exclude(forked_from="").order_by().values_list("forked_from", flat=True)
    origins = {key.rpartition("@")[0] for key in going_on}
    reasons = {key: _("a fork of it is open") for key in session_ids if key in origins}
    for companion in companions():
        reasons |= companion.reasons_to_stay(session_ids)
    return reasons


def _parts(order: Order) -> Iterator[list[str]]:
    """The ids of those that are due, as many at a time as go into a file."""
    ended = FlowSession.objects.filter(status__in=machine.ENDED, updated_at__lt=timezone.now() - order.older_than)
    if order.workflow_id is not None:
        ended = ended.filter(workflow=order.workflow_id)
    part: list[str] = []
    events = 0
    with storage.translated():
        due = sorted(ended.order_by().values_list("pk", "version"))
    for key, version in due:
        if part and (len(part) == SESSIONS_PER_FILE or events + version > EVENTS_PER_FILE):
            yield part
            part, events = [], 0
        part.append(key)
        events += version
    if part:
        yield part


def _archive_part(actor: Actor, folder: Path, session_ids: Sequence[str], archived: Archived) -> None:
    """One file; what can't be written or doesn't hold is left out of it, and stays."""
    path = folder / f"{_PREFIX}{timezone.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.jsonl.gz"
    ids = list(session_ids)
    while ids:
        try:
            write_file(path, Writer(actor, with_secrets=True).lines(ids))
            ends = _read_back(path)
            break
        except FlowError as error:
            path.unlink(missing_ok=True)
            damaged = error.details.get("session_id")
            if damaged not in ids:
                raise
            ids.remove(damaged)
            archived.left[damaged] = error.message
    else:
        return
    gone = [key for key, end in ends.items() if _let_go(actor, key, end, path.name, archived.left)]
    if not gone:
        path.unlink()
        return
    archived.sessions += gone
    archived.files.append(str(path))
    _LOG.info("archived %d sessions into %s", len(gone), path.name)


def _read_back(path: Path) -> Mapping[str, End]:
    """Read the file as an import would, to its end; by session what it ends with."""
    ends = {}
    with path.open("rb") as file:
        reader = Reader(file, path.name)
        reader.header()
        bundled = read_definitions(reader)
        for session in reader.sessions():
            row = check_session(session, bundled).row
            ends[row["id"]] = (row["version"], row["chain_head"])
    return ends


def _let_go(actor: Actor, session_id: str, end: End, file: str, left: dict[str, str]) -> bool:
    """Delete the session if it still is what the file has; False: it stays, or somebody else deleted it."""
    try:
        with open_change(actor, lambda: lock_session(session_id), action="delete") as change:
            _refuse_to_leave(change, end, left)
            bury(change, ARCHIVED, archive=file)
    except NotFound:
        return False
    return change.is_deleted


def _refuse_to_leave(change: Change, end: End, left: dict[str, str]) -> None:
    flow_session = change.flow_session
    reasons = reasons_to_stay([flow_session.pk])
    if (flow_session.version, flow_session.chain_head) != end:
        reasons[flow_session.pk] = _("it was changed meanwhile")
    if reasons:
        left |= reasons
        raise NothingToDo


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    limit = timezone.now().timestamp() - LEFT_BEHIND.total_seconds()
    for draft in folder.glob(f".{_PREFIX}*{PART}"):
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime < limit:
                os.unlink(draft)
