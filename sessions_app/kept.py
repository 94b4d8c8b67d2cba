"""What is kept of a session that somebody sees: its newest savepoints, and what went on from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, Savepoint
from sessions_app.querysets import FlowSessionQuerySet


class Kept(NamedTuple):
    """The newest savepoints without their states, how many there are, and the newest forks."""

    savepoints: Sequence[Savepoint]
    total: int
    forks: Sequence[FlowSession]


def kept_of(actor: Actor, flow_session: FlowSession, *, savepoints: int, forks: int) -> Kept:
    """At most so many of each; a fork more than asked for says that there are more.  Three queries."""
    rows = Savepoint.objects.visible_to(actor).filter(session=flow_session.pk).defer("data").order_by("-seq")
    newest = list(rows[: savepoints + 1])
    total = rows.count() if len(newest) > savepoints else len(newest)
    return Kept(newest[:savepoints], total, list(forks_of(actor, flow_session.pk)[: forks + 1]))


def forks_of(actor: Actor, session_id: str) -> FlowSessionQuerySet:
    """The sessions that went on from a session's savepoints, newest first; those that the actor sees."""
    beginning = f"{session_id}@"
    # '@' and its successor: the index is read from one to the other; by language's order others stand there too.
    within = {"forked_from__gt": beginning, "forked_from__lt": f"{session_id}A"}
    # The index has none that is empty; SQLite takes it only where the query says so too.
    known = FlowSession.objects.visible_to(actor).exclude(forked_from="")
    return known.filter(**within, forked_from__startswith=beginning).order_by("-created_at", "-id")
