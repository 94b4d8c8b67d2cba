"""Moments as numbers, so that the database and Python count with them without making objects."""

from __future__ import annotations

from typing import Any

from django.db import models

PRECISION = 3
"""Digits behind the second that differences have: SQLite's own have a little more than four."""


class Epoch(models.Func):
    """A moment as seconds since 1970, with its fraction."""

    arity = 1
    output_field = models.FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="((julianday(%(expressions)s) - 2440587.5) * 86400.0)", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)::double precision", **context
        )
