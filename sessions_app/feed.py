"""What happened after a cursor, over all sessions that the actor sees: no event is ever skipped.

The order is that of :mod:`sessions_app.feed_clock`; within a session it is that of the events'
numbers.  ``docs/feed.md`` says how to follow it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from sessions_app import lookup, storage
from sessions_app.actors import Actor
from sessions_app.exceptions import InvalidInput
from sessions_app.feed_clock import Clock, Position, read_clock
from sessions_app.language import gettext as _
from sessions_app.models import SessionEvent
from sessions_app.querysets import SessionEventQuerySet
from sessions_app.states import Level

NOW = "now"
"""The cursor of those who want only what comes."""

BEGINNING = Position(0, 0)

_CURSOR = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})-([0-9a-f]{1,16})")
_LARGEST = 2**63 - 1


class Cursor(NamedTuple):
    """All before ``position`` was told; ``epoch`` is that of the server which said so."""

    epoch: int
    position: Position

    def __str__(self) -> str:
        return f"{self.epoch:x}-{self.position.transaction_id:x}-{self.position.id:x}"


class Told(NamedTuple):
    """Events, each with the cursor behind it; the cursor to go on with; whether there is more now."""

    events: list[tuple[SessionEvent, str]]
    cursor: str
    more: bool


def events_after(actor: Actor, cursor: str | None, limit: int) -> Told:
    """At most ``limit`` events after ``cursor``: None is the beginning, :data:`NOW` the end."""
    clock = read_clock()
    start = _start(cursor, clock)
    if start >= clock.horizon:
        return Told([], str(Cursor(clock.epoch, start)), more=False)
    with storage.translated():
        seen = SessionEvent.objects.visible_to(actor).filter(_between(start, clock.horizon))
        found = list(seen.order_by("transaction_id", "id")[: limit + 1])
    events = [(event, str(Cursor(clock.epoch, _behind(event)))) for event in found[:limit]]
    if len(found) > limit:
        return Told(events, events[-1][1], more=True)
    # Nothing of what the actor doesn't see is looked through again.
    return Told(events, str(Cursor(clock.epoch, clock.horizon)), more=False)


def session_log(actor: Actor, session_id: str, *, after: int, level: Level) -> SessionEventQuerySet:
    """The events of one session behind the number ``after``, of at least that level, in their order."""
    flow_session = lookup.get_session(actor, session_id)
    return SessionEvent.objects.filter(session_id=flow_session.pk, seq__gt=after, level__gte=level).order_by("seq")


def _start(given: str | None, clock: Clock) -> Position:
    """Where to go on.

    A cursor that is ahead of this server, or was given after the dump that this server goes on
    from, speaks of events that are not here: all that were written here follow.
    """
    if given is None:
        return BEGINNING
    if given == NOW:
        return clock.horizon
    cursor = _read_cursor(given)
    is_foreign = cursor.epoch != clock.epoch and cursor.position.transaction_id > clock.epoch
    if is_foreign or cursor.position > clock.latest:
        return Position(clock.epoch, 0)
    return cursor.position


def _read_cursor(given: str) -> Cursor:
    found = _CURSOR.fullmatch(given)
    numbers = [int(part, 16) for part in found.groups()] if found else []
    if not numbers or max(numbers) > _LARGEST:
        raise InvalidInput(
            _("The cursor can't be used."),
            fix=_("Give the cursor of an earlier answer as it is, 'now', or none to begin at the beginning."),
            code="invalid-cursor",
            field="after",
        )
    epoch, transaction_id, row_id = numbers
    return Cursor(epoch, Position(transaction_id, row_id))


def _behind(event: SessionEvent) -> Position:
    return Position(event.transaction_id, event.pk + 1)


def _between(start: Position, end: Position) -> Q | RawSQL:
    """From ``start`` to before ``end``, so written that both databases begin at the place in the index."""
    if start.transaction_id == end.transaction_id:  # always so on SQLite
        return Q(transaction_id=start.transaction_id, id__gte=start.id, id__lt=end.id)
    pair = '("session_events"."transaction_id", "session_events"."id")'
    statement = f"{pair} >= (%s, %s) AND {pair} < (%s, %s)"
    # Only a constant is put into the statement.
    return RawSQL(statement, (*start, *end), output_field=BooleanField())  # noqa: S611
