"""What the pages of statistics show: figures in words, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from sessions_app import machine
from sessions_app.admin.dashboard import number, sessions_url
from sessions_app.drawing.charts import bars, parts
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from stages_app.stats import telling
from stages_app.stats.measures import Share, StageMeasures, Times
from stages_app.stats.reasons import Reason
from stages_app.stats.statistics import Statistics, WorkflowStatistics, per_week
from stages_app.timeline.drawing import KIND_SIGNS, KIND_WORDS

SPANS = (7, 30, 90, 366)
"""Days that one may choose."""

MOST_VERSIONS = 50
_MANY_DAYS = 120
"""For more of them the chart is of weeks."""


def chosen(query: Mapping[str, str], latest_version: int = 0) -> dict[str, Any]:
    """What one may choose, and what was chosen."""
    since = query.get("since") or "30d"
    spans = [(f"{days}d", ngettext("{count} day", "{count} days", days).format(count=days)) for days in SPANS]
    if since not in dict(spans):
        spans.append((since, _("since {moment}").format(moment=since)))
    versions = [str(each) for each in range(latest_version, max(latest_version - MOST_VERSIONS, 0), -1)]
    return {"spans": spans, "since": since, "versions": versions, "version": query.get("version", "")}


def shown_all(found: Statistics) -> dict[str, Any]:
    """Every workflow in short."""
    left = found.left_out
    text = ngettext("{count} more workflow is not shown.", "{count} more workflows are not shown.", max(left, 1))
    return {
        "flows": [_head(each) for each in found.workflows],
        "window": telling.window_words(found),
        "notes": list(filter(None, [telling.sample_words(found), text.format(count=left) if left else ""])),
    }


def shown_workflow(found: Statistics) -> dict[str, Any]:
    """One workflow with its stages and reasons."""
    (each,) = found.workflows
    longest = max((stage.times.cycle.total for stage in each.stages), default=0)
    return {
        "flow": _head(each),
        "stages": [_stage(each, stage, longest) for stage in each.stages],
        "reasons": _reasons(each),
        "window": telling.window_words(found),
        "notes": list(filter(None, [telling.sample_words(found)])),
    }


def _head(found: WorkflowStatistics) -> dict[str, Any]:
    measured = found.measures
    worst = measured.bottleneck
    return {
        "id": found.workflow.pk,
        "name": found.workflow.display_name,
        "completed": number(found.ended.get(machine.COMPLETED, 0)),
        "url": sessions_url(workflow__id__exact=found.workflow.pk, status__exact=machine.COMPLETED),
        "ended": telling.ended_words(found),
        "throughput": telling.per_day_words(found),
        "open": telling.open_words(found),
        "chart": _chart(found.per_day),
        "times": measured.times and _times(measured.times),
        "first_pass": telling.first_pass_words(found),
        "rework": telling.rework_words(found),
        "bottleneck": telling.bottleneck_words(found, worst) if worst else "",
    }


def _chart(days: Mapping[date, int]) -> dict[str, Any]:
    """A bar for each day, or each week of a long time."""
    is_weekly = len(days) > _MANY_DAYS
    counts = per_week(days) if is_weekly else days
    most = max(counts.values(), default=0)
    words = _("at most {count} a week") if is_weekly else _("at most {count} a day")
    highest = words.format(count=number(most))
    labels = [f"{day.isoformat()}: {count}" for day, count in counts.items()]
    ordered = list(counts)
    summary = _("Completed sessions: {highest}").format(highest=highest)
    return {
        "picture": _safe(bars(list(counts.values()), labels, summary)),
        "first": ordered[0],
        "last": ordered[-1],
        "highest": highest,
    }


def _times(times: Times, whole: int | None = None) -> dict[str, Any]:
    """The spread of the wall times, and a bar of their parts with its legend."""
    shares = telling.shares(times)
    told: dict[str, str] = {
        kind: _("{what} {share}").format(what=_(KIND_WORDS[kind]), share=telling.percent(s)) for kind, s in shares
    }
    values: dict[str, int] = {kind: share.part for kind, share in shares}
    return {
        "count": number(times.cycle.count),
        "p50": telling.length(times.cycle.p50),
        "p90": telling.length(times.cycle.p90),
        "picture": _safe(parts(values, told, ", ".join(told.values()) or telling.length(0), whole=whole)),
        "legend": [{"kind": kind, "sign": KIND_SIGNS[kind], "text": told[kind]} for kind, _share in shares],
    }


def _stage(found: WorkflowStatistics, stage: StageMeasures, longest: int) -> dict[str, Any]:
    mean = f"{stage.attempts / stage.repeated.whole:.2f}"
    return {
        "id": stage.stage_id,
        "name": found.stage_name(stage.stage_id),
        "times": _times(stage.times, whole=longest),
        "parts": [telling.length(stage.times.parts[kind].p50) for kind in telling.PARTS],
        "share": telling.percent(stage.share),
        "rework": telling.percent(stage.repeated),
        "mean": mean,
        "failures": number(stage.failures),
        "is_worst": stage is found.measures.bottleneck,
    }


def _reasons(found: WorkflowStatistics) -> list[dict[str, Any]]:
    """Both lists, those that are empty left out."""
    lists: Sequence[tuple[str, str, Sequence[Reason]]] = (
        ("failures", _("Why stages and sessions failed"), found.measures.failures),
        ("aborts", _("Why sessions were aborted"), found.measures.aborts),
    )
    return [{"key": key, "title": title, "lines": _lines(found, reasons)} for key, title, reasons in lists if reasons]


def _lines(found: WorkflowStatistics, reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    most = max(reason.count for reason in reasons)
    return [
        {
            "text": reason.text or _("no reason given"),
            "count": number(reason.count),
            "share": round(100 * (Share(reason.count, most).value or 0)),
            "stages": ", ".join(map(found.stage_name, reason.stage_ids)),
        }
        for reason in reasons
    ]


def _safe(picture: str) -> SafeString:
    return mark_safe(picture)  # noqa: S308 - made by ElementTree, which escapes all texts
