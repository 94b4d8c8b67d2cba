"""Backups that the worker makes by itself, and forgets when there are enough newer ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from sessions_app import chores
from sessions_app.chores import Chore
from sessions_app.language import gettext as _
from sessions_app.models import ChoreRun

if TYPE_CHECKING:
    from vcflow_site.backups.making import Backup

NAME = "backup"


def register() -> None:
    """Let the workers make backups, if it is switched on."""
    chores.register(Chore(NAME, every, work))


def every() -> timedelta | None:
    """The time from one to the next; None: there are none."""
    return timedelta(hours=settings.VCFLOW_BACKUP_EVERY) or None


def work() -> None:
    """Make one, and delete scheduled ones that are too many; those that somebody made stay."""
    # Only the worker pays for the import: every command registers.
    from vcflow_site.backups import making

    making.create(kind="schedule")
    making.prune(settings.VCFLOW_BACKUP_FOLDER, settings.VCFLOW_BACKUP_KEEP)


def trouble(backups: list[Backup]) -> str:
    """What is the matter with the scheduled backups, if something is."""
    period = every()
    if period is None:
        return ""
    failed = ChoreRun.objects.filter(pk=NAME).exclude(error="").values_list("error", flat=True).first()
    if failed:
        return _("The last scheduled backup failed: {error}").format(error=failed)
    newest = next((one for one in backups if one.manifest and one.manifest.kind == "schedule"), None)
    if newest is None or timezone.now() - newest.created_at > 2 * period:
        return _("There is no scheduled backup of the last {hours} hours: is a worker running?").format(
            hours=2 * settings.VCFLOW_BACKUP_EVERY
        )
    return ""
