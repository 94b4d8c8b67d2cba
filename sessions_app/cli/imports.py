"""``flow import``: every file is read first; when one has errors, nothing is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessions_app.access import require_general
from sessions_app.bundles.importing import Plan
from sessions_app.bundles.reading import is_bundle
from sessions_app.cli import bundle_lines
from sessions_app.cli.call import Call
from sessions_app.cli.files import problem_lines, read_all, refuse_errors, summary
from sessions_app.cli.table import shorten
from sessions_app.cli.words import fact
from sessions_app.definitions.schema import Definition, Reading, StageDefinition, Transition
from sessions_app.importing import Imported, Made, Versions, import_readings, refuse_nothing
from sessions_app.language import gettext as _
from sessions_app.language import localised
from sessions_app.text import visible

CONDITION_WIDTH = 60


def import_files(call: Call) -> None:
    """``import <file>…``"""
    bundles = [file for file in dict.fromkeys(call.args.files) if is_bundle(file)]
    files = [file for file in call.args.files if file not in bundles]
    if files:
        require_general(call.actor, "define")
    readings = read_all(files)
    has_errors = any(reading.errors for reading in readings)
    plans = [] if has_errors else bundle_lines.checked(call, bundles)
    made = Imported(readings, {})
    if not (has_errors or call.args.dry_run):
        made = import_readings(call.actor, readings) if files else made
        bundle_lines.take_in(call, plans)
        if made.versions or plans:
            call.terminal.remember_done(_("The files were imported."), call.command("list"))
    call.show(
        lambda: [*made.as_list(), *(plan.as_dict() for plan in plans)],
        lambda: [*_lines(call, readings, made.versions), *bundle_lines.lines(plans), *_after_bundles(call, plans)],
    )
    refuse_errors(readings, _("Nothing is imported: the files have errors."))
    if files and not call.args.dry_run:
        refuse_nothing(readings)


def _after_bundles(call: Call, plans: Sequence[Plan]) -> Iterable[str]:
    if not plans:
        return
    yield ""
    if call.args.dry_run:
        yield _("Nothing was imported: this was a dry run.")
        return
    yield _("Next:")
    yield fact(_("look at all sessions"), call.command("session", "list", "--all"))


def _lines(call: Call, readings: Sequence[Reading], versions: Versions) -> Iterable[str]:
    for reading in readings:
        if reading.definition:
            yield "📋 " + summary(reading.file, reading.definition)
            yield from _preview(reading.definition, reading.stage_lines)
        yield from problem_lines(reading)
        if reading.definition and versions:
            yield from _told(versions[reading.definition.id])
    yield from _what_next(call, readings, versions)


def _preview(definition: Definition, lines: dict[str, int]) -> Iterable[str]:
    for stage in definition.stages:
        line = lines.get(stage.id)
        place = _("line {line}").format(line=line) + ": " if line else ""
        yield f"   {stage.order}. {place}{visible(_described(stage))}"
        ways = [_way(way) for way in definition.transitions if way.source == stage.id]
        if ways:
            yield visible(f"      → {', '.join(ways)}")


def _way(way: Transition) -> str:
    condition = shorten(visible(localised(way.condition)), CONDITION_WIDTH)
    return f"{way.target} ({condition})" if condition else way.target


def _described(stage: StageDefinition) -> str:
    parts = [
        _("items {count}").format(count=len(stage.checklist)) if stage.checklist else "",
        ", ".join(localised(deliverable.name) for deliverable in stage.deliverables),
    ]
    details = "; ".join(part for part in parts if part)
    return f"{stage.id} - {localised(stage.name)}" + (f" ({details})" if details else "")


def _told(made: Made) -> Iterable[str]:
    published = made.published
    told = _("✅ Imported: {id}, version {number}") if published.created else _("{id} is unchanged, version {number}")
    yield told.format(id=published.version.workflow_id, number=published.version.number)
    if made.is_retired:
        yield "   " + _("It is retired and starts no new sessions; importing a changed version puts it back into use.")
    elif made.was_retired:
        yield "   " + _("It was retired and is in use again.")


def _what_next(call: Call, readings: Sequence[Reading], versions: Versions) -> Iterable[str]:
    if call.args.dry_run and any(reading.definition for reading in readings):
        yield ""
        yield _("Nothing was imported: this was a dry run.")
    usable = [key for key, made in versions.items() if not made.is_retired]
    if usable:
        yield ""
        yield _("Next:")
        yield from (fact(_("make a session of it"), call.command("session", "create", key)) for key in usable)
