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
from sessions_app.cli.words import moment
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from vcflow_site.backups import archive, making, restoring, since
from vcflow_site.backups.since import Restore

_AT_ONCE = 200


class Head(NamedTuple):
    """Where a session's chain ended when the backup was made."""

    id: str
    version: int
    chain_head: str


class Anchor(NamedTuple):
    """What the log is compared with; ``warnings`` tell of backups that can't be believed or read."""

    path: Path | None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def named_backup(name: str) -> Anchor:
    """The one that somebody named, whoever made it."""
    path = archive.find(name)
    with archive.opened(path) as opened:
        return Anchor(path, () if opened.manifest.is_authentic else (restoring.unproven(),))


def newest_backup() -> Anchor:
    """The newest backup with this installation's signature that says what this database once was.

    Those of before the last restore don't: what they hold was given up.
    """
    folder = settings.VCFLOW_BACKUP_FOLDER
    backups = making.list_backups(folder) if folder.is_dir() else []
    restore, warnings = _last_restore()
    begins = [backup for backup in backups if restore is None or backup.created_at > restore.at]
    foreign = [backup for backup in begins if backup.manifest and not backup.manifest.is_authentic]
    broken = [backup for backup in begins if not backup.manifest]
    own = next((backup.path for backup in begins if backup.manifest and backup.manifest.is_authentic), None)
    if foreign:
        warnings.append(
            _("Backups left out, for another key signed them and nobody can tell who made them: {count}").format(
                count=len(foreign)
            )
        )
    if broken:
        warnings.append(_("Backups left out, for they can't be read: {count}").format(count=len(broken)))
    earlier = len(backups) - len(begins)
    return Anchor(own, tuple(warnings), tuple(_told(restore, earlier)) if own is None else ())


def _last_restore() -> tuple[Restore | None, list[str]]:
    try:
        return since.last_restore(), []
    except (OSError, ValueError):
        file = settings.VCFLOW_BACKUP_FOLDER / since.NOTE
        return None, [_("When something was restored last can't be read in {file}.").format(file=file)]


def _told(restore: Restore | None, earlier: int) -> Iterator[str]:
    """Why backups that are there don't count."""
    if restore is not None and earlier:
        yield _("Backups from before {file} was restored ({time}), which count no more: {count}").format(
            count=earlier, file=restore.file, time=moment(restore.at)
        )


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
