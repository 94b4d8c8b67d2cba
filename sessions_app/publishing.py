"""Definitions become versions; versions never change."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from sessions_app import storage
from sessions_app.definitions.schema import Definition
from sessions_app.exceptions import Conflict, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.text import is_reference


class Published(NamedTuple):
    """The version that says what was published; ``created`` is False when it was there already."""

    version: WorkflowVersion
    created: bool


def publish(definition: Definition) -> Published:
    """Make the next version of a workflow; unchanged content makes none.

    A new version puts a retired workflow back into use.
    """
    return publish_all([definition])[0]


def publish_all(definitions: list[Definition]) -> list[Published]:
    """Publish several definitions, all or none."""
    with storage.translated(), transaction.atomic(durable=True):
        return [_publish(definition) for definition in definitions]


def _publish(definition: Definition) -> Published:
    now = timezone.now()
    digest = definition.digest()
    described = {
        "name": definition.name,
        "type": definition.type,
        "description": definition.description,
        "source_rule": definition.source_rule,
        "updated_at": now,
    }
    workflow, _is_new = WorkflowDefinition.objects.get_or_create(
        pk=definition.id, defaults={**described, "latest_version": 0, "created_at": now}
    )
    workflow = WorkflowDefinition.objects.select_for_update().get(pk=workflow.pk)
    latest = workflow.versions.filter(number=workflow.latest_version).first()
    if latest and latest.digest == digest:
        return Published(latest, created=False)
    number = workflow.latest_version + 1
    version = WorkflowVersion.objects.create(
        pk=f"{definition.id}@{number}-{digest[:16]}",
        workflow=workflow,
        number=number,
        content=definition.content(),
        digest=digest,
        created_at=now,
    )
    WorkflowDefinition.objects.filter(pk=workflow.pk).update(**described, latest_version=number, retired_at=None)
    return Published(version, created=True)


def retire(workflow_id: str) -> tuple[WorkflowDefinition, bool]:
    """Start no new sessions of a workflow; False when it was retired already.  Its sessions go on."""
    workflow = get_workflow(workflow_id)
    now = timezone.now()
    with storage.translated():
        changed = WorkflowDefinition.objects.filter(pk=workflow.pk, retired_at=None).update(
            retired_at=now, updated_at=now
        )
    return get_workflow(workflow.pk), bool(changed)


def delete_workflow(workflow_id: str) -> None:
    """Remove a workflow and its versions; one that has sessions can only be retired."""
    with storage.translated(), transaction.atomic(durable=True):
        workflow = get_workflow(workflow_id, lock=True)
        sessions = workflow.sessions.count()
        if sessions:
            raise Conflict(
                _("The workflow {id} has {count} sessions.").format(id=workflow_id, count=sessions),
                fix=_("Retire it instead: its sessions go on, and no new ones start."),
                code="workflow-in-use",
                workflow_id=workflow_id,
            )
        workflow.delete()


def get_workflow(workflow_id: str, *, lock: bool = False) -> WorkflowDefinition:
    """The workflow with that id; ``lock`` keeps it until the transaction ends."""
    if not is_reference(workflow_id):
        raise workflow_not_found(workflow_id)
    known = WorkflowDefinition.objects.select_for_update() if lock else WorkflowDefinition.objects
    try:
        return known.get(pk=workflow_id)
    except WorkflowDefinition.DoesNotExist:
        raise workflow_not_found(workflow_id) from None


def workflow_not_found(workflow_id: str) -> NotFound:
    """The error for a workflow that isn't there; names what is near."""
    known = sorted(WorkflowDefinition.objects.values_list("pk", flat=True)[:50])
    return NotFound(
        _("There is no workflow {id}.").format(id=workflow_id or "''"),
        fix=_("Known workflows: {ids}.").format(ids=", ".join(known)) if known else _("Import one first."),
        kind="workflow",
        workflow_id=workflow_id,
    )
