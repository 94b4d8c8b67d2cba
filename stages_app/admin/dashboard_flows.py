"""The dashboard's panel of the workflows: how much gets done, how long it takes, and which stage takes longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import mark_safe

from sessions_app import machine
from sessions_app.admin.dashboard import number, sessions_url
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.admin.parts import may_look
from sessions_app.drawing.charts import bars
from sessions_app.durations import in_words
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import WorkflowDefinition
from sessions_app.models.definitions import published_version
from stages_app import facts
from stages_app.admin.dashboard import attempts_seen
from stages_app.admin.stats_pages import statistics_url
from stages_app.models import StageInstance
from stages_app.stats.durations import SAMPLE, SlowestStage, slowest_stages
from stages_app.stats.percentiles import Spread
from stages_app.stats.throughput import DAYS, MOST, Throughput, by_workflow, completions, day_starts

SHOWN = 12
"""Workflows, those with the most completions."""

_NONE = Throughput([0] * DAYS)


def flows(view: View) -> Mapping[str, Any] | None:
    """The workflows in which something was completed lately."""
    starts = day_starts(timezone.now())
    found = completions(view.actor, starts[0])
    done = by_workflow(found, starts)
    slowest = slowest_stages(attempts_seen(view))
    if not done and not slowest:
        return None
    busiest = sorted(done.keys() | slowest.keys(), key=lambda key: (-done.get(key, _NONE).total, key))
    workflows = WorkflowDefinition.objects.in_bulk(busiest[:SHOWN])
    return {
        "flows": [_flow(workflows[key], done.get(key, _NONE), slowest.get(key), starts) for key in busiest[:SHOWN]],
        "left_out": _left_out(len(busiest) - SHOWN),
        "notes": _notes(found.reach),
        "statistics": statistics_url() if may_look(view.request.user, StageInstance) else "",
    }


def _left_out(count: int) -> str:
    text = ngettext("{count} more workflow was in use.", "{count} more workflows were in use.", max(count, 1))
    return text.format(count=number(count)) if count > 0 else ""


def _flow(
    workflow: WorkflowDefinition, done: Throughput, slowest: SlowestStage | None, starts: Sequence[datetime]
) -> dict[str, Any]:
    total = done.total
    summary = ngettext(
        "{count} session completed in {days} days, at most {most} a day",
        "{count} sessions completed in {days} days, at most {most} a day",
        total,
    ).format(count=total, days=DAYS, most=max(done.per_day))
    per_day = zip(starts[-DAYS:], done.per_day, strict=True)
    days = [f"{timezone.localtime(start):%Y-%m-%d}: {count}" for start, count in per_day]
    return {
        "id": workflow.pk,
        "name": workflow.display_name,
        "total": number(total),
        "url": sessions_url(workflow__id__exact=workflow.pk, status__exact=machine.COMPLETED),
        "more": _more(total, done.before),
        "chart": mark_safe(bars(done.per_day, days, summary)),  # noqa: S308 - escaped where it is drawn
        "first": starts[-DAYS],
        "highest": _("at most {count} a day").format(count=number(max(done.per_day))),
        "cycle": _cycle(done),
        "slowest": _slowest(slowest),
    }


def _cycle(done: Throughput) -> dict[str, Any] | None:
    if done.cycle is None:
        return None
    before = done.cycle_before
    return {
        "p50": in_words(done.cycle.p50),
        "p90": in_words(done.cycle.p90),
        "slower": _slower(done.cycle.p50, before.p50) if before else "",
    }


def _slowest(stage: SlowestStage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    definition = published_version(stage.version_id).definition.stage(stage.stage_id)
    return {
        "name": facts.display_name("", stage.stage_id, definition),
        "p50": in_words(stage.spread.p50),
        "attempts": _attempts(stage.spread),
    }


def _attempts(spread: Spread) -> str:
    text = ngettext("of {count} attempt", "of {count} attempts", spread.count)
    return text.format(count=spread.count)


def _more(now: int, before: int | None) -> str:
    """How a number compares with that of the 30 days before, in words and with an arrow; empty: nobody knows."""
    if before is None:
        return ""
    if not before:
        return _("none in the {days} days before").format(days=DAYS)
    if now == before:
        return "= " + _("as many as in the {days} days before").format(days=DAYS)
    text = _("↑ {percent}% more than in the {days} days before ({count})")
    if now < before:
        text = _("↓ {percent}% fewer than in the {days} days before ({count})")
    return text.format(percent=_percent(now, before), days=DAYS, count=number(before))


def _slower(now: float, before: float) -> str:
    percent = _percent(now, before)
    if not percent:
        return "= " + _("as long as before")
    text = _("↓ {percent}% quicker than before ({time})")
    if now > before:
        text = _("↑ {percent}% slower than before ({time})")
    return text.format(percent=percent, time=in_words(before))


def _percent(now: float, before: float) -> int:
    """By how many percent a number changed, whichever way; something that took no time at all counts as a second."""
    return round(100 * abs(now - before) / max(before, 1))


def _notes(reach: datetime | None) -> list[str]:
    """What the figures are made of."""
    notes = [
        _("Half of the sessions or attempts take at most the typical time. Days are those of your time zone."),
        _(
            "Stages: attempts completed in the last 90 days, of the {count} sessions that changed last,"
            " without the time on hold."
        ).format(count=number(SAMPLE)),
    ]
    if reach:
        text = _("Only the newest {count} completions are counted; they reach back to {day}.")
        notes.append(text.format(count=number(MOST), day=f"{timezone.localtime(reach):%Y-%m-%d}"))
    return notes


register_panel("dashboard", Panel("flows", 40, "stages_app/dashboard_flows.html", flows))
