"""The worker that is part of vcflow: a few threads that deliver what is due, until they are told to end."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Lock, Thread

from django.db import DatabaseError, close_old_connections, connections

from status_bridge import delivery, leases
from status_bridge.leases import Claim
from status_bridge.minding import Minder, Say

POLL = 0.25
"""Seconds between two looks at what is due: of all threads, one looks at a time."""

PATIENCE = 10.0
"""Seconds after which a lane with many messages is put behind the others."""


class Worker:
    """Delivers with ``threads`` threads; ``say`` tells people what is the matter with the database."""

    def __init__(self, threads: int, say: Say) -> None:
        self._minder = Minder("embedded", threads, say)
        self._threads = [Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(1, threads + 1)]
        self._turn = Lock()

    @property
    def arrived(self) -> int:
        """How many messages it has delivered."""
        return self._minder.arrived

    def stop(self) -> None:
        """End once the messages in flight have been sent; may be called by a signal's handler."""
        self._minder.ending.set()

    def run(self) -> None:
        """Work until :meth:`stop`."""
        for thread in self._threads:
            thread.start()
        self._minder.mind()
        for thread in self._threads:
            thread.join()
        self._minder.end()

    def _work(self) -> None:
        try:
            while not self._minder.ending.is_set():
                self._minder.guarded(self._take_one)
        finally:
            with suppress(DatabaseError):  # it is over, whether the server hears of it or not
                connections.close_all()

    def _take_one(self) -> None:
        """Wait for a lane, and deliver it."""
        held = self._wait_for_lane()
        if held is None:
            return
        with self._minder.delivering(held.subscription.pk):
            until = time.monotonic() + PATIENCE
            is_ending = self._minder.ending.is_set
            self._minder.count(delivery.deliver(held, is_enough=lambda: is_ending() or time.monotonic() > until))

    def _wait_for_lane(self) -> Claim | None:
        """A lane, or None when the worker ends.  Only the thread whose turn it is looks for one."""
        with self._turn:
            while not self._minder.ending.is_set():
                close_old_connections()
                held = leases.claim(self._minder.busy())
                self._minder.back_again()
                if held is not None:
                    return held
                self._minder.ending.wait(POLL)
        return None
