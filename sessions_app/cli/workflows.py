"""``flow list``, ``show``, ``retire``, ``export`` and ``visualize``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from sessions_app import publishing
from sessions_app.actors import Actor
from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.session_list import ID_WIDTH
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.commands import Placeholder
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.exceptions import Ambiguous, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext
from sessions_app.lookup import find_session, find_workflow
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession, WorkflowDefinition
from sessions_app.representation import workflow_detail_json, workflow_json
from sessions_app.text import visible
from sessions_app.versions import definition_of


def list_workflows(call: Call) -> None:
    """``list``"""
    found = WorkflowDefinition.objects.all()
    if call.args.type is not None:
        found = found.filter(type=call.args.type)
    rows = list(found)
    call.show(lambda: [workflow_json(row) for row in rows], lambda: _list_lines(call, rows))


def _list_lines(call: Call, rows: list[WorkflowDefinition]) -> Iterable[str]:
    if not rows:
        yield _("There is no such workflow.")
        yield _("Import one: {command}").format(command=call.command("import", _("<file>")))
        return
    columns = [
        Column(_("ID"), least=ID_WIDTH),
        Column(_("Name"), gives=True),
        Column(_("Type"), gives=True),
        Column(_("Version")),
        Column(_("Source"), gives=True),
    ]
    cells = [[row.pk, _name(row), visible(row.type), str(row.latest_version), visible(row.source_rule)] for row in rows]
    yield from table(columns, cells, width=call.terminal.width)
    yield ""
    yield ngettext("Total: {count} workflow", "Total: {count} workflows", len(rows)).format(count=len(rows))
    yield ""
    yield _("Hint: ") + _("Use '{command}' for the details").format(command=call.command("show", Placeholder("<ID>")))


def _name(workflow: WorkflowDefinition) -> str:
    name = visible(workflow.display_name)
    return _("{name} (retired)").format(name=name) if workflow.retired_at else name


def show(call: Call) -> None:
    """``show <workflow>``"""
    workflow = find_workflow(call.args.workflow)
    definition = definition_of(workflow)
    call.show(
        lambda: workflow_detail_json(workflow, definition),
        lambda: _show_lines(call, workflow, definition),
    )


def _show_lines(call: Call, workflow: WorkflowDefinition, definition: Definition) -> Iterable[str]:
    yield _("📋 Workflow: {id} ({name})").format(id=workflow.pk, name=visible(workflow.display_name))
    yield ""
    yield from _facts(workflow, definition)
    yield ""
    yield _("Stages:")
    for number, stage in enumerate(definition.stages, 1):
        yield from _stage_lines(number, stage)
    if definition.transitions:
        yield ""
        yield _("Transitions:")
    for transition in definition.transitions:
        condition = visible(localised(transition.condition))
        yield f"- {transition.source} → {transition.target}" + (f": {condition}" if condition else "")
    if not workflow.retired_at:
        first = definition.stages[0].id
        yield ""
        yield _("Next:")
        yield fact(_("begin its first stage"), call.command("run", f"{workflow.pk}:{first}"))


def _facts(workflow: WorkflowDefinition, definition: Definition) -> Iterable[str]:
    facts = {
        _("Description"): visible(localised(definition.description)),
        _("Type"): visible(definition.type),
        _("Version"): str(workflow.latest_version),
        _("Source"): visible(definition.source_rule),
        _("Last change"): moment(workflow.updated_at),
        _("Retired since"): moment(workflow.retired_at) if workflow.retired_at else "",
        _("Order"): _("parallel") if definition.parallel else _("one stage after the other"),
    }
    return (fact(name, value) for name, value in facts.items() if value)


def _stage_lines(number: int, stage: StageDefinition) -> Iterable[str]:
    optional = "" if stage.required else " " + _("(optional)")
    yield f"{number}. {stage.id} - {visible(localised(stage.name))}{optional}"
    if stage.depends_on:
        yield "   " + _("after: {stages}").format(stages=", ".join(stage.depends_on))
    for item in stage.checklist:
        yield f"   ☐ {visible(localised(item.text))}" + ("" if item.required else " " + _("(optional)"))
    for deliverable in stage.deliverables:
        optional = "" if deliverable.required else " " + _("(optional)")
        yield f"   📦 {visible(localised(deliverable.name))}{optional}"


def retire(call: Call) -> None:
    """``retire <workflow>``"""
    workflow, changed = publishing.retire(call.actor, find_workflow(call.args.workflow).pk)
    done = "✅ " + _("Retired: {id}; its sessions go on, new ones don't start.")
    told = (done if changed else _("{id} was retired already.")).format(id=workflow.pk)
    steps = call.commands(
        [
            Step(["session", "list", "--workflow", workflow.pk], _("its open sessions")),
            Step(["list"], _("the workflows")),
        ]
    )
    call.terminal.remember_done(told, call.command("show", workflow.pk))
    call.show(
        lambda: {**workflow_json(workflow), "changed": changed, "warnings": [], "next": steps},
        lambda: [told, *next_lines(steps)],
    )


def export(call: Call) -> None:
    """``export <workflow>…``"""
    # The writers of a format are needed by this command only.
    from sessions_app.definitions import export as writers

    definitions = [definition_of(find_workflow(reference)) for reference in dict.fromkeys(call.args.workflows)]
    if call.args.output is None:
        _refuse_several(definitions, as_json=call.json)
        call.show(
            lambda: [json.loads(writers.to_json(definition)) for definition in definitions],
            lambda: writers.to_yaml(definitions[0]).rstrip("\n").split("\n"),
        )
        return
    targets = _targets(definitions, Path(call.args.output), as_folder=call.args.output.endswith("/"))
    written = [_write(definition, file, writers) for definition, file in targets]
    call.show(
        lambda: written,
        lambda: ["✅ " + _("Written: {file}").format(file=visible(entry["file"])) for entry in written],
    )


def _refuse_several(definitions: list[Definition], *, as_json: bool) -> None:
    if len(definitions) > 1 and not as_json:
        raise InvalidInput(
            _("A file holds one workflow."), fix=_("Give a folder with -o, or export them one by one."), code="usage"
        )


def _targets(definitions: list[Definition], output: Path, *, as_folder: bool) -> list[tuple[Definition, Path]]:
    """Which file each goes to: the one named, or one each in the folder named, which is made."""
    if as_folder or output.is_dir():
        output.mkdir(parents=True, exist_ok=True)
        return [(definition, output / f"{definition.id}.yaml") for definition in definitions]
    _refuse_several(definitions, as_json=False)
    if output.suffix not in (".yaml", ".yml", ".json"):
        raise InvalidInput(
            _("{file} is no name that can be imported again.").format(file=visible(str(output))),
            fix=_("End it in .yaml or .json, or in / for a folder."),
            code="usage",
        )
    return [(definitions[0], output)]


def _write(definition: Definition, file: Path, writers: ModuleType) -> dict[str, str]:
    text = writers.to_json(definition) if file.suffix == ".json" else writers.to_yaml(definition)
    file.write_text(text, encoding="utf-8")
    return {"workflow_id": definition.id, "file": str(file)}


def visualize(call: Call) -> None:
    """``visualize <workflow|session>``"""
    from sessions_app import drawing  # needed by this command only

    definition, states = _drawn(call.actor, call.args.target)
    draw = {"mermaid": drawing.mermaid, "text": drawing.text, "svg": drawing.svg}[call.args.format]
    picture = draw(definition, states)
    call.show(
        lambda: {"format": call.args.format, "workflow_id": definition.id, "states": states, "drawing": picture},
        lambda: map(visible, picture.rstrip("\n").split("\n")),
    )


def _drawn(actor: Actor, reference: str) -> tuple[Definition, Mapping[str, Any]]:
    """A session's definition and states, or a workflow's definition."""
    found = workflow_or_session(actor, reference)
    if isinstance(found, FlowSession):
        return found.published.definition, found.stage_states
    return definition_of(found), {}


def workflow_or_session(actor: Actor, reference: str) -> WorkflowDefinition | FlowSession:
    """What ``reference`` means among both; an exact id wins, a workflow's first."""
    found: list[WorkflowDefinition | FlowSession] = []
    candidates: list[dict[str, Any]] = []
    for find in (find_workflow, partial(find_session, actor)):
        try:
            row = find(reference)
        except NotFound:
            continue
        except Ambiguous as refusal:
            candidates += refusal.details["candidates"]
            continue
        if row.pk == reference:
            return row
        found.append(row)
        name = mask_text(row.name) if isinstance(row, FlowSession) else row.display_name
        candidates.append({"id": row.pk, "name": name})
    if len(candidates) == 1:
        return found[0]
    raise _neither(reference) if not candidates else _both(reference, candidates)


def _neither(reference: str) -> NotFound:
    return NotFound(
        _("There is no workflow and no session {reference}.").format(reference=reference),
        fix=_("List the workflows or the sessions and use one of their ids."),
        kind="workflow or session",
        reference=reference,
    )


def _both(reference: str, candidates: list[dict[str, Any]]) -> Ambiguous:
    ids = ", ".join(candidate["id"] for candidate in candidates)
    return Ambiguous(
        _("{reference} fits several workflows or sessions: {ids}.").format(reference=reference, ids=ids),
        fix=_("Name one by its whole id."),
        kind="workflow or session",
        reference=reference,
        candidates=candidates,
    )
