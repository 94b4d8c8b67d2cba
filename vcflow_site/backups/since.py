"""Since when the database has been the one that it is: what was restored last is noted beside the backups.

Backups of before say what another database was, and can't be held against this one.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from sessions_app.bundles.files import write_file
from sessions_app.language import gettext as _

NOTE = "restored.json"
"""The file's name, in the backups' folder."""


class Restore(NamedTuple):
    """The last one that was completed: the backup's file, and when."""

    file: str
    at: datetime


def note(backup: Path) -> str:
    """Note that a backup was restored just now, where there may be others; why it couldn't be done, empty if it was."""
    folder: Path = settings.VCFLOW_BACKUP_FOLDER
    if not folder.is_dir():
        return ""
    line = json.dumps({"file": backup.name, "at": timezone.now().isoformat()})
    try:
        write_file(folder / NOTE, [f"{line}\n".encode()])
    except OSError as error:
        return _(
            "The restore could not be noted in {folder}: {reason}. Until the next backup is made there,"
            " 'vc flow doctor' compares with one of before."
        ).format(folder=folder, reason=error.strerror)
    return ""


def last_restore() -> Restore | None:
    """The last one that was noted; raises ValueError when the note can't be understood."""
    try:
        text = (settings.VCFLOW_BACKUP_FOLDER / NOTE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        found = json.loads(text)
        restore = Restore(str(found["file"]), datetime.fromisoformat(found["at"]))
    except (KeyError, TypeError) as error:
        raise ValueError(text) from error
    if restore.at.tzinfo is None:
        raise ValueError(text)
    return restore
