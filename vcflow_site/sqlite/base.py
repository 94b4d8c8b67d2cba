"""Waits for a locked database in short spells, between which Python hears a signal.

SQLite alone would wait in one piece, deaf to Ctrl-C for all of its ``timeout``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

T = TypeVar("T")

SPELL = 0.5
"""Seconds that SQLite waits in one piece."""


class PatientCursor(base.SQLiteCursorWrapper):
    """Asks again, ``patience`` seconds long, while somebody else has the lock."""

    patience = 0.0

    def execute(self, query: str, params: Any = None) -> sqlite3.Cursor:  # type: ignore[override]  # as in Django
        return self._patiently(super().execute, query, params)

    def executemany(self, query: str, param_list: Any) -> sqlite3.Cursor:  # type: ignore[override]  # as in Django
        # The rows may be an iterator, which a second attempt would find spent.
        return self._patiently(super().executemany, query, list(param_list))

    def _patiently(self, attempt: Callable[..., T], *what: Any) -> T:
        # Within a transaction asking again can't help: a writer's lock was taken when it began.
        if self.connection.in_transaction:
            return attempt(*what)
        return patiently(self.patience, attempt, *what)


class DatabaseWrapper(base.DatabaseWrapper):
    """``OPTIONS["timeout"]`` is the whole wait, in seconds."""

    patience = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        self.patience = parameters["timeout"]
        return {**parameters, "timeout": min(self.patience, SPELL)}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return patiently(self.patience, super().get_new_connection, conn_params)

    def create_cursor(self, name: Any = None) -> PatientCursor:
        # Made otherwise, the connection would remember every cursor for as long as it lives.
        cursor: PatientCursor = self.connection.cursor(factory=PatientCursor)
        cursor.patience = self.patience
        return cursor


def patiently(patience: float, attempt: Callable[..., T], *what: Any) -> T:
    """What ``attempt`` answers, which is asked again for ``patience`` seconds while the database is locked."""
    begun = time.monotonic()
    while True:
        try:
            return attempt(*what)
        except sqlite3.OperationalError as error:
            # Python's own errors of this class have no code.
            is_locked = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_locked or time.monotonic() - begun >= patience:
                raise
