"""The states as Django choices."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class SessionStatus(TextChoices):
    """Where a session stands; the labels are those of :mod:`sessions_app.words`."""

    PENDING = "PENDING", _("Waiting")
    ACTIVE = "ACTIVE", _("Active")
    PAUSED = "PAUSED", _("Paused")
    COMPLETED = "COMPLETED", _("Completed")
    FAILED = "FAILED", _("Failed")
    ABORTED = "ABORTED", _("Aborted")


class Level(IntegerChoices):
    """How much an event matters; the numbers are those of :mod:`logging`."""

    DEBUG = 10, "DEBUG"
    INFO = 20, "INFO"
    WARNING = 30, "WARNING"
    ERROR = 40, "ERROR"
