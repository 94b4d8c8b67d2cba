"""Sessions and workflows by what people type: an id, a unique beginning of one, or a unique name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q

from sessions_app.access import session_not_found
from sessions_app.actors import Actor
from sessions_app.exceptions import Ambiguous, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession, Tombstone, WorkflowDefinition
from sessions_app.publishing import workflow_not_found
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.states import SessionStatus
from sessions_app.text import clean_name, is_reference

CANDIDATES = 10
"""How many candidates an ambiguous reference lists."""


def get_session(actor: Actor, session_id: str) -> FlowSession:
    """The session with exactly that id."""
    if not is_reference(session_id):
        raise session_not_found(session_id)
    try:
        return FlowSession.objects.visible_to(actor).get(pk=session_id)
    except FlowSession.DoesNotExist:
        raise missing_session(actor, session_id) from None


def find_session(actor: Actor, reference: str) -> FlowSession:
    """The session that ``reference`` means; an exact id wins over all else."""
    if not is_reference(reference):
        raise session_not_found(reference)
    seen = FlowSession.objects.visible_to(actor)
    exact = seen.filter(pk=reference).first()
    if exact:
        return exact
    beginning = seen.id_begins(reference) if reference else seen.none()
    found = {row.pk: row for row in beginning[: CANDIDATES + 1]}
    found |= {row.pk: row for row in seen.filter(name=reference)[: CANDIDATES + 1]}
    if not found:
        raise missing_session(actor, reference)
    if len(found) > 1:
        raise ambiguous_session(reference, list(found.values()))
    return next(iter(found.values()))


def missing_session(actor: Actor, reference: str) -> NotFound:
    """The error for a session that wasn't found; where it was archived, for those alone who see all sessions."""
    unknown = session_not_found(reference)
    if not actor.rights.is_admin or actor.bounds != (None, None):
        return unknown
    file = Tombstone.objects.filter(pk=reference).values_list("archive", flat=True).first()
    if not file:
        return unknown
    path = settings.VCFLOW_ARCHIVE_FOLDER / file
    given = str(path) if actor.is_trusted and path.is_file() else file  # others have no business with our folders
    fix = _("It was archived into {file}; bring it back with 'vc flow import {file} --keep-owners'.")
    return NotFound(
        unknown.message,
        fix=fix.format(file=given),
        **unknown.details,
        archive=file,
    )


def ambiguous_session(reference: str, found: list[FlowSession]) -> Ambiguous:
    """The refusal that lists what was meant."""
    shown = found[:CANDIDATES]
    message = (
        _("{reference} fits several sessions: {ids}.").format(
            reference=reference, ids=_listed(shown, more=len(found) > CANDIDATES)
        )
        if reference
        else _("Several sessions are active: {ids}.").format(ids=_listed(shown, more=len(found) > CANDIDATES))
    )
    return Ambiguous(
        message,
        fix=_("Name one by its whole id."),
        kind="session",
        reference=reference,
        candidates=[candidate(row) for row in shown],
    )


def candidate(flow_session: FlowSession) -> dict[str, Any]:
    """A session in a list to choose from."""
    return {
        "id": flow_session.pk,
        "name": mask_text(flow_session.name),
        "workflow_id": flow_session.workflow_id,
        "status": flow_session.status,
    }


def _listed(found: list[FlowSession], *, more: bool) -> str:
    return ", ".join(row.pk for row in found) + (", …" if more else "")


def list_sessions(actor: Actor, status: str | None = None, workflow_id: str | None = None) -> FlowSessionQuerySet:
    """The sessions, newest first, of one status and one workflow if these are given."""
    condition = Q()
    if status is not None:
        condition &= Q(status=checked_status(status))
    if workflow_id is not None:
        condition &= Q(workflow_id=clean_name(workflow_id, _("workflow")))
    return FlowSession.objects.visible_to(actor).filter(condition)


def checked_status(status: str) -> SessionStatus:
    """The status of that name, whatever its case."""
    try:
        return SessionStatus(str(status).upper())
    except ValueError:
        raise InvalidInput(
            _("There is no status {status}.").format(status=status),
            fix=_("Use one of: {names}.").format(names=", ".join(SessionStatus.values)),
        ) from None


def find_workflow(reference: str) -> WorkflowDefinition:
    """The workflow that ``reference`` means: its id or a unique beginning of one."""
    if not is_reference(reference):
        raise workflow_not_found(reference)
    exact = WorkflowDefinition.objects.filter(pk=reference).first()
    if exact:
        return exact
    found = list(WorkflowDefinition.objects.filter(pk__startswith=reference)[: CANDIDATES + 1]) if reference else []
    if not found:
        raise workflow_not_found(reference)
    if len(found) > 1:
        raise Ambiguous(
            _("{reference} fits several workflows: {ids}.").format(
                reference=reference, ids=", ".join(row.pk for row in found)
            ),
            fix=_("Name one by its whole id."),
            kind="workflow",
            reference=reference,
            candidates=[{"id": row.pk, "name": row.display_name} for row in found],
        )
    return found[0]
