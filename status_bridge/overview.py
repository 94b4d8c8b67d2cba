"""The whole project at a glance: how well each domain is, and each workflow; of what the caller may see."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import FlowSession, WorkflowDefinition
from status_bridge.health import (
    MOST_NAMED,
    MOST_WORKFLOWS,
    Domain,
    Reason,
    added_domains,
    level_of,
    score_of,
)
from status_bridge.health_deliveries import deliveries_domain
from status_bridge.health_stages import stages_domain
from status_bridge.mapping import SESSION_STATUS_MAPPING
from status_bridge.models import EntryStatus, StatusEntry

STUCK_AFTER = timedelta(days=7)
"""An active or paused session in which nothing happened for so long counts half."""

SESSIONS = "/api/v1/sessions/?"


@dataclass
class Tally:
    """Sessions of a workflow, or of several: by status of the status system, and how many are stuck."""

    counts: Counter[str] = field(default_factory=Counter)
    stuck: int = 0

    @property
    def open(self) -> int:
        """How many have not ended."""
        return sum(self.counts[SESSION_STATUS_MAPPING[status]] for status in machine.OPEN)

    @property
    def score(self) -> int:
        """From 0 to 100."""
        return score_of(self.open, lost=self.counts[EntryStatus.FAILED], halved=self.stuck)

    def add(self, other: Tally) -> None:
        """Count the other's sessions here."""
        self.counts.update(other.counts)
        self.stuck += other.stuck

    def by_status(self) -> dict[str, int]:
        """Every status with its count."""
        return {status: self.counts[status] for status in EntryStatus.values}

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        score = self.score
        return {
            "counts": self.by_status(),
            "open": self.open,
            "stuck": self.stuck,
            "score": score,
            "level": level_of(score),
        }


@dataclass(frozen=True)
class Overview:
    """``workflows`` are rows by workflow, the lowest scores first, ``types`` by the workflows' types."""

    at: datetime
    domains: list[Domain]
    workflows: list[dict[str, Any]]
    workflows_left_out: int
    types: list[dict[str, Any]]

    @property
    def score(self) -> int | None:
        """The lowest of the domains that have one."""
        return min((domain.score for domain in self.domains if domain.score is not None), default=None)

    @property
    def level(self) -> str:
        """The level of the score."""
        return level_of(self.score)

    @property
    def formula(self) -> str:
        """How the score comes about, in words."""
        return _("the lowest score of the domains; 80 and more is healthy, 50 and more needs attention")

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "score": self.score,
            "level": self.level,
            "formula": self.formula,
            "at": self.at,
            "domains": [domain.as_dict() for domain in self.domains],
            "workflows": self.workflows,
            "workflows_left_out": self.workflows_left_out,
            "types": self.types,
        }


def overview(actor: Actor) -> Overview:
    """How everything is that the actor may see; as many queries however much there is."""
    now = timezone.now()
    tallies = _tallies(actor, now - STUCK_AFTER)
    workflows = list(WorkflowDefinition.objects.filter(pk__in=tallies).order_by("pk"))
    rows = [
        {"workflow_id": workflow.pk, "name": workflow.display_name, **tallies[workflow.pk].as_dict()}
        for workflow in workflows
    ]
    rows.sort(key=lambda row: (row["score"], -row["open"]))
    domains = [_sessions_domain(actor, tallies, now), stages_domain(actor), deliveries_domain(actor)]
    return Overview(
        at=now,
        domains=[*domains, *added_domains(actor)],
        workflows=rows[:MOST_WORKFLOWS],
        workflows_left_out=max(len(rows) - MOST_WORKFLOWS, 0),
        types=_by_type(workflows, tallies),
    )


def _tallies(actor: Actor, stuck_since: datetime) -> Mapping[str, Tally]:
    """By workflow.  Counted by the database: the first by an index alone, the second by that of what is stuck."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    found = FlowSession.objects.visible_to(actor).order_by().values_list("workflow", "status").annotate(Count("pk"))
    for workflow_id, status, count in found:
        tallies[workflow_id].counts[SESSION_STATUS_MAPPING[status]] = count
    stuck = _stuck(actor, stuck_since).order_by().values_list("workflow").annotate(Count("pk"))
    for workflow_id, count in stuck:
        tallies[workflow_id].stuck = count
    return tallies


def _stuck(actor: Actor, since: datetime) -> Any:
    """The entries of the sessions that are at work and in which nothing happened since."""
    at_work = (EntryStatus.IN_PROGRESS, EntryStatus.ON_HOLD)
    return StatusEntry.objects.visible_to(actor).filter(status__in=at_work, updated_at__lt=since)


def _by_type(workflows: Iterable[WorkflowDefinition], tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    types: dict[str, Tally] = defaultdict(Tally)
    for workflow in workflows:
        types[workflow.type].add(tallies[workflow.pk])
    return [{"type": name, **tally.as_dict()} for name, tally in sorted(types.items())]


def _sessions_domain(actor: Actor, tallies: Mapping[str, Tally], now: datetime) -> Domain:
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    return Domain(
        "sessions",
        _("Sessions"),
        whole.score,
        _(
            "floor(100 × points / open sessions): a failed one counts 0, one that is active or paused and in which"
            " nothing happened for 7 days 0.5, any other 1."
        ),
        {**whole.by_status(), "open": whole.open, "stuck": whole.stuck},
        [*_failed_reason(whole.counts[EntryStatus.FAILED]), *_stuck_reason(actor, whole.stuck, now - STUCK_AFTER)],
    )


def _failed_reason(count: int) -> Iterable[Reason]:
    if count:
        text = ngettext("{count} session failed.", "{count} sessions failed.", count).format(count=count)
        yield Reason(text, count, list=SESSIONS + urlencode({"status": machine.FAILED}))


def _stuck_reason(actor: Actor, count: int, since: datetime) -> Iterable[Reason]:
    if count:
        text = ngettext(
            "In {count} session nothing happened for 7 days.", "In {count} sessions nothing happened for 7 days.", count
        )
        ids = list(_stuck(actor, since).order_by("status", "updated_at").values_list("session", flat=True)[:MOST_NAMED])
        listed = SESSIONS + urlencode({"stuck_since": since.isoformat()})
        yield Reason(text.format(count=count), count, ids, listed)
