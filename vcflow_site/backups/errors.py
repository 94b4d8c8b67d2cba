"""What can be wrong with a backup, or with putting it back."""

from __future__ import annotations

import errno
from pathlib import Path

from sessions_app.exceptions import Conflict, FlowError, InvalidInput, StorageFailed, StorageFull
from sessions_app.language import gettext as _
from vcflow_site.data_folder import ConfigError


class BackupDamaged(FlowError):
    """The file isn't what was written."""

    code = "backup-damaged"


class Ailing(FlowError):
    """The file is what was written, and the doctor finds something in it."""

    code = "backup-ailing"


class BackupUnfit(Conflict):
    """The backup is sound, but not for this installation."""

    code = "backup-unfit"


class InUse(Conflict):
    """Somebody works with the database that is to be replaced."""

    code = "database-in-use"


def damaged(path: Path, reason: str) -> BackupDamaged:
    """The error for a file that begins as a backup and isn't one."""
    return BackupDamaged(
        _("The backup {file} is damaged: {reason}.").format(file=path, reason=reason),
        fix=_("Use another one: 'vc flow backup list' shows which there are."),
        file=str(path),
        reason=reason,
    )


def no_backup(path: Path) -> InvalidInput:
    """The error for a file of another kind."""
    return InvalidInput(
        _("The file {file} is no backup of vcflow, or its beginning is damaged.").format(file=path),
        fix=_("Name a file that 'vc flow backup create' made."),
        code="not-a-backup",
        file=str(path),
    )


def unusable_folder(folder: Path, error: OSError) -> FlowError:
    """The error for a backups' folder that can't be made or read."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            _("The disk is full: nothing can be written in {folder}.").format(folder=folder),
            fix=_("Free some space, or set VCFLOW_BACKUP_FOLDER to another place."),
        )
    message = _("The backups' folder {folder} can't be used: {reason}.").format(folder=folder, reason=error.strerror)
    fix = _("Set VCFLOW_BACKUP_FOLDER to a folder that you may write to.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageFailed(message, fix=fix, code="read-only")
    return ConfigError(message, fix=fix, setting="VCFLOW_BACKUP_FOLDER")
