"""What people call the statuses of the status system and the levels of health.  Imports no Django."""

from __future__ import annotations

from sessions_app.language import gettext as _
from sessions_app.language import noop

_STATUSES = {
    "PENDING": noop("Pending"),
    "IN_PROGRESS": noop("In progress"),
    "ON_HOLD": noop("On hold"),
    "COMPLETED": noop("Completed"),
    "FAILED": noop("Failed"),
    "CANCELED": noop("Canceled"),
}

_COUNTS = {
    **_STATUSES,
    "open": noop("open"),
    "stuck": noop("stuck"),
    "active": noop("active"),
    "paused": noop("paused"),
    "failed": noop("failed"),
    "overdue": noop("overdue"),
    "waiting": noop("waiting"),
    "parked": noop("parked"),
    "conflicts": noop("conflicts"),
    "workers": noop("workers"),
}

_LEVELS = {
    "healthy": ("✅", noop("healthy")),
    "attention": ("⚠️", noop("needs attention")),
    "unhealthy": ("❌", noop("unhealthy")),
    "unknown": ("❔", noop("unknown")),
}


def entry_status_name(status: str) -> str:
    """A status of the status system in the current language."""
    return _(_STATUSES[status])


def entry_status(status: str) -> str:
    """A status of the status system in the current language, with the word that programs see."""
    return f"{entry_status_name(status)} ({status})"


def count_name(name: str) -> str:
    """What is counted, in the current language; a plugin's as it is."""
    return _(_COUNTS[name]) if name in _COUNTS else name


def level_name(level: str) -> str:
    """A level in the current language."""
    return _(_LEVELS[level][1])


def level_mark(level: str) -> str:
    """The sign of a level."""
    return _LEVELS[level][0]
