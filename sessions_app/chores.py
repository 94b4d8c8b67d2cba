"""Work that workers do beside delivering, such as backups: each chore by one worker at a time, when it is due.

A floor registers its chores in ``AppConfig.ready()``; ``vc flow worker`` calls :func:`run_due` every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from sessions_app import storage
from sessions_app.exceptions import FlowError
from sessions_app.models import ChoreRun

RETRY = timedelta(minutes=5)
"""After a failure a chore is tried again no later than this."""

_LOG = logging.getLogger("vcflow.chores")


class Chore(NamedTuple):
    """``every`` gives the time from one start to the next, None while the chore is switched off."""

    name: str
    every: Callable[[], timedelta | None]
    work: Callable[[], object]


_chores: dict[str, Chore] = {}


def register(chore: Chore) -> None:
    """Add a chore; one of the same name takes its place."""
    _chores[chore.name] = chore


def run_due() -> list[str]:
    """Do what is due and not being done by another worker; the names of what failed, which is logged and kept."""
    return [chore.name for chore in _chores.values() if _claim(chore) and not _run(chore)]


def _claim(chore: Chore) -> bool:
    """Whether it is due, and this worker is the one that does it."""
    every = chore.every()
    if every is None:
        return False
    now = timezone.now()
    with storage.translated():
        due = ChoreRun.objects.filter(pk=chore.name).values_list("due_at", flat=True).first()
        if due is None:
            ChoreRun.objects.bulk_create([ChoreRun(name=chore.name, due_at=now)], ignore_conflicts=True)
        elif now < due <= now + every:
            return False  # one that lies further away was set when it was done less often, or by a clock that was wrong
        waiting = ChoreRun.objects.filter(pk=chore.name, **({} if due is None else {"due_at": due}))
        return bool(waiting.exclude(due_at__gt=now, due_at__lte=now + every).update(due_at=now + every, started_at=now))


def _run(chore: Chore) -> bool:
    try:
        chore.work()
    except Exception as error:
        _LOG.exception("The chore %s failed", chore.name)
        _note(chore, error.message if isinstance(error, FlowError) else f"{type(error).__name__}: {error}")
        return False
    _note(chore, "")
    return True


def _note(chore: Chore, error: str) -> None:
    """How it went; what failed is tried again soon."""
    now = timezone.now()
    with storage.translated():
        run = ChoreRun.objects.filter(pk=chore.name)
        run.update(ended_at=now, error=error)
        if error:
            run.filter(due_at__gt=now + RETRY).update(due_at=now + RETRY)
