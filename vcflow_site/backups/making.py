"""Making a backup, and listing those that there are."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from sessions_app.exceptions import Conflict, FlowError, NotFound
from sessions_app.language import gettext as _
from vcflow_site import __version__
from vcflow_site.backups import archive, manifest, sqlite_copy
from vcflow_site.backups.errors import unusable_folder
from vcflow_site.backups.layout import Writer
from vcflow_site.backups.manifest import Content, Manifest

Say = Callable[[str], None]
Copy = Callable[[Writer, Path], Content]

_DRAFTS = ".vcflow-draft-"
_SILENCE = 5.0
"""Seconds between two words about how far it is."""

FORGOTTEN = 24 * 60 * 60
"""Seconds after which a draft belongs to a process that was killed."""


class Backup(NamedTuple):
    """A backup in its folder; ``problem`` says why it can't be used, and then there is no manifest."""

    path: Path
    size: int
    manifest: Manifest | None
    problem: str = ""
    modified_at: datetime | None = None

    @property
    def created_at(self) -> datetime:
        """When it was made; of a broken one, when its file was last written."""
        return self.manifest.created_at if self.manifest else self.modified_at or datetime.fromtimestamp(0, UTC)


def create(
    target: str | None = None, kind: str = "hand", *, copy: Copy | None = None, say: Say = lambda _message: None
) -> Backup:
    """Copy the database as it is now into one file: ``target``, or a new one in that folder, or in the usual one.

    ``copy`` writes what there is, for one who holds it already.  Whatever fails leaves nothing behind.
    """
    path = _place(target)
    with draft_folder(path.parent) as folder:
        draft = folder / "draft"
        written = _write(draft, kind, copy or _copy_now, say)
        if path.exists():
            raise _taken(path)
        os.rename(draft, path)
    _sync_folder(path.parent)
    return Backup(path, path.stat().st_size, written)


def list_backups(folder: Path) -> list[Backup]:
    """Those in a folder, the newest first; what can't be read is told as such."""
    try:
        files = [path for path in folder.iterdir() if path.name.endswith(archive.SUFFIX) and path.is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable_folder(folder, error) from error
    found = [_looked_at(path) for path in files]
    return sorted(found, key=lambda backup: (backup.created_at, backup.path.name), reverse=True)


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete the scheduled ones but for the newest ``keep``; those that somebody made stay."""
    ours = [backup for backup in list_backups(folder) if backup.manifest and backup.manifest.kind == "schedule"]
    old = [backup.path for backup in ours[keep:]]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _looked_at(path: Path) -> Backup:
    stat = path.stat()
    modified = datetime.fromtimestamp(stat.st_mtime, UTC)
    try:
        with archive.opened(path) as opened:
            return Backup(path, stat.st_size, opened.manifest)
    except FlowError as error:
        return Backup(path, stat.st_size, None, error.message, modified)
    except OSError as error:
        return Backup(path, stat.st_size, None, error.strerror or str(error), modified)


def _place(target: str | None) -> Path:
    if target is None:
        folder: Path = settings.VCFLOW_BACKUP_FOLDER
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unusable_folder(folder, error) from error
        return folder / _new_name()
    path = Path(target).absolute()
    if path.is_dir():
        return path / _new_name()
    if not path.parent.is_dir():
        raise NotFound(
            _("There is no folder {folder}.").format(folder=path.parent),
            fix=_("Make it first, or name another one."),
            kind="folder",
            reference=str(path.parent),
        )
    if path.exists():
        raise _taken(path)
    return path


def _new_name() -> str:
    return f"vcflow-{timezone.now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}{archive.SUFFIX}"


def _taken(path: Path) -> Conflict:
    return Conflict(
        _("The file {file} is there already.").format(file=path),
        fix=_("Name another one: a backup is never written over."),
        code="file-exists",
        file=str(path),
    )


def _write(draft: Path, kind: str, copy: Copy, say: Say) -> Manifest:
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:
        say(_("Copying the database …"))
        writer = Writer(file, _Progress(say))
        created_at = timezone.now()
        content = copy(writer, draft.parent)
        written = Manifest(__version__, connection.vendor, kind, created_at, content, tuple(writer.members))
        writer.end(manifest.write(written))
        file.flush()
        os.fsync(file.fileno())
    return written


class _Progress:
    """Says every few seconds how much has been copied."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._copied = 0
        self._said_at = time.monotonic()

    def __call__(self, copied: int) -> None:
        self._copied += copied
        if time.monotonic() - self._said_at >= _SILENCE:
            self._said_at = time.monotonic()
            self._say(_("… {count} MB copied").format(count=self._copied // 1_000_000))


def _copy_now(writer: Writer, folder: Path) -> Content:
    if connection.vendor == "sqlite":
        return sqlite_copy.copy(sqlite_copy.own_connection(), writer, folder)
    # The driver is there with PostgreSQL alone.
    from vcflow_site.backups import postgres_copy

    with postgres_copy.one_moment() as raw:
        return postgres_copy.copy(raw, writer)


def copy_held(held: sqlite3.Connection) -> Copy:
    """The copying of a SQLite database that is held."""
    return lambda writer, folder: sqlite_copy.copy(held, writer, folder)


@contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """A private folder for what passes; those of processes that were killed are removed."""
    for left in parent.glob(f"{_DRAFTS}*"):
        with suppress(FileNotFoundError):  # another one was faster
            if time.time() - left.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_DRAFTS, dir=parent) as folder:
        yield Path(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
