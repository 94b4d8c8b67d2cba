"""Which sessions are stuck: active, and silent for longer than 9 of 10 attempts at their stage took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, Value, When
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet
from stages_app.stats.durations import by_stage, timed_attempts
from stages_app.stats.percentiles import Spread

FALLBACK = timedelta(days=7)
"""Holds for a stage of which too few attempts are known."""

SHORTEST = timedelta(minutes=1)
"""A silence that is shorter says nothing, however quick the stage is."""

MOST_COUNTED = 1000
"""Beyond it nobody counts: it is many."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silence is usual at each stage, by version and stage; of the others nothing is known."""

    spreads: Mapping[tuple[str, str], Spread]

    def at(self, flow_session: FlowSession) -> Spread | None:
        """What is known of the session's current stage."""
        return self.spreads.get((flow_session.pinned_version_id, flow_session.current_stage_id))

    def seconds(self) -> Mapping[tuple[str, str], float]:
        """After how many seconds without an event a session is stuck."""
        return {key: max(spread.p90, SHORTEST.total_seconds()) for key, spread in self.spreads.items()}


def patience(actor: Actor, now: datetime | None = None) -> Patience:
    """From the attempts of the last 90 days that the actor sees: three queries."""
    return Patience(by_stage(timed_attempts(actor, now or timezone.now())))


def stuck_sessions(actor: Actor, known: Patience | None = None, now: datetime | None = None) -> FlowSessionQuerySet:
    """The stuck ones of those that the actor sees.  One query, and three before it unless the patience is ``known``."""
    now = now or timezone.now()
    silent_since = {
        key: now - timedelta(seconds=length) for key, length in (known or patience(actor, now)).seconds().items()
    }
    usual = now - FALLBACK
    limits = [
        When(pinned_version=version_id, current_stage_id=stage_id, then=Value(since))
        for (version_id, stage_id), since in silent_since.items()
    ]
    return (
        FlowSession.objects.visible_to(actor)
        # The limit of all limits is one that an index may be entered by.
        .filter(status=machine.ACTIVE, updated_at__lt=max([usual, *silent_since.values()]))
        .filter(updated_at__lt=Case(*limits, default=Value(usual), output_field=DateTimeField()))
    )


def longest_silent(rows: FlowSessionQuerySet) -> list[str]:
    """Their ids, the longest silent first, and at most one more than 1,000: one query.

    With a small limit PostgreSQL would walk all sessions in the order of their last events.
    """
    return list(rows.order_by("updated_at", "id").values_list("pk", flat=True)[: MOST_COUNTED + 1])
