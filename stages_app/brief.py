"""The whole place on one page of Markdown: for a person who comes back, or an agent whose memory was cut.

Everything is one line each and bounded, so that the page stays short and data can't
pass for structure; the same as JSON has all of it in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sessions_app import machine
from sessions_app.cli.event_lines import EventLines
from sessions_app.cli.words import fact, moment
from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.representation import definition_json
from sessions_app.states import Level
from sessions_app.text import visible
from stages_app.cli.lines import Stage, deliverables, items_done, stage_line, state_of
from stages_app.standing import reasons, stage_reason, standing

EVENTS = 10
NOTES = 10
VALUE_LENGTH = 300

_NOTED = "session.noted"


Data = Mapping[str, Any]
Steps = Sequence[Mapping[str, Any]]


def brief_data(flow_session: FlowSession, data: Data, steps: Steps) -> dict[str, Any]:
    """The page as JSON data: the session with its stages (``data``), its workflow, notes, last events, what is next."""
    return {
        **data,
        "workflow": definition_json(flow_session.published.definition),
        "notes": [event.as_dict() for event in _notes(flow_session)],
        "recent_events": [event.as_dict() for event in _recent_events(flow_session)],
        "next": steps,
    }


def brief_lines(
    flow_session: FlowSession, data: Data, steps: Steps, command: Callable[..., str], *, because: str = ""
) -> Iterable[str]:
    """The page as Markdown: ``data`` is the session's with its stages, ``because`` says why it is shown."""
    stages, why = data["stages"], reasons(flow_session)
    yield from _head(flow_session, data, why, because)
    yield from _at_hand(flow_session, stages)
    yield from _section(
        _("Stages"), (f"- {stage_line(stage, stage_reason(stage, why), named=True)}" for stage in stages)
    )
    yield from _section(_("Handed in"), _handed_in(stages))
    yield from _section(_("Context"), (f"- {_pair(key, value)}" for key, value in data["context"].items()))
    yield from _section(_("Notes"), (_note(event) for event in _notes(flow_session)))
    yield from _section(_("What happened last"), _happened(flow_session))
    yield from _section(_("What comes next"), _next(flow_session, steps, command))


def _section(title: str, lines: Iterable[str]) -> Iterable[str]:
    """A heading with its lines; nothing when there are none."""
    body = list(lines)
    if body:
        yield ""
        yield f"## {title}"
        yield from body


def _head(flow_session: FlowSession, data: Data, why: Mapping[str, str], because: str) -> Iterable[str]:
    workflow = flow_session.published.definition
    yield f"# {flow_session.pk}: {visible(data['name'])}"
    yield ""
    if because:
        yield fact(_("Shown because"), because)
    version = _("version {number}").format(number=data["workflow_version"])
    yield fact(_("Workflow"), f"{workflow.id} ({visible(localised(workflow.name))}), {version}")
    description = localised(workflow.description)
    if description:
        yield fact(_("Description"), _short(description))
    yield fact(_("State"), standing(flow_session, why))
    yield fact(_("Progress"), f"{data['progress']}%")
    yield fact(_("Last update"), f"{moment(flow_session.updated_at)} (#{flow_session.version})")
    if data["tags"]:
        yield fact(_("Tags"), visible(", ".join(data["tags"])))


def _at_hand(flow_session: FlowSession, stages: list[dict[str, Any]]) -> Iterable[str]:
    """The stages that are being worked on; else the current one."""
    begun = [stage for stage in stages if stage["status"] in (machine.ACTIVE, machine.PAUSED, machine.FAILED)]
    current = [stage for stage in stages if stage["stage_id"] == flow_session.current_stage_id]
    for stage in begun or current:
        definition = flow_session.published.definition.stage(stage["stage_id"])
        title = _("At hand: {stage} ({name})").format(stage=stage["stage_id"], name=visible(stage["name"]))
        yield from _section(title, _work(stage, definition))


def _work(stage: Stage, definition: StageDefinition | None) -> Iterable[str]:
    yield fact(_("State"), state_of(stage))
    if stage["started_at"]:
        yield fact(_("Begun"), moment(stage["started_at"]))
    if definition:
        yield from _guide(definition)
    if stage["items"]:
        yield fact(_("Items done"), items_done(stage))
    for item in stage["items"]:
        optional = "" if item["required"] else " " + _("(optional)")
        yield f"  - [{'x' if item['done'] else ' '}] {item['number']}. {_short(item['text'])}{optional}"
    yield from _wanted(stage, definition)


def _guide(definition: StageDefinition) -> Iterable[str]:
    """What the definition says about the stage."""
    guide = {
        _("Description"): localised(definition.description),
        _("Done when"): localised(definition.exit_condition),
        _("Roles"): ", ".join(localised(role) for role in definition.roles),
        _("Tools"): ", ".join(localised(tool) for tool in definition.tools),
    }
    return (fact(name, _short(text)) for name, text in guide.items() if text)


def _wanted(stage: Stage, definition: StageDefinition | None) -> Iterable[str]:
    wanted = list(deliverables(stage, definition))
    if wanted:
        yield fact(_("Deliverables"), "").rstrip()
    yield from (f"  - [{'x' if given else ' '}] {shown}" for given, shown in wanted)


def _handed_in(stages: list[dict[str, Any]]) -> Iterable[str]:
    for stage in stages:
        yield from (f"- {stage['stage_id']} · {_pair(key, value)}" for key, value in stage["deliverables"].items())


def _notes(flow_session: FlowSession) -> list[SessionEvent]:
    """The last notes, oldest first."""
    notes = SessionEvent.objects.filter(session_id=flow_session.pk, type=_NOTED)
    return list(notes.order_by("-seq")[:NOTES])[::-1]


def _note(event: SessionEvent) -> str:
    return f"- {moment(event.created_at)} {visible(event.actor)}: {_short(event.reason)}"


def _recent_events(flow_session: FlowSession) -> list[SessionEvent]:
    """The last events that matter, oldest first."""
    events = SessionEvent.objects.filter(session_id=flow_session.pk, level__gte=Level.INFO).exclude(type=_NOTED)
    return list(events.order_by("-seq")[:EVENTS])[::-1]


def _happened(flow_session: FlowSession) -> Iterable[str]:
    told = EventLines(flow_session)
    for event in _recent_events(flow_session):
        first, *rest = told.of(event)
        yield f"- {first}"
        yield from (_short(line) for line in rest)


def _next(flow_session: FlowSession, steps: Steps, command: Callable[..., str]) -> Iterable[str]:
    for step in steps:
        yield fact(_short(step["why"]), f"`{step['command']}`")
    note = command("session", "note", flow_session.pk, _("<text>"))
    yield fact(_("keep a thought for later"), f"`{note}`")
    yield fact(_("all that happened"), f"`{command('session', 'logs', flow_session.pk)}`")


def _pair(key: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{visible(key)}: {_short(text)}"


def _short(text: str) -> str:
    """The text on one line, cut when it is long; says how much is left out."""
    left_out = len(text) - VALUE_LENGTH
    if left_out <= 0:
        return visible(text)
    more = ngettext("({count} more character)", "({count} more characters)", left_out).format(count=left_out)
    return f"{visible(text[:VALUE_LENGTH])}… {more}"
