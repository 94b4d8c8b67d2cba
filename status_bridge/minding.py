"""What both kinds of workers have in common: they say that they live, outlast a database that goes away, and end."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from django.db import DatabaseError, connections

from sessions_app import chores, storage
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from status_bridge.upkeep import Beat, prune

BEAT = 5.0
"""Seconds between two signs of life."""

PRUNE = 60 * 60.0
PATIENCE = 10.0
"""Seconds that the end of a worker waits for a chore; one that takes longer is cut off and done again."""

RECOVERY = 1.0
"""Seconds to wait before the database is tried again."""

errors = logging.getLogger("status_bridge.worker")

Say = Callable[[str], None]


class Minder:
    """Watches over a worker of ``threads`` threads; ``say`` tells people what is the matter with the database."""

    def __init__(self, engine: str, threads: int, say: Say) -> None:
        self.ending = Event()
        self.arrived = 0
        self._beat = Beat(engine)
        self._say = say
        self._most = max(1, threads - 1)
        self._lock = Lock()
        self._busy: Counter[str] = Counter()
        self._is_cut_off = False

    def mind(self) -> None:
        """Until the worker ends, say that it lives, forget what is old, and do the chores."""
        chores_done = Thread(target=self._do_chores, name="chores", daemon=True)
        chores_done.start()
        self._tell_and_prune()
        chores_done.join(PATIENCE)

    def _tell_and_prune(self) -> None:
        since_prune = PRUNE
        while not self.ending.is_set():
            self.guarded(lambda: self._beat.tell(self.arrived))
            if since_prune >= PRUNE and self.guarded(prune):
                since_prune = 0.0
            since_prune += BEAT
            self.ending.wait(BEAT)

    def _do_chores(self) -> None:
        """What is long may take its time here; what a killed worker left undone is done when it is due again."""
        try:
            while not self.ending.is_set():
                self.guarded(self._do_due_chores)
                self.ending.wait(BEAT)
        finally:
            _forget_connection()

    def _do_due_chores(self) -> None:
        for name in chores.run_due():
            self._say(_("The chore {name} failed; it is tried again.  logs/errors.log says more.").format(name=name))

    def end(self) -> None:
        """It lives no more."""
        self.guarded(self._beat.end)

    def busy(self) -> list[str]:
        """Subscriptions that keep all threads but one busy: the last is for the others."""
        with self._lock:
            return [subscription_id for subscription_id, count in self._busy.items() if count >= self._most]

    @contextmanager
    def delivering(self, subscription_id: str) -> Iterator[None]:
        """A thread is busy with a subscription meanwhile."""
        with self._lock:
            self._busy[subscription_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[subscription_id] -= 1

    def count(self, arrived: int) -> None:
        """So many messages more have arrived."""
        with self._lock:
            self.arrived += arrived

    def guarded(self, work: Callable[[], object]) -> bool:
        """Do a piece of work; a database that is away is told once, and tried again after a while."""
        try:
            with storage.translated():
                work()
        except FlowError as error:
            self.cut_off(error.message)
        except Exception as error:
            errors.error("the worker failed", exc_info=error)
            self._say(_("Something unexpected went wrong: {error}.").format(error=f"{type(error).__name__}: {error}"))
        else:
            return True
        _forget_connection()
        self.ending.wait(RECOVERY)
        return False

    def cut_off(self, message: str) -> None:
        """The database can't be used; it is told unless it was known."""
        with self._lock:
            is_news, self._is_cut_off = not self._is_cut_off, True
        if is_news:
            self._say(message + " " + _("The worker tries again."))

    def back_again(self) -> None:
        """The database was used."""
        with self._lock:
            is_news, self._is_cut_off = self._is_cut_off, False
        if is_news:
            self._say(_("The database is there again."))


def _forget_connection() -> None:
    try:
        connections.close_all()
    except DatabaseError as error:
        errors.error("a connection can't be closed", exc_info=error)
