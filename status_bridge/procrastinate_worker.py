"""The worker that drains the same lanes by procrastinate, for several machines on one PostgreSQL."""

from __future__ import annotations

import asyncio
from threading import Thread

from django.db import connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException
from psycopg import Error
from psycopg.errors import UndefinedFunction, UndefinedTable

from sessions_app.exceptions import StorageFailed
from sessions_app.language import gettext as _
from status_bridge import procrastinate_tasks
from status_bridge.minding import RECOVERY, Minder, Say

POLL = 5.0
"""Seconds between two looks for jobs, should a notification be lost."""


class Worker:
    """Runs procrastinate's worker, ``threads`` jobs at once."""

    def __init__(self, threads: int, say: Say) -> None:
        self._threads = threads
        self._minder = procrastinate_tasks.minder = Minder("procrastinate", threads, say)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def arrived(self) -> int:
        """How many messages it has delivered."""
        return self._minder.arrived

    def stop(self) -> None:
        """End once the messages in flight have been sent; may be called by a signal's handler."""
        self._minder.ending.set()
        if self._loop and self._running:
            self._loop.call_soon_threadsafe(self._running.cancel)

    def run(self) -> None:
        """Work until :meth:`stop`."""
        minding = Thread(target=self._mind, name="minder", daemon=True)
        minding.start()
        while not self._minder.ending.is_set():
            try:
                asyncio.run(self._run())
            except (ConnectorException, Error) as error:
                cause = error.__cause__ or error
                if isinstance(cause, UndefinedTable | UndefinedFunction):
                    self._minder.ending.set()
                    raise _without_tables() from error
                self._minder.cut_off(str(cause).partition("\n")[0])
            self._minder.ending.wait(0 if self._minder.ending.is_set() else RECOVERY)
        minding.join()
        self._minder.end()

    def _mind(self) -> None:
        try:
            self._minder.mind()
        finally:
            connections.close_all()

    async def _run(self) -> None:
        self._loop, self._running = asyncio.get_running_loop(), asyncio.current_task()
        assert isinstance(app.connector, DjangoConnector), "what procrastinate's Django app has"
        with app.replace_connector(app.connector.get_worker_connector()):
            async with app.open_async():
                try:
                    await app.run_worker_async(
                        queues=[procrastinate_tasks.QUEUE],
                        concurrency=self._threads,
                        fetch_job_polling_interval=POLL,
                        delete_jobs="always",
                        install_signal_handlers=False,
                    )
                except asyncio.CancelledError:
                    if not self._minder.ending.is_set():
                        raise


def _without_tables() -> StorageFailed:
    return StorageFailed(_("The database lacks procrastinate's tables."), fix=_("Make them with 'vc init'."))
