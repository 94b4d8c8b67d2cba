"""Workflows and their versions, looked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from django.db.models import Count, QuerySet

from sessions_app.actors import Actor
from sessions_app.definitions.schema import Definition
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.language import variants
from sessions_app.models import FlowSession, WorkflowDefinition, WorkflowVersion


def get_version(workflow: WorkflowDefinition, number: int | None = None) -> WorkflowVersion:
    """The workflow's version of that number, or its newest."""
    wanted = workflow.latest_version if number is None else number
    # Beyond these a number may be larger than the column takes.
    found = workflow.versions.filter(number=wanted).first() if 1 <= wanted <= workflow.latest_version else None
    if found is None:
        raise NotFound(
            _("The workflow {id} has no version {number}.").format(id=workflow.pk, number=str(wanted)[:20]),
            fix=_("Its newest version is {number}.").format(number=workflow.latest_version),
            kind="workflow version",
            workflow_id=workflow.pk,
        )
    return found


def definition_of(workflow: WorkflowDefinition, number: int | None = None) -> Definition:
    """What the workflow's version of that number says, or its newest."""
    return Definition.from_content(get_version(workflow, number).content)


def search_workflows(workflows: QuerySet[WorkflowDefinition], text: str) -> QuerySet[WorkflowDefinition]:
    """Those with ``text`` in their id or, in any language, their name; whatever its case.

    Names are compared here: a database compares JSON with its escapes and the languages' names.
    """
    wanted = _folded(text)
    found = [
        workflow_id
        for workflow_id, name in workflows.values_list("pk", "name")
        if any(wanted in _folded(each) for each in (workflow_id, *variants(name)))
    ]
    return workflows.filter(pk__in=found)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def session_counts(actor: Actor, version_ids: Collection[str]) -> dict[str, int]:
    """How many sessions that the actor may see run each of the versions; those without any are left out."""
    seen = FlowSession.objects.visible_to(actor).filter(pinned_version__in=version_ids).order_by()
    return dict(seen.values_list("pinned_version").annotate(Count("pk")))
