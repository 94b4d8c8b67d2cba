"""Definitions become versions; versions never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.db import transaction
from django.utils import timezone

from sessions_app import storage
from sessions_app.access import require_general
from sessions_app.actors import Actor
from sessions_app.change import Outcome
from sessions_app.definitions.schema import Definition
from sessions_app.exceptions import Conflict, NotAllowed, NotFound
from sessions_app.idempotency import Idempotency
from sessions_app.language import gettext as _
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.text import is_reference

Result = TypeVar("Result")

_NO_SESSION = Outcome(changed=False, version=0)


class Published(NamedTuple):
    """The version that says what was published; ``created`` is False when it was there already."""

    version: WorkflowVersion
    created: bool


def publish(actor: Actor, definition: Definition) -> Published:
    """Make the next version of a workflow; unchanged content makes none.

    A new version puts a retired workflow back into use.
    """
    return publish_all(actor, [definition])[0]


def publish_all(actor: Actor, definitions: list[Definition]) -> list[Published]:
    """Publish several definitions, all or none."""
    return define(actor, lambda: [publish_within(actor, definition) for definition in definitions])


def define(actor: Actor, work: Callable[[], Result], idempotency: Idempotency | None = None) -> Result:
    """Change workflows by ``work`` in one transaction, with which the answer under the key is kept."""
    require_general(actor, "define")
    with storage.translated(), transaction.atomic(durable=True):
        if idempotency:
            idempotency.claim(actor)
        result = work()
        if idempotency:
            idempotency.store(actor, result, _NO_SESSION)
    return result


def publish_within(actor: Actor, definition: Definition) -> Published:
    """One definition, inside the transaction of :func:`define`."""
    refuse_other_workflow(actor, definition.id)
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


def retire(
    actor: Actor, workflow_id: str, *, idempotency: Idempotency | None = None
) -> tuple[WorkflowDefinition, bool]:
    """Start no new sessions of a workflow; False when it was retired already.  Its sessions go on."""

    def work() -> tuple[WorkflowDefinition, bool]:
        refuse_other_workflow(actor, get_workflow(workflow_id).pk)
        now = timezone.now()
        changed = WorkflowDefinition.objects.filter(pk=workflow_id, retired_at=None).update(
            retired_at=now, updated_at=now
        )
        return get_workflow(workflow_id), bool(changed)

    return define(actor, work, idempotency)


def delete_workflow(actor: Actor, workflow_id: str, *, idempotency: Idempotency | None = None) -> WorkflowDefinition:
    """Remove a workflow and its versions; one that has sessions can only be retired.  Answers what it was."""

    def work() -> WorkflowDefinition:
        workflow = get_workflow(workflow_id, lock=True)
        refuse_other_workflow(actor, workflow.pk)
        if workflow.sessions.exists():
            raise _in_use(actor, workflow)
        WorkflowDefinition.objects.filter(pk=workflow.pk).delete()
        return workflow

    return define(actor, work, idempotency)


def refuse_other_workflow(actor: Actor, workflow_id: str) -> None:
    """A token for one workflow defines that one alone."""
    if actor.grant and actor.grant.workflow_id not in (None, workflow_id):
        raise NotAllowed(
            _("The token {token} is for the workflow {id} alone.").format(
                token=actor.grant.name, id=actor.grant.workflow_id
            ),
            fix=_("Use a token that is bound to no other workflow than this one."),
            token=actor.grant.name,
            workflow_id=workflow_id,
        )


def _in_use(actor: Actor, workflow: WorkflowDefinition) -> Conflict:
    """The refusal to delete; how many sessions there are is told to those who may see them all."""
    told = (
        _("The workflow {id} has {count} sessions.").format(id=workflow.pk, count=workflow.sessions.count())
        if actor.rights.is_admin
        else _("The workflow {id} has sessions.").format(id=workflow.pk)
    )
    return Conflict(
        told,
        fix=_("Retire it instead: its sessions go on, and no new ones start."),
        code="workflow-in-use",
        workflow_id=workflow.pk,
    )


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
