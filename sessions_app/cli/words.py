"""Events, times and ticks as people read them."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.words import mark

EVENTS = {
    "session.created": noop("session created"),
    "session.started": noop("session started"),
    "session.paused": noop("session paused"),
    "session.resumed": noop("session resumed"),
    "session.completed": noop("session completed"),
    "session.reopened": noop("session reopened"),
    "session.failed": noop("session failed"),
    "session.aborted": noop("session aborted"),
    "session.updated": noop("session updated"),
    "session.noted": noop("note"),
    "session.restored": noop("session put back"),
    "session.forked": noop("session forked"),
    "session.imported": noop("session imported"),
    "session.mended": noop("session mended"),
    "session.migrated": noop("session moved to another version"),
    "savepoint.created": noop("savepoint taken"),
    "stage.created": noop("stage made ready"),
    "stage.started": noop("stage begun"),
    "stage.paused": noop("stage paused"),
    "stage.resumed": noop("stage resumed"),
    "stage.completed": noop("stage completed"),
    "stage.failed": noop("stage failed"),
    "stage.retried": noop("stage begun anew"),
    "stage.skipped": noop("stage skipped"),
    "stage.aborted": noop("stage aborted"),
    "stage.assigned": noop("stage assigned"),
    "stage.updated": noop("stage updated"),
    "stage.claimed": noop("stage claimed"),
    "stage.released": noop("stage released"),
    "item.done": noop("item ticked"),
    "item.reopened": noop("item open again"),
    "item.added": noop("item added"),
    "deliverable.added": noop("deliverable handed in"),
}
"""The types of vcflow's own events; plugins may add some."""


def event_name(event_type: str) -> str:
    """What happened in the current language; a plugin's type as it is."""
    return _(EVENTS.get(event_type, event_type))


def tick(done: bool) -> str:
    """The sign of an item."""
    return mark("COMPLETED" if done else "")


def fact(label: str, value: str) -> str:
    """One line of a list of facts."""
    return f"- {label}: {value}"


def moment(time: datetime, *, seconds: bool = False) -> str:
    """A time in the user's zone: ``2023-06-15 10:30``."""
    return timezone.localtime(time).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
