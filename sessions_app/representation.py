"""Sessions and workflows as JSON data: the same keys on the command line and in the API.

Times are datetimes; the encoder writes them as ISO 8601.  Secrets are masked unless ``reveal`` is
given, for which :func:`sessions_app.revealing.reveal` asks.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from sessions_app import machine
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.language import localised
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import mask
from sessions_app.models import FlowSession, Savepoint, WorkflowDefinition
from sessions_app.parts import describe


def session_json(flow_session: FlowSession, *, reveal: bool = False) -> dict[str, Any]:
    """A session without its stages.  Reads owner and team: select them where there are many."""
    owner: User = flow_session.owner
    team: Group | None = flow_session.team
    hidden = keep if reveal else mask
    return {
        "id": flow_session.pk,
        "workflow_id": flow_session.workflow_id,
        "workflow_version": flow_session.workflow_version,
        "name": hidden(flow_session.name),
        "status": flow_session.status,
        "created_at": flow_session.created_at,
        "updated_at": flow_session.updated_at,
        "current_stage_id": flow_session.current_stage_id or None,
        "completed_stages": flow_session.completed_stages,
        "progress": flow_session.progress,
        "context": hidden(flow_session.context),
        "metadata": hidden(flow_session.metadata),
        "tags": hidden(flow_session.tags),
        "owner": owner.get_username(),
        "team": team.name if team else None,
        "forked_from": flow_session.forked_from or None,
        "version": flow_session.version,
        "allowed_actions": machine.allowed_verbs(SESSION_RULES, flow_session.status),
    }


def session_detail_json(flow_session: FlowSession, *, reveal: bool = False) -> dict[str, Any]:
    """A session with what each floor knows of it (``stages``, …)."""
    return {**session_json(flow_session, reveal=reveal), **describe(flow_session, reveal=reveal)}


def savepoint_json(savepoint: Savepoint) -> dict[str, Any]:
    """A savepoint without the state that it holds."""
    return {
        "id": savepoint.pk,
        "session_id": savepoint.session_id,
        "seq": savepoint.seq,
        "kind": savepoint.kind,
        "verb": savepoint.verb or None,
        "stage_id": savepoint.stage_id or None,
        "note": mask(savepoint.note),
        "actor": savepoint.actor,
        "created_at": savepoint.created_at,
        "size": savepoint.size,
    }


def savepoint_detail_json(savepoint: Savepoint, state: dict[str, Any], *, reveal: bool = False) -> dict[str, Any]:
    """A savepoint with its state; see :func:`sessions_app.savepoints.state_of`."""
    return {**savepoint_json(savepoint), "state": state if reveal else mask(state)}


def keep(value: Any) -> Any:
    """The value itself: what is done in place of :func:`mask` for those who may see secrets."""
    return value


def workflow_json(workflow: WorkflowDefinition) -> dict[str, Any]:
    """A workflow in a list, its texts in the current language."""
    return {
        "id": workflow.pk,
        "name": workflow.display_name,
        "type": workflow.type,
        "description": localised(workflow.description),
        "source_rule": workflow.source_rule,
        "version": workflow.latest_version,
        "created_at": workflow.created_at,
        "updated_at": workflow.updated_at,
        "retired_at": workflow.retired_at,
    }


def workflow_detail_json(workflow: WorkflowDefinition, definition: Definition) -> dict[str, Any]:
    """A workflow with what one of its versions says."""
    return {**workflow_json(workflow), **definition_json(definition), "source_rule": workflow.source_rule}


def definition_json(definition: Definition, stage_lines: dict[str, int] | None = None) -> dict[str, Any]:
    """A definition's content, its texts in the current language; ``line`` where it came from a file."""
    return {
        "id": definition.id,
        "name": localised(definition.name),
        "type": definition.type,
        "description": localised(definition.description),
        "source_rule": definition.source_rule,
        "parallel": definition.parallel,
        "stages": [_stage(stage, stage_lines) for stage in definition.stages],
        "transitions": [
            {"from": t.source, "to": t.target, "condition": localised(t.condition)} for t in definition.transitions
        ],
    }


def _stage(stage: StageDefinition, stage_lines: dict[str, int] | None) -> dict[str, Any]:
    return {
        "id": stage.id,
        "name": localised(stage.name),
        "line": (stage_lines or {}).get(stage.id),
        "description": localised(stage.description),
        "order": stage.order,
        "required": stage.required,
        "checklist": [
            {"id": item.id, "text": localised(item.text), "required": item.required} for item in stage.checklist
        ],
        "deliverables": [{"id": d.id, "name": localised(d.name), "required": d.required} for d in stage.deliverables],
        "depends_on": list(stage.depends_on),
        "exit_condition": localised(stage.exit_condition),
        "roles": [localised(role) for role in stage.roles],
        "tools": [localised(tool) for tool in stage.tools],
        "timeout": stage.timeout,
        "lease": stage.lease.content() if stage.lease else None,
    }
