"""What can be wrong with a backup, or with putting it back."""

from __future__ import annotations

from pathlib import Path

from sessions_app.exceptions import Conflict, FlowError, InvalidInput
from sessions_app.language import gettext as _


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
