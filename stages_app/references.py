"""Stages by what people type: an id, a unique beginning of an id or a name, or nothing at all."""

from __future__ import annotations

from sessions_app.exceptions import Ambiguous, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import variants
from sessions_app.models import FlowSession
from stages_app.machine import STAGE_RULES

_WORKABLE = ("ACTIVE",)


def stage_id_of(flow_session: FlowSession, reference: str | None, verb: str, *, is_new: bool = False) -> str:
    """The stage that ``reference`` means; None: the one that ``verb`` fits, the current one first.

    A refusal doesn't name a session that ``is_new``, for it will not come to be.
    """
    if reference is None:
        return _implied(flow_session, verb)
    known = known_stages(flow_session)
    if reference in known:
        return reference
    found = [stage_id for stage_id, names in known.items() if _begins(reference, (stage_id, *names))]
    if len(found) == 1:
        return found[0]
    if found:
        raise Ambiguous(
            _("{reference} fits several stages: {ids}.").format(reference=reference, ids=", ".join(found)),
            fix=_("Name one by its whole id."),
            kind="stage",
            reference=reference,
            candidates=[{"id": stage_id} for stage_id in found],
        )
    message = (
        _("The workflow {workflow} has no stage {stage}.")
        if is_new
        else _("The session {session} has no stage {stage}.")
    )
    raise NotFound(
        message.format(workflow=flow_session.workflow_id, session=flow_session.pk, stage=reference),
        fix=_("Its stages: {ids}.").format(ids=", ".join(known)),
        kind="stage",
        session_id=flow_session.pk,
        stage_id=reference,
        stages=list(known),
    )


def known_stages(flow_session: FlowSession) -> dict[str, tuple[str, ...]]:
    """The ids of the session's stages, ad hoc ones last, each with its names."""
    defined = {stage.id: variants(stage.name) for stage in flow_session.published.definition.stages}
    return defined | {stage_id: () for stage_id in flow_session.stage_states if stage_id not in defined}


def _begins(reference: str, names: tuple[str, ...]) -> bool:
    wanted = reference.casefold()
    return bool(wanted) and any(name.casefold().startswith(wanted) for name in names)


def _implied(flow_session: FlowSession, verb: str) -> str:
    rule = STAGE_RULES.get(verb)
    sources = rule.sources if rule else _WORKABLE
    current = str(flow_session.current_stage_id)
    fitting = sorted(stage_id for stage_id, status in flow_session.stage_states.items() if status in sources)
    if current in fitting or (current and len(fitting) != 1):
        return current
    if len(fitting) == 1:
        return str(fitting[0])
    raise InvalidInput(
        _("The session {session} is at no stage.").format(session=flow_session.pk),
        fix=_("Name a stage: {ids}.").format(ids=", ".join(known_stages(flow_session))),
        code="stage-needed",
        kind="stage",
        session_id=flow_session.pk,
    )
