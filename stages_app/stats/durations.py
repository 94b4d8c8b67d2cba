"""How long stages take: of a bounded number of recent attempts, so that it costs the same however much there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Case, Sum, When

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent
from stages_app.models import StageInstance
from stages_app.states import StageStatus
from stages_app.stats.moments import PRECISION, Epoch
from stages_app.stats.percentiles import Spread, spread_of

WINDOW = timedelta(days=90)
"""Attempts that were completed before it don't count."""

SAMPLE = 2000
"""Of so many sessions, those that changed last, the attempts are looked at."""

LEAST = 5
"""From fewer attempts nothing is concluded."""

_PAUSES = ("stage.paused", "stage.resumed")


class Timed(NamedTuple):
    """A completed attempt: ``seconds`` from its start to its completion, less what it was on hold."""

    workflow_id: str
    version_id: str
    stage_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SlowestStage:
    """The stage of a workflow that takes longest, by the half of its attempts."""

    stage_id: str
    version_id: str
    spread: Spread


def timed_attempts(actor: Actor, now: datetime) -> list[Timed]:
    """The attempts completed in the last 90 days, of the 2,000 sessions seen that changed last: three queries."""
    changed_last = FlowSession.objects.visible_to(actor).order_by("-updated_at", "-id").head(actor, SAMPLE)
    columns = changed_last.values_list("pk", "workflow", "pinned_version")
    seen = {pk: (workflow_id, version_id) for pk, workflow_id, version_id in columns}
    rows = _completed(list(seen), now - WINDOW)
    on_hold = _on_hold(list(seen)) if rows else {}
    return [
        Timed(*seen[session_id], stage_id, max(round(seconds - on_hold.get(pk, 0.0), PRECISION), 0.0))
        for pk, session_id, stage_id, seconds in rows
    ]


def by_stage(attempts: Iterable[Timed]) -> Mapping[tuple[str, str], Spread]:
    """The spread of each stage, by version and stage; of stages with at least 5 attempts."""
    lengths: dict[tuple[str, str], list[float]] = defaultdict(list)
    for attempt in attempts:
        lengths[attempt.version_id, attempt.stage_id].append(attempt.seconds)
    spreads = {key: spread_of(found) for key, found in lengths.items() if len(found) >= LEAST}
    return {key: spread for key, spread in spreads.items() if spread}


def slowest_stages(attempts: Iterable[Timed]) -> Mapping[str, SlowestStage]:
    """By workflow the stage with the largest p50, over all versions; ``version_id`` is one that has it."""
    lengths: dict[tuple[str, str], list[float]] = defaultdict(list)
    versions: dict[tuple[str, str], str] = {}
    for attempt in attempts:
        key = attempt.workflow_id, attempt.stage_id
        lengths[key].append(attempt.seconds)
        versions[key] = attempt.version_id
    slowest: dict[str, SlowestStage] = {}
    for (workflow_id, stage_id), found in lengths.items():
        spread = spread_of(found)
        known = slowest.get(workflow_id)
        if spread and (known is None or spread.p50 > known.spread.p50):
            slowest[workflow_id] = SlowestStage(stage_id, versions[workflow_id, stage_id], spread)
    return slowest


# Both read the rows of sessions that were looked for as seen: to ask again would lead SQLite to all that are.


def _completed(session_ids: Sequence[str], since: datetime) -> list[tuple[str, str, str, float]]:
    """Id, session, stage and seconds from the start of the attempts completed since then."""
    rows = StageInstance.objects.filter(
        session__in=session_ids, status=StageStatus.COMPLETED, started_at__isnull=False, completed_at__gte=since
    )
    seconds = Epoch("completed_at") - Epoch("started_at")
    return list(rows.order_by().values_list("pk", "session", "stage_id", seconds))


def _on_hold(session_ids: Sequence[str]) -> Mapping[str, float]:
    """By attempt: the seconds between its pauses and the resumings that followed.

    A completed attempt was resumed as often as it was paused: what is between is the difference of the sums.
    """
    moment = Epoch("created_at")
    total = Sum(Case(When(type="stage.resumed", then=moment), default=0.0 - moment))
    pauses = SessionEvent.objects.filter(session__in=session_ids, type__in=_PAUSES)
    return dict(pauses.order_by().values_list("stage_instance_id").annotate(on_hold=total))
