"""Where the feed of events stands: up to where all is committed, so that nothing comes in before it.

On PostgreSQL an event carries the number of the transaction that wrote it, or that of the event
before it in its session if that is larger.  What lies below the oldest running transaction is
final; rows by their own numbers are not, for those are given out before the commit.  On SQLite
there is one writer at a time, and the rows' numbers are the order of commits.

A dump that is restored into another server brings numbers that this server has yet to reach.
:func:`settle` then adds an epoch to the numbers that this server gives, larger than all that
were brought: the order of what was there stays, and what is new comes after it.
"""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

from django.db import connection, transaction

from sessions_app import storage
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _

_EPOCH = re.compile(r"\+ '?(\d{1,19})'?")

_POSTGRES = """
    SELECT pg_snapshot_xmin(taken)::text::bigint,
           pg_snapshot_xmax(taken)::text::bigint,
           (SELECT coalesce(max(transaction_id), 0) FROM session_events),
           (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute
                ON attrelid = adrelid AND attnum = adnum
             WHERE adrelid = 'session_events'::regclass AND attname = 'transaction_id')
      FROM pg_current_snapshot() AS taken
"""
_SQLITE = "SELECT seq FROM sqlite_sequence WHERE name = 'session_events'"


class FeedUnsettled(FlowError):
    """The events were restored from another server, and the feed would mix up old and new ones."""

    code = "feed-unsettled"
    http_status = 503


class Position(NamedTuple):
    """A place in the order of the feed."""

    transaction_id: int
    id: int


class Clock(NamedTuple):
    """All before ``horizon`` is committed and final; nothing lies beyond ``latest``."""

    epoch: int
    horizon: Position
    latest: Position


class _Numbers(NamedTuple):
    """PostgreSQL's own: the oldest running transaction, the next one, the events' largest, the default's source."""

    oldest: int
    following: int
    largest: int
    default: str

    @property
    def epoch(self) -> int:
        found = _EPOCH.search(self.default)
        return int(found.group(1)) if found else 0

    @property
    def is_settled(self) -> bool:
        return self.largest < self.following + self.epoch


def read_clock() -> Clock:
    """How the feed stands now: one query; raises :class:`FeedUnsettled` until :func:`settle` was called."""
    with storage.translated():
        return _postgres_clock() if connection.vendor == "postgresql" else _sqlite_clock()


def settle() -> bool:
    """After a restore into another server, bring old and new events into one order; False: they are."""
    if connection.vendor != "postgresql" or _read_numbers().is_settled:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE session_events IN ACCESS EXCLUSIVE MODE")
        numbers = _read_numbers()
        if numbers.is_settled:
            return False
        # By chance, so that two servers which go on from one dump are told apart.
        epoch = numbers.largest + 1 + secrets.randbelow(2**31)
        cursor.execute(
            "ALTER TABLE session_events ALTER COLUMN transaction_id"
            f" SET DEFAULT (pg_current_xact_id()::text::bigint + {epoch:d})"
        )
        # What was written here before this may have small numbers; it follows on all that was brought.
        cursor.execute(
            "UPDATE session_events SET transaction_id = %s WHERE id >"
            " (SELECT min(id) FROM session_events WHERE transaction_id = %s)",
            [epoch, numbers.largest],
        )
    return True


def _read_numbers() -> _Numbers:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES)
        return _Numbers(*cursor.fetchone())


def _postgres_clock() -> Clock:
    numbers = _read_numbers()
    if not numbers.is_settled:
        raise FeedUnsettled(
            _("The events were restored from another database server, and the feed has not been settled since."),
            fix=_("Run 'vc init' once; then go on with the cursor that you have."),
        )
    epoch = numbers.epoch
    return Clock(epoch, Position(numbers.oldest + epoch, 0), Position(numbers.following + epoch, 0))


def _sqlite_clock() -> Clock:
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE)
        found = cursor.fetchone()
    end = Position(0, (found[0] if found else 0) + 1)
    return Clock(0, end, end)
