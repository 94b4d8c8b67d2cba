"""The heads of all chains in a backup, held against the log: what was written since may not change what was before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice
from operator import or_
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q

from sessions_app.checkups import Finding, Tally
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from vcflow_site.backups import archive, making

_AT_ONCE = 200
_RESTORED = "restore"


class Head(NamedTuple):
    """Where a session's chain ended when the backup was made."""

    id: str
    version: int
    chain_head: str


def newest_backup() -> Path | None:
    """The newest backup that says what this database once was; none from before something was put back last."""
    folder = settings.VCFLOW_BACKUP_FOLDER
    if not folder.is_dir():
        return None
    for backup in making.list_backups(folder):
        if backup.manifest is None:
            continue
        return None if backup.manifest.kind == _RESTORED else backup.path
    return None


def check_against(path: Path, tally: Tally, session_ids: Sequence[str] | None = None) -> Iterator[Finding]:
    """Each session of the backup is there or has a tombstone, and has the backup's last event with its hash."""
    with archive.opened(path) as opened:
        heads = _heads(opened)
        while batch := list(islice(heads, _AT_ONCE)):
            asked = batch if session_ids is None else [head for head in batch if head.id in session_ids]
            tally.checked += len(asked)
            if asked:
                yield from _compared(asked, path.name)


def _heads(opened: archive.Archive) -> Iterator[Head]:
    rest = b""
    for piece in opened.read(archive.HEADS):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield Head(**json.loads(line))


def _compared(heads: Sequence[Head], backup: str) -> Iterator[Finding]:
    ids = [head.id for head in heads]
    rows = FlowSession.objects.filter(pk__in=ids).values_list("pk", "version", "chain_head")
    now = {session_id: (version, chain_head) for session_id, version, chain_head in rows}
    gone = [head for head in heads if head.id not in now]
    changed = [head for head in heads if head.id in now and now[head.id] != head[1:] and head.version]
    hashes = _hashes(changed)
    for head in changed:
        found = hashes.get((head.id, head.version))
        if found != head.chain_head:
            yield _rewritten(head, backup, is_there=found is not None)
    yield from _vanished(gone, backup)


def _hashes(heads: Sequence[Head]) -> dict[tuple[str, int], str]:
    if not heads:
        return {}
    wanted = reduce(or_, (Q(session_id=head.id, seq=head.version) for head in heads))
    rows = SessionEvent.objects.filter(wanted).values_list("session_id", "seq", "hash")
    return {(session_id, seq): found for session_id, seq, found in rows}


def _vanished(heads: Sequence[Head], backup: str) -> Iterator[Finding]:
    rows = Tombstone.objects.filter(pk__in=[head.id for head in heads]).values_list("pk", "last_seq")
    buried = dict(rows)
    for head in heads:
        last = buried.get(head.id)
        if last is None:
            message = _("The session {id} is in the backup {file}, and gone without a tombstone.")
        elif last < head.version:
            message = _("The tombstone of {id} says fewer events than the backup {file} has.")
        else:
            continue
        message = message.format(id=head.id, file=backup)
        yield Finding("session-vanished", message, _fix(), session_id=head.id, seq=head.version)


def _rewritten(head: Head, backup: str, *, is_there: bool) -> Finding:
    message = (
        _("Event {seq} of {id} is another than in the backup {file}: the log was rewritten.")
        if is_there
        else _("Event {seq} of {id} is in the backup {file}, and gone: the log was cut.")
    ).format(seq=head.version, id=head.id, file=backup)
    return Finding("log-rewritten" if is_there else "log-cut", message, _fix(), session_id=head.id, seq=head.version)


def _fix() -> str:
    return _("Unless an older backup was put back since, put this one back: 'vc flow backup restore'.")
