"""The statistics of the workflows that an actor sees sessions of, for every door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.language import localised
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.versions import get_version
from stages_app.stats.found import End, Log, Narrowing, Open, by_workflow, ends, logs, open_sessions, told_of
from stages_app.stats.measures import Measures, StageMeasures, measures
from stages_app.stats.window import Window

MOST_WORKFLOWS = 50
"""Those of which most ended."""
MOST_VERSIONS = 100
"""So many are asked for the names of stages that the newest doesn't have."""


@dataclass(frozen=True, slots=True)
class WorkflowStatistics:
    """One workflow; ``definition`` is the version asked for, or else its newest."""

    window: Window
    workflow: WorkflowDefinition
    definition: Definition
    version: int | None
    ended: Mapping[str, int]
    """How many, by state."""
    per_day: Mapping[date, int]
    """How many were completed on each day of the window, in the current time zone."""
    open: Open
    measures: Measures
    former: Mapping[str, StageDefinition] = field(default_factory=dict)
    """Stages that are told of and that ``definition`` doesn't have, as the newest version that had them says."""

    @property
    def daily(self) -> float:
        """How many were completed in 24 hours, on average over the whole window."""
        return self.ended.get(machine.COMPLETED, 0) * (timedelta(days=1) / (self.window.until - self.window.since))

    @property
    def unknown(self) -> set[str]:
        """The ids of stages that are told of and that the definition doesn't have."""
        reasons = (*self.measures.failures, *self.measures.aborts)
        told = {each.stage_id for each in self.measures.stages}.union(*(reason.stage_ids for reason in reasons))
        return told - {stage.id for stage in self.definition.stages}

    @property
    def stages(self) -> Sequence[StageMeasures]:
        """The stages that were begun, in the definition's order, then the others."""
        places = {stage.id: place for place, stage in enumerate(self.definition.stages)}
        return sorted(self.measures.stages, key=lambda stage: (places.get(stage.stage_id, len(places)), stage.stage_id))

    def stage_name(self, stage_id: str) -> str:
        """A stage's name; the id of one that no version has."""
        stage = self.definition.stage(stage_id) or self.former.get(stage_id)
        return (localised(stage.name) if stage else "") or stage_id


@dataclass(frozen=True, slots=True)
class Statistics:
    """What ended in a window; ``sampled`` is of how many of them the logs were read."""

    window: Window
    ended: int
    sampled: int
    reach: datetime | None
    workflows: Sequence[WorkflowStatistics]
    left_out: int

    @property
    def is_sample(self) -> bool:
        """Whether the times are of the newest 2,000 only."""
        return self.sampled < self.ended


def statistics(
    actor: Actor, window: Window, workflow: WorkflowDefinition | None = None, number: int | None = None
) -> Statistics:
    """Of all workflows, of one, or of one version of it: six queries, and one more for a version.

    Yet another one where stages are told of that the newest version doesn't have.
    Raises NotFound for a version that the workflow doesn't have.
    """
    only: dict[str, str] = {"workflow": workflow.pk} if workflow else {}
    if workflow and number is not None:
        only["pinned_version"] = get_version(workflow, number).pk
    found = ends(actor, window, only)
    known = logs([end.session_id for end in found.sample], window.now)
    still_open = open_sessions(actor, window.now, only)
    split = by_workflow(found.found)
    busiest = sorted(split.keys() | still_open.keys(), key=lambda key: (-len(split.get(key, ())), key))
    shown = [workflow.pk] if workflow else busiest[:MOST_WORKFLOWS]
    workflows = WorkflowDefinition.objects.in_bulk(shown)
    definitions = _definitions(shown, only)
    told = [
        _of_workflow(workflows[key], definitions[key], number, split.get(key, []), still_open.get(key), known, window)
        for key in shown
        if key in workflows and key in definitions
    ]
    told = _with_former_stages(told)
    return Statistics(window, len(found.found), len(known), found.reach, told, max(len(busiest) - len(shown), 0))


def _definitions(workflow_ids: Sequence[str], only: Narrowing) -> Mapping[str, Definition]:
    versions = WorkflowVersion.objects.filter(workflow__in=workflow_ids)
    pinned = only.get("pinned_version")
    rows = versions.filter(pk=pinned) if pinned else versions.filter(number=F("workflow__latest_version"))
    return {key: Definition.from_content(content) for key, content in rows.values_list("workflow", "content")}


def _with_former_stages(told: list[WorkflowStatistics]) -> list[WorkflowStatistics]:
    """The same, with the stages that only other versions have: the newest 100 of them are asked."""
    wanted = {each.workflow.pk: each.unknown for each in told if each.unknown}
    if not wanted:
        return told
    rows = WorkflowVersion.objects.filter(workflow__in=wanted).order_by("-number", "workflow")
    former: dict[str, dict[str, StageDefinition]] = {key: {} for key in wanted}
    for key, content in rows.values_list("workflow", "content")[:MOST_VERSIONS]:
        for stage in Definition.from_content(content).stages:
            if stage.id in wanted[key]:
                former[key].setdefault(stage.id, stage)
    return [replace(each, former=former.get(each.workflow.pk, {})) for each in told]


def _of_workflow(
    workflow: WorkflowDefinition,
    definition: Definition,
    number: int | None,
    found: Sequence[End],
    still_open: Open | None,
    known: Mapping[str, Log],
    window: Window,
) -> WorkflowStatistics:
    times, events = told_of(found, known)
    completed = [end.at for end in found if end.status == machine.COMPLETED]
    return WorkflowStatistics(
        window=window,
        workflow=workflow,
        definition=definition,
        version=number,
        ended=Counter(end.status for end in found),
        per_day=per_day(completed, window),
        open=still_open or Open(0, []),
        measures=measures(times, events),
    )


def per_day(moments: Sequence[float], window: Window) -> Mapping[date, int]:
    """How many of the moments, in seconds since 1970, are on each day of the window, in the current time zone."""
    first, last = timezone.localdate(window.since), timezone.localdate(window.until - timedelta(microseconds=1))
    zone = timezone.get_current_timezone()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    counts = Counter(datetime.fromtimestamp(moment, zone).date() for moment in moments)
    return {day: counts[day] for day in days}


def per_week(days: Mapping[date, int]) -> Mapping[date, int]:
    """The same by weeks, each under its Monday."""
    weeks: Counter[date] = Counter()
    for day, count in days.items():
        weeks[day - timedelta(days=day.weekday())] += count
    return dict(weeks)
