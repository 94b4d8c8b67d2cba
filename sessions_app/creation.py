"""A new session: its row, its first event, its place as the actor's current one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app import machine, progress
from sessions_app.actors import Actor
from sessions_app.change import Change
from sessions_app.current import make_current
from sessions_app.exceptions import Conflict
from sessions_app.identifiers import new_session_id
from sessions_app.language import gettext as _
from sessions_app.masking import unmask
from sessions_app.models import FlowSession, WorkflowDefinition, WorkflowVersion
from sessions_app.models.definitions import published_version
from sessions_app.publishing import get_workflow, workflow_not_found
from sessions_app.teams import team_of_new_session
from sessions_app.text import clean_json_object, clean_name, clean_tags, is_reference


def new_session(
    actor: Actor,
    workflow_id: str,
    name: str | None,
    *,
    metadata: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    start: bool = True,
    team: str | None = None,
) -> FlowSession:
    """A session of the newest version, not yet written; ``team`` is a group's name."""
    given_name = None if name is None else unmask(clean_name(name, _("name")), "", "name")
    version_id = _newest_version(workflow_id)
    published = published_version(version_id)
    return FlowSession(
        id=new_session_id(workflow_id, given_name or ""),
        workflow_id=workflow_id,
        pinned_version_id=version_id,
        name=given_name or _default_name(workflow_id),
        status=machine.ACTIVE if start else machine.PENDING,
        current_stage_id=progress.proposals(published, {})[0].stage_id,
        context=unmask(clean_json_object({} if context is None else context, _("context")), {}),
        metadata=unmask(clean_json_object({} if metadata is None else metadata, _("metadata")), {}),
        tags=list(dict.fromkeys(unmask(clean_tags(tags), [], "tags"))),
        owner_id=actor.user.pk,
        team=team_of_new_session(actor, team, workflow_id),
    )


def record_creation(change: Change) -> None:
    """The first event; the session becomes its actor's current one."""
    flow_session = change.flow_session
    flow_session.created_at = change.now
    after = {
        name: getattr(flow_session, name)
        for name in ("workflow_id", "pinned_version_id", "name", "status", "current_stage_id")
    }
    after |= {name: getattr(flow_session, name) for name in ("context", "metadata", "tags")}
    after["owner"] = change.actor.username
    if flow_session.team:
        after["team"] = flow_session.team.name
    change.record("session.created", {name: (None, value) for name, value in after.items()})
    make_current(change)


def _newest_version(workflow_id: str) -> str:
    if not is_reference(workflow_id):
        raise workflow_not_found(workflow_id)
    found = (
        WorkflowVersion.objects.filter(workflow_id=workflow_id)
        .order_by("-number")
        .values_list("pk", "workflow__retired_at")
        .first()
    )
    if found is None:
        raise workflow_not_found(workflow_id)
    version_id, retired_at = found
    if retired_at is not None:
        raise _retired(workflow_id)
    return version_id


def refuse_retired(workflow: WorkflowDefinition) -> None:
    """A workflow that was retired starts no new sessions."""
    if workflow.retired_at is not None:
        raise _retired(workflow.pk)


def _retired(workflow_id: str) -> Conflict:
    return Conflict(
        _("The workflow {id} is retired: it starts no new sessions.").format(id=workflow_id),
        fix=_("Use another workflow, or import a new version of this one."),
        code="workflow-retired",
        workflow_id=workflow_id,
    )


def _default_name(workflow_id: str) -> str:
    return get_workflow(workflow_id).display_name
