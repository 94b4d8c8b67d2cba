"""Statistics as JSON, the same for every door: lengths are whole microseconds, shares are from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sessions_app import machine
from sessions_app.masking import mask_text
from stages_app.stats.found import Open
from stages_app.stats.measures import Lengths, Measures, StageMeasures, Times
from stages_app.stats.percentiles import percentile
from stages_app.stats.reasons import Reason
from stages_app.stats.statistics import Statistics, WorkflowStatistics, per_week
from stages_app.stats.telling import bottleneck_words


def statistics_json(found: Statistics) -> dict[str, Any]:
    """All of it."""
    return {
        "since": found.window.since,
        "until": found.window.until,
        "ended": found.ended,
        "sampled": found.sampled,
        "reach": found.reach,
        "workflows": [_workflow(each) for each in found.workflows],
        "workflows_left_out": found.left_out,
    }


def _workflow(found: WorkflowStatistics) -> dict[str, Any]:
    return {
        "workflow_id": found.workflow.pk,
        "name": found.workflow.display_name,
        "version": found.version,
        "completed": found.ended.get(machine.COMPLETED, 0),
        "aborted": found.ended.get(machine.ABORTED, 0),
        "failed": found.ended.get(machine.FAILED, 0),
        "open": _open(found.open),
        "throughput": {"per_day": round(found.daily, 4), "per_week": round(7 * found.daily, 4)},
        "per_day": _counts("day", found.per_day),
        "per_week": _counts("week", per_week(found.per_day)),
        **_measures(found),
    }


def _open(found: Open) -> dict[str, Any]:
    ages = found.ages
    known = {"p50": percentile(ages, 50), "p90": percentile(ages, 90), "longest": ages[-1]} if ages else {}
    return {"count": found.count, **(known or dict.fromkeys(("p50", "p90", "longest")))}


def _counts(name: str, counts: Mapping[date, int]) -> list[dict[str, Any]]:
    return [{name: day.isoformat(), "completed": count} for day, count in counts.items()]


def _measures(found: WorkflowStatistics) -> dict[str, Any]:
    measured = found.measures
    return {
        "sampled": measured.sessions,
        **_times(measured.times),
        "before_start": _lengths(measured.before_start),
        "first_pass": {"sessions": measured.first_pass.part, "share": measured.first_pass.value},
        "rework": _rework(measured),
        "bottleneck": _bottleneck(found, measured.bottleneck),
        "failures": _reasons(measured.failures),
        "aborts": _reasons(measured.aborts),
        "stages": [_stage(found, stage) for stage in found.stages],
    }


def _stage(found: WorkflowStatistics, stage: StageMeasures) -> dict[str, Any]:
    return {
        "stage_id": stage.stage_id,
        "name": found.stage_name(stage.stage_id),
        **_times(stage.times),
        "share": stage.share.value,
        "rework": _rework(stage),
        "failures": stage.failures,
    }


def _times(times: Times | None) -> dict[str, Any]:
    if times is None:
        return {"cycle": None, "parts": None}
    return {"cycle": _lengths(times.cycle), "parts": {kind: _lengths(part) for kind, part in times.parts.items()}}


def _lengths(lengths: Lengths | None) -> dict[str, int] | None:
    if lengths is None:
        return None
    return {"count": lengths.count, "p50": lengths.p50, "p90": lengths.p90, "total": lengths.total}


def _rework(of: Measures | StageMeasures) -> dict[str, Any]:
    """How many of the stages that were begun took more than one attempt, and how many attempts one took."""
    begun = of.repeated.whole
    return {
        "begun": begun,
        "repeated": of.repeated.part,
        "share": of.repeated.value,
        "mean_attempts": round(of.attempts / begun, 4) if begun else None,
    }


def _bottleneck(found: WorkflowStatistics, stage: StageMeasures | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    return {
        "stage_id": stage.stage_id,
        "name": found.stage_name(stage.stage_id),
        "share": stage.share.value,
        "text": bottleneck_words(found, stage),
    }


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [
        {"reason": mask_text(reason.text), "count": reason.count, "stage_ids": list(reason.stage_ids)}
        for reason in reasons
    ]
