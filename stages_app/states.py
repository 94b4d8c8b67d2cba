"""The states as Django choices."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class StageStatus(TextChoices):
    """Where an attempt at a stage stands; the labels are those of :mod:`sessions_app.words`."""

    PENDING = "PENDING", _("to do")
    ACTIVE = "ACTIVE", _("in progress")
    PAUSED = "PAUSED", _("on hold")
    COMPLETED = "COMPLETED", _("done")
    FAILED = "FAILED", _("failed")
    SKIPPED = "SKIPPED", _("skipped")
    ABORTED = "ABORTED", _("aborted")
