"""``flow stats``: how long things take, where the time goes, what fails."""

from __future__ import annotations

from collections.abc import Iterable

from sessions_app import machine
from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact
from sessions_app.commands import Placeholder
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.lookup import find_workflow
from sessions_app.masking import shown
from sessions_app.text import visible
from stages_app.stats import telling
from stages_app.stats.measures import StageMeasures, Times
from stages_app.stats.reasons import Reason
from stages_app.stats.representation import statistics_json
from stages_app.stats.statistics import Statistics, WorkflowStatistics, statistics
from stages_app.stats.window import read_window
from stages_app.timeline.drawing import KIND_WORDS


def show(call: Call) -> None:
    """``stats [<workflow>]``"""
    args = call.args
    if args.version is not None and args.workflow is None:
        raise InvalidInput(
            _("A version is one of a workflow."), fix=_("Name the workflow before --version."), code="usage"
        )
    window = read_window(args.since, args.until)
    workflow = find_workflow(args.workflow) if args.workflow is not None else None
    found = statistics(call.actor, window, workflow, args.version)
    lines = _of_one if workflow else _of_all
    call.show(lambda: statistics_json(found), lambda: lines(call, found))


def _of_all(call: Call, found: Statistics) -> Iterable[str]:
    yield telling.window_words(found)
    if not found.workflows:
        yield _("No session ended in this time, and none is open.")
        return
    yield ""
    columns = [
        Column(_("Workflow")),
        *map(Column, (_("Completed"), _("Aborted"), _("Failed"), _("Open"), _("Typically"), _("9 of 10 within"))),
        Column(_("Bottleneck"), gives=True),
    ]
    yield from table(columns, [_row(each) for each in found.workflows], width=call.terminal.width)
    yield ""
    yield from _notes(found)
    if left := found.left_out:
        text = ngettext("{count} more workflow is not shown.", "{count} more workflows are not shown.", left)
        yield text.format(count=left)
    command = call.command("stats", Placeholder("<ID>"))
    yield _("Hint: ") + _("Use '{command}' for the details").format(command=command)


def _row(found: WorkflowStatistics) -> list[str]:
    counts = [str(found.ended.get(status, 0)) for status in (machine.COMPLETED, machine.ABORTED, machine.FAILED)]
    worst = found.measures.bottleneck
    bottleneck = (
        f"{visible(found.stage_name(worst.stage_id))} {telling.percent(worst.share)}" if worst else telling.NONE
    )
    return [found.workflow.pk, *counts, str(found.open.count), *_typical(found.measures.times), bottleneck]


def _typical(times: Times | None) -> tuple[str, str]:
    return (telling.length(times.cycle.p50), telling.length(times.cycle.p90)) if times else (telling.NONE, telling.NONE)


def _of_one(call: Call, found: Statistics) -> Iterable[str]:
    (each,) = found.workflows
    yield f"📊 {each.workflow.pk} ({visible(each.workflow.display_name)})"
    yield telling.window_words(found)
    yield ""
    yield from _facts(each)
    if each.stages:
        yield ""
        yield from _stages(call, each)
    yield from _reasons(_("Why stages and sessions failed:"), each.measures.failures)
    yield from _reasons(_("Why sessions were aborted:"), each.measures.aborts)
    yield ""
    yield from _notes(found)
    yield _("Hint: ") + _("Use '{command}' for the details").format(command=call.command("show", each.workflow.pk))


def _facts(found: WorkflowStatistics) -> Iterable[str]:
    measured = found.measures
    yield fact(_("Ended"), telling.ended_words(found))
    yield fact(_("Throughput"), telling.per_day_words(found))
    yield fact(_("Open"), telling.open_words(found))
    if measured.times is None:
        return
    typical, most = _typical(measured.times)
    yield fact(_("From start to end"), _("typically {p50}, 9 of 10 within {p90}").format(p50=typical, p90=most))
    yield fact(_("Of that"), ", ".join(telling.part_words(measured.times)))
    yield fact(_("First-pass yield"), telling.first_pass_words(found))
    yield fact(_("Rework"), telling.rework_words(found))
    if measured.bottleneck:
        yield fact(_("Bottleneck"), visible(telling.bottleneck_words(found, measured.bottleneck)))


def _stages(call: Call, found: WorkflowStatistics) -> Iterable[str]:
    titles = (_("Sessions"), _("Typically"), _("9 of 10 within"), *(_(KIND_WORDS[kind]) for kind in telling.PARTS))
    columns = [Column(_("Stage"), gives=True), *map(Column, titles), Column(_("Share")), Column(_("Rework"))]
    return table(columns, [_stage(found, stage) for stage in found.stages], width=call.terminal.width)


def _stage(found: WorkflowStatistics, stage: StageMeasures) -> list[str]:
    """The parts are medians."""
    parts = [telling.length(stage.times.parts[kind].p50) for kind in telling.PARTS]
    shares = (telling.percent(stage.share), telling.percent(stage.repeated))
    name = visible(found.stage_name(stage.stage_id))
    return [name, str(stage.times.cycle.count), *_typical(stage.times), *parts, *shares]


def _reasons(title: str, reasons: Iterable[Reason]) -> Iterable[str]:
    lines = [f"- {shown(telling.reason_words(reason))}" + _places(reason) for reason in reasons]
    return ["", title, *lines] if lines else []


def _places(reason: Reason) -> str:
    return f": {', '.join(reason.stage_ids)}" if reason.stage_ids else ""


def _notes(found: Statistics) -> Iterable[str]:
    note = telling.sample_words(found)
    return [note] if note else []
