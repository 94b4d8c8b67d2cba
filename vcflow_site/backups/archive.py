"""A backup that is read: found, looked at, checked byte by byte, unpacked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from sessions_app.exceptions import NotFound, StorageFull
from sessions_app.language import gettext as _
from vcflow_site.backups import layout, manifest
from vcflow_site.backups.errors import damaged, no_backup
from vcflow_site.backups.layout import Member, Torn
from vcflow_site.backups.manifest import Manifest

SUFFIX = ".backup"
HEADS = "heads.jsonl.gz"


class Archive:
    """An open backup: ``manifest``, and its members by name."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        room = layout.read_manifest(file)
        if room is None:
            raise no_backup(path)
        self.manifest: Manifest = manifest.read(path, room)
        self.size = os.fstat(file.fileno()).st_size
        with self._intact():
            self._places = layout.places(file, list(self.manifest.members))
        self._members = {member.name: member for member in self.manifest.members}
        if len(self._members) != len(self.manifest.members) or HEADS not in self._members:
            raise damaged(path, _("a part is missing or there twice"))

    def member(self, name: str) -> Member:
        """The member of that name; raises BackupDamaged if there is none."""
        if name not in self._members:
            raise damaged(self.path, _("its part {name} is missing").format(name=name))
        return self._members[name]

    def check(self) -> None:
        """Read every byte; raises BackupDamaged unless each is as it was written."""
        with self._intact():
            for member in self.manifest.members:
                for _piece in layout.packed(self._file, self._places[member.name], member):
                    pass

    def read(self, name: str) -> Iterator[bytes]:
        """A member's bytes, unpacked."""
        member = self.member(name)
        with self._intact():
            yield from layout.unpacked(self._file, self._places[name], member)

    def unpack(self, name: str, target: Path) -> None:
        """Write a member to a new file, for its owner alone."""
        needed = self.member(name).raw_size
        if shutil.disk_usage(target.parent).free < needed:
            raise StorageFull(
                _("There is not enough room in {folder}: {needed} bytes are needed.").format(
                    folder=target.parent, needed=needed
                ),
                fix=_("Free some space, then try again."),
            )
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in self.read(name):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except Torn as torn:
            reason = _("it was cut, or bytes of it are others than were written ({place})")
            raise damaged(self.path, reason.format(place=torn)) from torn


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A backup, of which the manifest and the layout are looked at; :meth:`Archive.check` does the rest."""
    with path.open("rb") as file:
        yield Archive(path, file)


def find(name: str) -> Path:
    """The backup meant by a path, or by a file's name in the backups' folder."""
    given = Path(name)
    candidates = [given] if given.parent != Path() or given.is_file() else [given, settings.VCFLOW_BACKUP_FOLDER / name]
    for path in candidates:
        if path.is_file():
            return path
    raise NotFound(
        _("There is no backup {name}.").format(name=name or "''"),
        fix=_("Give a file's path, or the name of one in {folder}: 'vc flow backup list' shows them.").format(
            folder=settings.VCFLOW_BACKUP_FOLDER
        ),
        kind="backup",
        reference=name,
    )
